// Heaps of mimalloc.h. A mi_heap_t is an ash_heap_t, and so is a thread's handle of one, a
// mi_theap_t: ashlar finds the thread's part of a heap by itself.

#define _GNU_SOURCE

#include <string.h>

#include "compat/mimalloc_layer.h"

// Their life ----------------------------------------------------------------------------

mi_heap_t *mi_heap_new(void) {
    ash_heap_t *heap = ash_heap_new();
    return ash_mi_theirs(heap != NULL ? heap : ash_mi_failed(0));
}

void mi_heap_delete(mi_heap_t *heap) {
    ash_mi_forget_heap(ash_mi_ours(heap));
    ash_heap_delete(ash_mi_ours(heap));
}

void mi_heap_destroy(mi_heap_t *heap) {
    ash_mi_forget_heap(ash_mi_ours(heap));
    ash_heap_destroy(ash_mi_ours(heap));
}

void mi_heap_collect(mi_heap_t *heap, bool force) {
    (void)force;  // the deferred function is called as if it were set
    (void)ash_heap_collect(ash_mi_ours(heap));
}

mi_heap_t *mi_heap_main(void) {
    return ash_mi_theirs(ash_heap_main());
}

mi_heap_t *mi_heap_of(const void *p) {
    return ash_mi_theirs(ash_heap_of(p));
}

bool mi_heap_contains(const mi_heap_t *heap, const void *p) {
    return ash_heap_contains(ash_mi_ours(heap), p);
}

bool mi_any_heap_contains(const void *p) {
    return ash_heap_of(p) != NULL;
}

// The thread's default --------------------------------------------------------------------

mi_heap_t *mi_heap_get_default(void) {
    ash_heap_t *heap = ash_mi_heap();
    return ash_mi_theirs(heap != NULL ? heap : ash_heap_main());
}

mi_heap_t *mi_heap_set_default(mi_heap_t *heap) {
    return ash_mi_theirs(ash_mi_set_heap(ash_mi_ours(heap)));
}

mi_heap_t *mi_heap_get_backing(void) {
    return mi_heap_main();
}

mi_theap_t *mi_heap_theap(mi_heap_t *heap) {
    return (mi_theap_t *)(void *)heap;
}

mi_theap_t *mi_theap_get_default(void) {
    return mi_heap_theap(mi_heap_get_default());
}

mi_theap_t *mi_theap_set_default(mi_theap_t *theap) {
    return mi_heap_theap(ash_mi_theirs(ash_mi_set_heap(ash_mi_ours(theap))));
}

bool mi_heap_contains_block(mi_heap_t *heap, const void *p) {
    return mi_heap_contains(heap, p);
}

bool mi_heap_check_owned(mi_heap_t *heap, const void *p) {
    return mi_heap_contains(heap, p);
}

bool mi_check_owned(const void *p) {
    return mi_heap_contains(mi_heap_get_default(), p);
}

bool mi_is_in_heap_region(const void *p) {
    return mi_any_heap_contains(p);
}

// There are no guarded blocks yet that could be sampled.
void mi_heap_guarded_set_sample_rate(mi_heap_t *heap, size_t sample_rate, size_t seed) {
    (void)heap, (void)sample_rate, (void)seed;
}

void mi_heap_guarded_set_size_bound(mi_heap_t *heap, size_t min, size_t max) {
    (void)heap, (void)min, (void)max;
}

void mi_theap_guarded_set_sample_rate(mi_theap_t *theap, size_t sample_rate, size_t seed) {
    (void)theap, (void)sample_rate, (void)seed;
}

void mi_theap_guarded_set_size_bound(mi_theap_t *theap, size_t min, size_t max) {
    (void)theap, (void)min, (void)max;
}

// Allocating ----------------------------------------------------------------------------

void *mi_heap_malloc(mi_heap_t *heap, size_t size) {
    return ash_mi_take(ash_mi_ours(heap), size);
}

void *mi_heap_zalloc(mi_heap_t *heap, size_t size) {
    return ash_mi_take_zero(ash_mi_ours(heap), size);
}

void *mi_heap_calloc(mi_heap_t *heap, size_t count, size_t size) {
    size_t total;
    return ash_mi_product(count, size, &total) ? mi_heap_zalloc(heap, total) : NULL;
}

void *mi_heap_mallocn(mi_heap_t *heap, size_t count, size_t size) {
    size_t total;
    return ash_mi_product(count, size, &total) ? mi_heap_malloc(heap, total) : NULL;
}

void *mi_heap_malloc_small(mi_heap_t *heap, size_t size) {
    return mi_heap_malloc(heap, size);
}

void *mi_heap_zalloc_small(mi_heap_t *heap, size_t size) {
    return mi_heap_zalloc(heap, size);
}

void *mi_heap_realloc(mi_heap_t *heap, void *p, size_t newsize) {
    return ash_mi_resize(ash_mi_ours(heap), p, newsize);
}

void *mi_heap_reallocn(mi_heap_t *heap, void *p, size_t count, size_t size) {
    size_t total;
    return ash_mi_product(count, size, &total) ? mi_heap_realloc(heap, p, total) : NULL;
}

void *mi_heap_reallocf(mi_heap_t *heap, void *p, size_t newsize) {
    void *moved = mi_heap_realloc(heap, p, newsize);
    if (moved == NULL) {
        mi_free(p);
    }
    return moved;
}

char *mi_heap_strdup(mi_heap_t *heap, const char *s) {
    return s == NULL ? NULL : ash_mi_copy(ash_mi_ours(heap), s, strlen(s), 1);
}

char *mi_heap_strndup(mi_heap_t *heap, const char *s, size_t n) {
    return s == NULL ? NULL : ash_mi_copy(ash_mi_ours(heap), s, strnlen(s, n), 1);
}

char *mi_heap_realpath(mi_heap_t *heap, const char *fname, char *resolved_name) {
    return ash_mi_realpath(ash_mi_ours(heap), fname, resolved_name);
}

// Aligned -------------------------------------------------------------------------------

void *mi_heap_malloc_aligned(mi_heap_t *heap, size_t size, size_t alignment) {
    return ash_mi_take_at(ash_mi_ours(heap), size, alignment, 0);
}

void *mi_heap_malloc_aligned_at(mi_heap_t *heap, size_t size, size_t alignment, size_t offset) {
    return ash_mi_take_at(ash_mi_ours(heap), size, alignment, offset);
}

void *mi_heap_zalloc_aligned(mi_heap_t *heap, size_t size, size_t alignment) {
    return ash_mi_take_zero_at(ash_mi_ours(heap), size, alignment, 0);
}

void *mi_heap_zalloc_aligned_at(mi_heap_t *heap, size_t size, size_t alignment, size_t offset) {
    return ash_mi_take_zero_at(ash_mi_ours(heap), size, alignment, offset);
}

void *mi_heap_calloc_aligned(mi_heap_t *heap, size_t count, size_t size, size_t alignment) {
    return mi_heap_calloc_aligned_at(heap, count, size, alignment, 0);
}

void *mi_heap_calloc_aligned_at(mi_heap_t *heap, size_t count, size_t size, size_t alignment,
                                size_t offset) {
    size_t total;
    return ash_mi_product(count, size, &total)
               ? mi_heap_zalloc_aligned_at(heap, total, alignment, offset)
               : NULL;
}

void *mi_heap_realloc_aligned(mi_heap_t *heap, void *p, size_t newsize, size_t alignment) {
    return ash_mi_resize_at(ash_mi_ours(heap), p, newsize, alignment, 0);
}

void *mi_heap_realloc_aligned_at(mi_heap_t *heap, void *p, size_t newsize, size_t alignment,
                                 size_t offset) {
    return ash_mi_resize_at(ash_mi_ours(heap), p, newsize, alignment, offset);
}

// Resizing that clears --------------------------------------------------------------------

void *mi_heap_rezalloc(mi_heap_t *heap, void *p, size_t newsize) {
    return ash_mi_resize_zero(ash_mi_ours(heap), p, newsize);
}

void *mi_heap_recalloc(mi_heap_t *heap, void *p, size_t newcount, size_t size) {
    size_t total;
    return ash_mi_product(newcount, size, &total) ? mi_heap_rezalloc(heap, p, total) : NULL;
}

void *mi_heap_rezalloc_aligned(mi_heap_t *heap, void *p, size_t newsize, size_t alignment) {
    return mi_heap_rezalloc_aligned_at(heap, p, newsize, alignment, 0);
}

void *mi_heap_rezalloc_aligned_at(mi_heap_t *heap, void *p, size_t newsize, size_t alignment,
                                  size_t offset) {
    return ash_mi_resize_zero_at(ash_mi_ours(heap), p, newsize, alignment, offset);
}

void *mi_heap_recalloc_aligned(mi_heap_t *heap, void *p, size_t newcount, size_t size,
                               size_t alignment) {
    return mi_heap_recalloc_aligned_at(heap, p, newcount, size, alignment, 0);
}

void *mi_heap_recalloc_aligned_at(mi_heap_t *heap, void *p, size_t newcount, size_t size,
                                  size_t alignment, size_t offset) {
    size_t total;
    return ash_mi_product(newcount, size, &total)
               ? mi_heap_rezalloc_aligned_at(heap, p, total, alignment, offset)
               : NULL;
}

// By a thread's handle ------------------------------------------------------------------

void mi_theap_collect(mi_theap_t *theap, bool force) {
    mi_heap_collect((mi_heap_t *)(void *)theap, force);
}

void *mi_theap_malloc(mi_theap_t *theap, size_t size) {
    return ash_mi_take(ash_mi_ours(theap), size);
}

void *mi_theap_zalloc(mi_theap_t *theap, size_t size) {
    return ash_mi_take_zero(ash_mi_ours(theap), size);
}

void *mi_theap_calloc(mi_theap_t *theap, size_t count, size_t size) {
    size_t total;
    return ash_mi_product(count, size, &total) ? mi_theap_zalloc(theap, total) : NULL;
}

void *mi_theap_malloc_small(mi_theap_t *theap, size_t size) {
    return mi_theap_malloc(theap, size);
}

void *mi_theap_zalloc_small(mi_theap_t *theap, size_t size) {
    return mi_theap_zalloc(theap, size);
}

void *mi_theap_malloc_aligned(mi_theap_t *theap, size_t size, size_t alignment) {
    return ash_mi_take_at(ash_mi_ours(theap), size, alignment, 0);
}

void *mi_theap_realloc(mi_theap_t *theap, void *p, size_t newsize) {
    return ash_mi_resize(ash_mi_ours(theap), p, newsize);
}
