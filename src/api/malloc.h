// The basic family: hot paths inline, so that every name a caller may use (ash_*,
// and the C library's in override/) has its own copy, and slow paths.

#ifndef ASH_API_MALLOC_H
#define ASH_API_MALLOC_H

#include <stddef.h>

#include "api/thread.h"
#include "base/compiler.h"
#include "heap/fast.h"
#include "heap/realm.h"

// Whatever the size and whatever the thread. Sets errno and returns NULL on
// failure; keeps errno on success.
void *ash_malloc_slow(size_t bytes);

// As ash_malloc_slow, from a realm; NULL is the calling thread's own.
void *ash_take_slow(struct ash_realm *realm, size_t bytes);

// Whatever the pointer. Keeps errno. Called when ash_fast_give has failed.
void ash_free_slow(void *block);

// The same, when ash_fast_give_to has failed.
void ash_free_to_slow(struct ash_heap *heap, void *block);
// The same where the caller has said what it knows of the block, which a hardened process tests.
// ASH_HARD_ANY: no size.
void ash_free_sized_slow(void *block, size_t align, size_t bytes);

// The slow path of a process that is not hardened; and its part for small blocks, which a hardened
// one has as well: a block of the class, or NULL without memory.
void *ash_take_plain(struct ash_realm *realm, size_t bytes);
void *ash_take_class(struct ash_realm *realm, unsigned class_index);

ASH_INLINE void *ash_malloc_inline(size_t bytes) {
    struct ash_heap *heap = ash_thread_own_heap();
    if (ash_likely(bytes <= ASH_FAST_MAX && heap != NULL)) {
        void *block = ash_fast_take(heap, bytes);
        if (ash_likely(block != NULL)) {
            return block;
        }
    }
    return ash_malloc_slow(bytes);
}

ASH_INLINE void *ash_take(struct ash_realm *realm, size_t bytes) {
    struct ash_heap *mine = ash_thread_own_heap();
    if (ash_likely(bytes <= ASH_FAST_MAX && mine != NULL)) {
        struct ash_recent *recent = ash_heap_recent(mine, realm->serial);
        struct ash_heap *heap = recent->heap;
        if (ash_unlikely(recent->serial != realm->serial)) {
            heap = ash_realm_seek(realm, mine);
        }
        void *block = heap == NULL ? NULL : ash_fast_take(heap, bytes);
        if (ash_likely(block != NULL)) {
            return block;
        }
    }
    return ash_take_slow(realm, bytes);
}

ASH_INLINE void ash_free_inline(void *block) {
    ash_assert(ash_thread_is_mine(ash_thread_heap()));
    if (ash_unlikely(!ash_fast_give(block))) {
        ash_free_slow(block);
    }
}

ASH_INLINE void ash_free_sized_inline(void *block, size_t align, size_t bytes) {
    ash_assert(ash_thread_is_mine(ash_thread_heap()));
    if (ash_unlikely(!ash_fast_give(block))) {
        ash_free_sized_slow(block, align, bytes);
    }
}

#endif
