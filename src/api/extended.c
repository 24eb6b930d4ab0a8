// The extended family: what the basic one does, in one call less.

#include <stdint.h>

#include "api/inplace.h"
#include "api/large.h"
#include "api/malloc.h"
#include "api/zalloc.h"
#include "ashlar/ashlar.h"
#include "base/assert.h"
#include "base/bits.h"
#include "base/compiler.h"

_Static_assert(ASH_SMALL_MAX <= ASH_FAST_MAX, "the heap's table reaches that far");

// Small ---------------------------------------------------------------------------------

ASH_NOINLINE void *ash_malloc_small(size_t bytes) {
    ash_assert(bytes <= ASH_SMALL_MAX);
    struct ash_heap *heap = ash_thread_own_heap();
    if (ash_likely(heap != NULL)) {
        void *block = ash_fast_take(heap, bytes);
        if (ash_likely(block != NULL)) {
            return block;
        }
    }
    return ash_malloc_slow(bytes);
}

ASH_NOINLINE void *ash_zalloc_small(size_t bytes) {
    ash_assert(bytes <= ASH_SMALL_MAX);
    return ash_zalloc_inline(bytes);
}

// Counted -------------------------------------------------------------------------------

ASH_NOINLINE void *ash_mallocn(size_t count, size_t bytes) {
    size_t total;
    if (ash_unlikely(ash_mul_overflows(count, bytes, &total))) {
        return ash_zalloc_overflow();
    }
    return ash_malloc_inline(total);
}

ASH_NOINLINE void *ash_callocn(size_t count, size_t bytes) {
    return ash_calloc_inline(count, bytes);
}

ASH_NOINLINE void *ash_reallocn(void *block, size_t count, size_t bytes) {
    return ash_reallocarray(block, count, bytes);
}

// Resizing ------------------------------------------------------------------------------

ASH_NOINLINE void *ash_reallocf(void *block, size_t bytes) {
    void *moved = ash_realloc(block, bytes);
    if (moved == NULL && bytes != 0) {  // 0 has freed it already
        ash_free_inline(block);
    }
    return moved;
}

ASH_NOINLINE void *ash_expand(void *block, size_t bytes) {
    size_t held = ash_usable_size(block);
    if (held == 0 || bytes > ASH_LARGE_MAX) {
        return NULL;
    }
    return ash_inplace_expand(block, held, bytes) ? block : NULL;
}

// With the usable size ------------------------------------------------------------------

static void *extended_tell(void *block, size_t *usable) {
    if (usable != NULL) {
        *usable = ash_usable_size(block);
    }
    return block;
}

ASH_NOINLINE void *ash_umalloc(size_t bytes, size_t *usable) {
    return extended_tell(ash_malloc_inline(bytes), usable);
}

ASH_NOINLINE void *ash_uzalloc(size_t bytes, size_t *usable) {
    return extended_tell(ash_zalloc_inline(bytes), usable);
}

ASH_NOINLINE void *ash_ucalloc(size_t count, size_t bytes, size_t *usable) {
    return extended_tell(ash_calloc_inline(count, bytes), usable);
}

ASH_NOINLINE void *ash_urealloc(void *block, size_t bytes, size_t *before, size_t *after) {
    (void)extended_tell(block, before);
    void *moved = ash_realloc(block, bytes);
    return extended_tell(moved, after);
}

ASH_NOINLINE void *ash_umalloc_small(size_t bytes, size_t *usable) {
    return extended_tell(ash_malloc_small(bytes), usable);
}

ASH_NOINLINE void *ash_uzalloc_small(size_t bytes, size_t *usable) {
    return extended_tell(ash_zalloc_small(bytes), usable);
}

ASH_NOINLINE void *ash_umalloc_aligned(size_t bytes, size_t align, size_t *usable) {
    return extended_tell(ash_malloc_aligned(bytes, align), usable);
}

ASH_NOINLINE void *ash_uzalloc_aligned(size_t bytes, size_t align, size_t *usable) {
    return extended_tell(ash_zalloc_aligned(bytes, align), usable);
}

ASH_NOINLINE void ash_ufree(void *block, size_t *usable) {
    ash_free_inline(extended_tell(block, usable));
}

// Questions -----------------------------------------------------------------------------

ASH_NOINLINE size_t ash_memalignment(const void *address) {
    uintptr_t bits = (uintptr_t)address;
    return (size_t)(bits & (~bits + 1));
}
