// How the layer allocates and resizes: over the heap that is asked for, or over the thread's own,
// where `heap` is NULL. Every failure is told on the way out.

#define _GNU_SOURCE

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "compat/mimalloc_layer.h"

static void *take_told(void *block, size_t size) {
    return ash_likely(block != NULL) ? block : ash_mi_failed(size);
}

void *ash_mi_take(ash_heap_t *heap, size_t size) {
    return take_told(heap == NULL ? ash_malloc(size) : ash_heap_malloc(heap, size), size);
}

void *ash_mi_take_zero(ash_heap_t *heap, size_t size) {
    return take_told(heap == NULL ? ash_zalloc(size) : ash_heap_zalloc(heap, size), size);
}

void *ash_mi_take_at(ash_heap_t *heap, size_t size, size_t align, size_t offset) {
    void *block = heap == NULL ? ash_malloc_aligned_at(size, align, offset)
                               : ash_heap_malloc_aligned_at(heap, size, align, offset);
    return take_told(block, size);
}

void *ash_mi_take_zero_at(ash_heap_t *heap, size_t size, size_t align, size_t offset) {
    void *block = heap == NULL ? ash_zalloc_aligned_at(size, align, offset)
                               : ash_heap_zalloc_aligned_at(heap, size, align, offset);
    return take_told(block, size);
}

// Resizing ------------------------------------------------------------------------------

// A block moves to the heap that is asked for; without one it stays in its own.
static bool take_is_there(ash_heap_t *heap, const void *block) {
    return heap == NULL || ash_heap_contains(heap, block);
}

static void *take_moved(void *fresh, void *block, size_t size) {
    if (fresh != NULL) {
        memcpy(fresh, block, ash_min(ash_usable_size(block), size));
        ash_free(block);
    }
    return fresh;
}

void *ash_mi_resize(ash_heap_t *heap, void *block, size_t size) {
    if (ash_mi_refuses(block)) {
        return NULL;
    }
    size = ash_max(size, 1);
    void *moved = heap == NULL ? ash_realloc(block, size) : ash_heap_realloc(heap, block, size);
    return take_told(moved, size);
}

void *ash_mi_resize_zero(ash_heap_t *heap, void *block, size_t size) {
    if (block == NULL) {
        return ash_mi_take_zero(heap, size);
    }
    if (ash_mi_refuses(block)) {
        return NULL;
    }
    size = ash_max(size, 1);
    return take_is_there(heap, block) ? take_told(ash_rezalloc(block, size), size)
                                      : take_moved(ash_mi_take_zero(heap, size), block, size);
}

void *ash_mi_resize_at(ash_heap_t *heap, void *block, size_t size, size_t align, size_t offset) {
    if (block == NULL) {
        return ash_mi_take_at(heap, size, align, offset);
    }
    if (ash_mi_refuses(block)) {
        return NULL;
    }
    size = ash_max(size, 1);
    return take_is_there(heap, block)
               ? take_told(ash_realloc_aligned_at(block, size, align, offset), size)
               : take_moved(ash_mi_take_at(heap, size, align, offset), block, size);
}

void *ash_mi_resize_zero_at(ash_heap_t *heap, void *block, size_t size, size_t align,
                            size_t offset) {
    if (block == NULL) {
        return ash_mi_take_zero_at(heap, size, align, offset);
    }
    if (ash_mi_refuses(block)) {
        return NULL;
    }
    size = ash_max(size, 1);
    return take_is_there(heap, block)
               ? take_told(ash_rezalloc_aligned_at(block, size, align, offset), size)
               : take_moved(ash_mi_take_zero_at(heap, size, align, offset), block, size);
}

// Copies --------------------------------------------------------------------------------

void *ash_mi_copy(ash_heap_t *heap, const void *from, size_t bytes, size_t end) {
    char *copy = ash_mi_take(heap, bytes + end);
    if (copy != NULL) {
        memcpy(copy, from, bytes);
        memset(copy + bytes, 0, end);
    }
    return copy;
}

// Never with NULL: the C library would allocate, by a malloc that need not be ours.
char *ash_mi_realpath(ash_heap_t *heap, const char *path, char *resolved) {
    char own[PATH_MAX];
    if (resolved != NULL) {
        return realpath(path, resolved);
    }
    return realpath(path, own) == NULL ? NULL : ash_mi_copy(heap, own, strlen(own), 1);
}
