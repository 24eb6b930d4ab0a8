// Blocks of a heap at a multiple of an alignment, or at an offset from one.

#include <stdint.h>

#include "api/aligned.h"
#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "base/compiler.h"
#include "heap/realm.h"

static void *heap_take_at(ash_heap_t *heap, size_t bytes, size_t align, size_t offset, bool clear) {
    ash_realm_expect(heap);
    return ash_take_at(heap, bytes, align, offset, clear);
}

// SIZE_MAX, which nobody gets, if it overflows.
static size_t heap_product(size_t count, size_t bytes) {
    size_t total;
    return ash_mul_overflows(count, bytes, &total) ? SIZE_MAX : total;
}

// Taking --------------------------------------------------------------------------------

ASH_NOINLINE void *ash_heap_malloc_aligned(ash_heap_t *heap, size_t bytes, size_t align) {
    return heap_take_at(heap, bytes, align, 0, false);
}

ASH_NOINLINE void *ash_heap_zalloc_aligned(ash_heap_t *heap, size_t bytes, size_t align) {
    return heap_take_at(heap, bytes, align, 0, true);
}

ASH_NOINLINE void *ash_heap_mallocn_aligned(ash_heap_t *heap, size_t count, size_t bytes,
                                            size_t align) {
    return heap_take_at(heap, heap_product(count, bytes), align, 0, false);
}

ASH_NOINLINE void *ash_heap_calloc_aligned(ash_heap_t *heap, size_t count, size_t bytes,
                                           size_t align) {
    return heap_take_at(heap, heap_product(count, bytes), align, 0, true);
}

ASH_NOINLINE void *ash_heap_malloc_aligned_at(ash_heap_t *heap, size_t bytes, size_t align,
                                              size_t offset) {
    return heap_take_at(heap, bytes, align, offset, false);
}

ASH_NOINLINE void *ash_heap_zalloc_aligned_at(ash_heap_t *heap, size_t bytes, size_t align,
                                              size_t offset) {
    return heap_take_at(heap, bytes, align, offset, true);
}

ASH_NOINLINE void *ash_heap_calloc_aligned_at(ash_heap_t *heap, size_t count, size_t bytes,
                                              size_t align, size_t offset) {
    return heap_take_at(heap, heap_product(count, bytes), align, offset, true);
}

// Resizing ------------------------------------------------------------------------------

ASH_NOINLINE void *ash_heap_realloc_aligned(ash_heap_t *heap, void *block, size_t bytes,
                                            size_t align) {
    return ash_resize_at(heap, block, bytes, align, 0);
}

ASH_NOINLINE void *ash_heap_reallocn_aligned(ash_heap_t *heap, void *block, size_t count,
                                             size_t bytes, size_t align) {
    return ash_resize_at(heap, block, heap_product(count, bytes), align, 0);
}

ASH_NOINLINE void *ash_heap_realloc_aligned_at(ash_heap_t *heap, void *block, size_t bytes,
                                               size_t align, size_t offset) {
    return ash_resize_at(heap, block, bytes, align, offset);
}

ASH_NOINLINE void *ash_heap_rezalloc_aligned(ash_heap_t *heap, void *block, size_t bytes,
                                             size_t align) {
    return ash_resize_zero_at(heap, block, bytes, align, 0);
}

ASH_NOINLINE void *ash_heap_rezalloc_aligned_at(ash_heap_t *heap, void *block, size_t bytes,
                                                size_t align, size_t offset) {
    return ash_resize_zero_at(heap, block, bytes, align, offset);
}

ASH_NOINLINE void *ash_heap_recalloc_aligned(ash_heap_t *heap, void *block, size_t count,
                                             size_t bytes, size_t align) {
    return ash_resize_zero_at(heap, block, heap_product(count, bytes), align, 0);
}

ASH_NOINLINE void *ash_heap_recalloc_aligned_at(ash_heap_t *heap, void *block, size_t count,
                                                size_t bytes, size_t align, size_t offset) {
    return ash_resize_zero_at(heap, block, heap_product(count, bytes), align, offset);
}
