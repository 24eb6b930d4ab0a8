// Takes over the process's malloc: the C library's names, each the same few
// instructions as ash_*. They have no symbol version, or a preloaded library
// would not be asked.

#define _GNU_SOURCE

#include "override/libc_elf.h"

#include <stdlib.h>

#include "api/malloc.h"
#include "api/zalloc.h"
#include "ashlar/ashlar.h"

ASH_EXPORT ASH_NOINLINE void *malloc(size_t bytes) {
    return ash_malloc_inline(bytes);
}

ASH_EXPORT ASH_NOINLINE void free(void *block) {
    ash_free_inline(block);
}

ASH_EXPORT ASH_NOINLINE void *calloc(size_t count, size_t bytes) {
    return ash_calloc_inline(count, bytes);
}

ASH_EXPORT ASH_NOINLINE void *realloc(void *block, size_t bytes) {
    return ash_realloc(block, bytes);
}

ASH_EXPORT void *reallocarray(void *block, size_t count, size_t bytes) {
    return ash_reallocarray(block, count, bytes);
}

ASH_EXPORT void *aligned_alloc(size_t align, size_t bytes) {
    return ash_aligned_alloc(align, bytes);
}

ASH_EXPORT int posix_memalign(void **block, size_t align, size_t bytes) {
    return ash_posix_memalign(block, align, bytes);
}

ASH_EXPORT void *memalign(size_t align, size_t bytes) {
    return ash_memalign(align, bytes);
}

ASH_EXPORT void *valloc(size_t bytes) {
    return ash_valloc(bytes);
}

ASH_EXPORT void *pvalloc(size_t bytes) {
    return ash_pvalloc(bytes);
}

ASH_EXPORT size_t malloc_usable_size(void *block) {
    return ash_usable_size(block);
}

// C23.
ASH_EXPORT ASH_NOINLINE void free_sized(void *block, size_t bytes) {
    ash_free_sized_inline(block, 1, bytes);
}

ASH_EXPORT ASH_NOINLINE void free_aligned_sized(void *block, size_t align, size_t bytes) {
    ash_free_sized_inline(block, align, bytes);
}

// Gone from glibc 2.26 on, still called by old programs.
ASH_EXPORT void cfree(void *block) {
    ash_free_inline(block);
}

// Names that glibc's own static parts and some programs call.
ASH_EXPORT void *__libc_malloc(size_t bytes) {
    return ash_malloc_inline(bytes);
}

ASH_EXPORT void __libc_free(void *block) {
    ash_free_inline(block);
}

ASH_EXPORT void *__libc_calloc(size_t count, size_t bytes) {
    return ash_calloc_inline(count, bytes);
}

ASH_EXPORT void *__libc_realloc(void *block, size_t bytes) {
    return ash_realloc(block, bytes);
}

ASH_EXPORT void *__libc_memalign(size_t align, size_t bytes) {
    return ash_memalign(align, bytes);
}

ASH_EXPORT void *__libc_valloc(size_t bytes) {
    return ash_valloc(bytes);
}

ASH_EXPORT void *__libc_pvalloc(size_t bytes) {
    return ash_pvalloc(bytes);
}

ASH_EXPORT int __posix_memalign(void **block, size_t align, size_t bytes) {
    return ash_posix_memalign(block, align, bytes);
}
