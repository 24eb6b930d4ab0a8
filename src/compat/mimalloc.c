// The functions of mimalloc.h that allocate from the thread's default heap.

#define _GNU_SOURCE

#include "compat/mimalloc_layer.h"

#include <errno.h>
#include <string.h>

// The basic family ----------------------------------------------------------------------

void *mi_malloc(size_t size) {
    ash_heap_t *heap = ash_mi_heap();
    void *block = ash_likely(heap == NULL) ? ash_malloc(size) : ash_heap_malloc(heap, size);
    return ash_likely(block != NULL) ? block : ash_mi_failed(size);
}

void *mi_calloc(size_t count, size_t size) {
    size_t total;
    return ash_mi_product(count, size, &total) ? ash_mi_take_zero(ash_mi_heap(), total) : NULL;
}

void *mi_realloc(void *p, size_t newsize) {
    return ash_mi_resize(ash_mi_heap(), p, newsize);
}

void *mi_expand(void *p, size_t newsize) {
    return p == NULL || ash_mi_refuses(p) ? NULL : ash_expand(p, newsize);
}

static ASH_COLD void mi_free_checked(void *p) {
    if (ash_mi_is_block(p)) {
        ash_free(p);
    }
}

void mi_free(void *p) {
    // relaxed: as in ash_mi_refuses.
    if (ash_unlikely(atomic_load_explicit(&ash_mi_checked, memory_order_relaxed))) {
        mi_free_checked(p);
    } else {
        ash_free(p);
    }
}

char *mi_strdup(const char *s) {
    return s == NULL ? NULL : ash_mi_copy(ash_mi_heap(), s, strlen(s), 1);
}

char *mi_strndup(const char *s, size_t n) {
    return s == NULL ? NULL : ash_mi_copy(ash_mi_heap(), s, strnlen(s, n), 1);
}

char *mi_realpath(const char *fname, char *resolved_name) {
    return ash_mi_realpath(ash_mi_heap(), fname, resolved_name);
}

// Zeroed, small, counted ------------------------------------------------------------------

void *mi_malloc_small(size_t size) {
    ash_heap_t *heap = ash_mi_heap();
    void *block = ash_likely(heap == NULL) ? ash_malloc_small(size) : ash_heap_malloc(heap, size);
    return ash_likely(block != NULL) ? block : ash_mi_failed(size);
}

void *mi_zalloc_small(size_t size) {
    ash_heap_t *heap = ash_mi_heap();
    void *block = ash_likely(heap == NULL) ? ash_zalloc_small(size) : ash_heap_zalloc(heap, size);
    return ash_likely(block != NULL) ? block : ash_mi_failed(size);
}

void *mi_zalloc(size_t size) {
    return ash_mi_take_zero(ash_mi_heap(), size);
}

void *mi_mallocn(size_t count, size_t size) {
    size_t total;
    return ash_mi_product(count, size, &total) ? ash_mi_take(ash_mi_heap(), total) : NULL;
}

void *mi_reallocn(void *p, size_t count, size_t size) {
    size_t total;
    return ash_mi_product(count, size, &total) ? ash_mi_resize(ash_mi_heap(), p, total) : NULL;
}

void *mi_reallocf(void *p, size_t newsize) {
    void *moved = ash_mi_resize(ash_mi_heap(), p, newsize);
    if (moved == NULL) {
        mi_free(p);
    }
    return moved;
}

void mi_free_small(void *p) {
    mi_free(p);
}

size_t mi_usable_size(const void *p) {
    return ash_usable_size(p);
}

size_t mi_good_size(size_t size) {
    return ash_good_size(size);
}

// Aligned -------------------------------------------------------------------------------

void *mi_malloc_aligned(size_t size, size_t alignment) {
    return ash_mi_take_at(ash_mi_heap(), size, alignment, 0);
}

void *mi_malloc_aligned_at(size_t size, size_t alignment, size_t offset) {
    return ash_mi_take_at(ash_mi_heap(), size, alignment, offset);
}

void *mi_zalloc_aligned(size_t size, size_t alignment) {
    return ash_mi_take_zero_at(ash_mi_heap(), size, alignment, 0);
}

void *mi_zalloc_aligned_at(size_t size, size_t alignment, size_t offset) {
    return ash_mi_take_zero_at(ash_mi_heap(), size, alignment, offset);
}

void *mi_calloc_aligned(size_t count, size_t size, size_t alignment) {
    return mi_calloc_aligned_at(count, size, alignment, 0);
}

void *mi_calloc_aligned_at(size_t count, size_t size, size_t alignment, size_t offset) {
    size_t total;
    return ash_mi_product(count, size, &total)
               ? ash_mi_take_zero_at(ash_mi_heap(), total, alignment, offset)
               : NULL;
}

void *mi_realloc_aligned(void *p, size_t newsize, size_t alignment) {
    return ash_mi_resize_at(ash_mi_heap(), p, newsize, alignment, 0);
}

void *mi_realloc_aligned_at(void *p, size_t newsize, size_t alignment, size_t offset) {
    return ash_mi_resize_at(ash_mi_heap(), p, newsize, alignment, offset);
}

// Resizing that clears --------------------------------------------------------------------

void *mi_rezalloc(void *p, size_t newsize) {
    return ash_mi_resize_zero(ash_mi_heap(), p, newsize);
}

void *mi_recalloc(void *p, size_t newcount, size_t size) {
    size_t total;
    return ash_mi_product(newcount, size, &total) ? ash_mi_resize_zero(ash_mi_heap(), p, total)
                                                  : NULL;
}

void *mi_rezalloc_aligned(void *p, size_t newsize, size_t alignment) {
    return ash_mi_resize_zero_at(ash_mi_heap(), p, newsize, alignment, 0);
}

void *mi_rezalloc_aligned_at(void *p, size_t newsize, size_t alignment, size_t offset) {
    return ash_mi_resize_zero_at(ash_mi_heap(), p, newsize, alignment, offset);
}

void *mi_recalloc_aligned(void *p, size_t newcount, size_t size, size_t alignment) {
    return mi_recalloc_aligned_at(p, newcount, size, alignment, 0);
}

void *mi_recalloc_aligned_at(void *p, size_t newcount, size_t size, size_t alignment,
                             size_t offset) {
    size_t total;
    return ash_mi_product(newcount, size, &total)
               ? ash_mi_resize_zero_at(ash_mi_heap(), p, total, alignment, offset)
               : NULL;
}

// With the usable size ------------------------------------------------------------------

static void *mi_tell(void *block, size_t *usable) {
    if (usable != NULL) {
        *usable = ash_usable_size(block);
    }
    return block;
}

void *mi_umalloc(size_t size, size_t *block_size) {
    return mi_tell(mi_malloc(size), block_size);
}

void *mi_uzalloc(size_t size, size_t *block_size) {
    return mi_tell(mi_zalloc(size), block_size);
}

void *mi_ucalloc(size_t count, size_t size, size_t *block_size) {
    return mi_tell(mi_calloc(count, size), block_size);
}

void *mi_urealloc(void *p, size_t newsize, size_t *block_size_pre, size_t *block_size_post) {
    (void)mi_tell(p, block_size_pre);
    return mi_tell(mi_realloc(p, newsize), block_size_post);
}

void mi_ufree(void *p, size_t *block_size) {
    mi_free(mi_tell(p, block_size));
}

void *mi_umalloc_small(size_t size, size_t *block_size) {
    return mi_tell(mi_malloc_small(size), block_size);
}

void *mi_uzalloc_small(size_t size, size_t *block_size) {
    return mi_tell(mi_zalloc_small(size), block_size);
}

void *mi_umalloc_aligned(size_t size, size_t alignment, size_t *block_size) {
    return mi_tell(mi_malloc_aligned(size, alignment), block_size);
}

void *mi_uzalloc_aligned(size_t size, size_t alignment, size_t *block_size) {
    return mi_tell(mi_zalloc_aligned(size, alignment), block_size);
}
