// The extended family from a heap.

#include <errno.h>
#include <stdint.h>

#include "api/aligned.h"
#include "api/malloc.h"
#include "api/realloc.h"
#include "api/zalloc.h"
#include "ashlar/ashlar.h"
#include "base/assert.h"
#include "base/bits.h"
#include "base/compiler.h"

ASH_NOINLINE void *ash_heap_malloc_small(ash_heap_t *heap, size_t bytes) {
    ash_assert(bytes <= ASH_SMALL_MAX);
    return ash_take(heap, bytes);
}

ASH_NOINLINE void *ash_heap_zalloc_small(ash_heap_t *heap, size_t bytes) {
    ash_assert(bytes <= ASH_SMALL_MAX);
    return ash_take_zero(heap, bytes);
}

ASH_NOINLINE void *ash_heap_mallocn(ash_heap_t *heap, size_t count, size_t bytes) {
    size_t total;
    return ash_mul_overflows(count, bytes, &total) ? ash_zalloc_overflow() : ash_take(heap, total);
}

ASH_NOINLINE void *ash_heap_callocn(ash_heap_t *heap, size_t count, size_t bytes) {
    return ash_heap_calloc(heap, count, bytes);
}

// Resizing ------------------------------------------------------------------------------

ASH_NOINLINE void *ash_heap_reallocn(ash_heap_t *heap, void *block, size_t count, size_t bytes) {
    return ash_heap_reallocarray(heap, block, count, bytes);
}

ASH_NOINLINE void *ash_heap_reallocf(ash_heap_t *heap, void *block, size_t bytes) {
    void *moved = ash_resize(heap, block, bytes);
    if (moved == NULL && bytes != 0) {  // 0 has freed it already
        ash_free_inline(block);
    }
    return moved;
}

ASH_NOINLINE void *ash_heap_rezalloc(ash_heap_t *heap, void *block, size_t bytes) {
    return ash_resize_zero(heap, block, bytes);
}

ASH_NOINLINE void *ash_heap_recalloc(ash_heap_t *heap, void *block, size_t count, size_t bytes) {
    size_t total;
    return ash_mul_overflows(count, bytes, &total) ? ash_zalloc_overflow()
                                                   : ash_resize_zero(heap, block, total);
}

// With the usable size ------------------------------------------------------------------

static void *heap_tell(void *block, size_t *usable) {
    if (usable != NULL) {
        *usable = ash_usable_size(block);
    }
    return block;
}

ASH_NOINLINE void *ash_heap_umalloc(ash_heap_t *heap, size_t bytes, size_t *usable) {
    return heap_tell(ash_take(heap, bytes), usable);
}

ASH_NOINLINE void *ash_heap_uzalloc(ash_heap_t *heap, size_t bytes, size_t *usable) {
    return heap_tell(ash_take_zero(heap, bytes), usable);
}

ASH_NOINLINE void *ash_heap_ucalloc(ash_heap_t *heap, size_t count, size_t bytes, size_t *usable) {
    return heap_tell(ash_heap_calloc(heap, count, bytes), usable);
}

ASH_NOINLINE void *ash_heap_urealloc(ash_heap_t *heap, void *block, size_t bytes, size_t *before,
                                     size_t *after) {
    (void)heap_tell(block, before);
    return heap_tell(ash_resize(heap, block, bytes), after);
}

ASH_NOINLINE void *ash_heap_umalloc_aligned(ash_heap_t *heap, size_t bytes, size_t align,
                                            size_t *usable) {
    return heap_tell(ash_heap_malloc_aligned(heap, bytes, align), usable);
}

ASH_NOINLINE void *ash_heap_uzalloc_aligned(ash_heap_t *heap, size_t bytes, size_t align,
                                            size_t *usable) {
    return heap_tell(ash_heap_zalloc_aligned(heap, bytes, align), usable);
}
