// Every form of operator new and delete, made of mimalloc.h. To be included by one file of a C++
// program. A program that links libashlar itself has them already.

#ifndef ASHLAR_COMPAT_MIMALLOC_NEW_DELETE_H
#define ASHLAR_COMPAT_MIMALLOC_NEW_DELETE_H

#if defined(__cplusplus)

#include <cstddef>
#include <new>

#include "mimalloc.h"

void *operator new(std::size_t bytes) noexcept(false) {
    return mi_new(bytes);
}
void *operator new[](std::size_t bytes) noexcept(false) {
    return mi_new(bytes);
}
void *operator new(std::size_t bytes, const std::nothrow_t &) noexcept {
    return mi_new_nothrow(bytes);
}
void *operator new[](std::size_t bytes, const std::nothrow_t &) noexcept {
    return mi_new_nothrow(bytes);
}
void operator delete(void *block) noexcept {
    mi_free(block);
}
void operator delete[](void *block) noexcept {
    mi_free(block);
}
void operator delete(void *block, const std::nothrow_t &) noexcept {
    mi_free(block);
}
void operator delete[](void *block, const std::nothrow_t &) noexcept {
    mi_free(block);
}
void operator delete(void *block, std::size_t bytes) noexcept {
    mi_free_size(block, bytes);
}
void operator delete[](void *block, std::size_t bytes) noexcept {
    mi_free_size(block, bytes);
}

#if defined(__cpp_aligned_new)
void *operator new(std::size_t bytes, std::align_val_t align) noexcept(false) {
    return mi_new_aligned(bytes, static_cast<std::size_t>(align));
}
void *operator new[](std::size_t bytes, std::align_val_t align) noexcept(false) {
    return mi_new_aligned(bytes, static_cast<std::size_t>(align));
}
void *operator new(std::size_t bytes, std::align_val_t align, const std::nothrow_t &) noexcept {
    return mi_new_aligned_nothrow(bytes, static_cast<std::size_t>(align));
}
void *operator new[](std::size_t bytes, std::align_val_t align, const std::nothrow_t &) noexcept {
    return mi_new_aligned_nothrow(bytes, static_cast<std::size_t>(align));
}
void operator delete(void *block, std::align_val_t align) noexcept {
    mi_free_aligned(block, static_cast<std::size_t>(align));
}
void operator delete[](void *block, std::align_val_t align) noexcept {
    mi_free_aligned(block, static_cast<std::size_t>(align));
}
void operator delete(void *block, std::size_t bytes, std::align_val_t align) noexcept {
    mi_free_size_aligned(block, bytes, static_cast<std::size_t>(align));
}
void operator delete[](void *block, std::size_t bytes, std::align_val_t align) noexcept {
    mi_free_size_aligned(block, bytes, static_cast<std::size_t>(align));
}
void operator delete(void *block, std::align_val_t align, const std::nothrow_t &) noexcept {
    mi_free_aligned(block, static_cast<std::size_t>(align));
}
void operator delete[](void *block, std::align_val_t align, const std::nothrow_t &) noexcept {
    mi_free_aligned(block, static_cast<std::size_t>(align));
}
#endif

#endif

#endif
