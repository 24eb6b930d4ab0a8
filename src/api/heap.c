// First-class heaps: a public heap is a realm (heap/realm.h).

#include <errno.h>
#include <string.h>

#include "api/aligned.h"
#include "api/boot.h"
#include "api/collect.h"
#include "api/large.h"
#include "api/malloc.h"
#include "api/query.h"
#include "api/realloc.h"
#include "api/typed.h"
#include "api/zalloc.h"
#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "platform/report.h"

ASH_NOINLINE ash_heap_t *ash_heap_new(void) {
    struct ash_realm *realm = ash_boot() ? ash_realm_new(ash_thread_realm(NULL)) : NULL;
    if (realm == NULL) {
        errno = ENOMEM;
    }
    return realm;
}

static bool heap_ends(const ash_heap_t *heap, const char *what) {
    if (heap == NULL || heap == heap->root) {
        return false;
    }
    if (heap->serial == 0) {
        ash_report_bad_pointer(ASH_E_HEAP_ENDED, what, heap);
    }
    return !ash_typed_has(heap);
}

ASH_NOINLINE void ash_heap_delete(ash_heap_t *heap) {
    if (heap_ends(heap, "ash_heap_delete")) {
        ash_realm_delete(heap);
    }
}

ASH_NOINLINE void ash_heap_destroy(ash_heap_t *heap) {
    if (heap_ends(heap, "ash_heap_destroy")) {
        ash_realm_destroy(heap);
    }
}

ASH_NOINLINE ash_heap_t *ash_heap_main(void) {
    return ash_thread_realm(NULL);
}

ASH_NOINLINE ash_heap_t *ash_heap_of(const void *block) {
    return block == NULL ? NULL : ash_query_realm(block);
}

ASH_NOINLINE bool ash_heap_contains(const ash_heap_t *heap, const void *block) {
    return block != NULL && ash_query_realm(block) == heap;
}

ASH_NOINLINE bool ash_heap_collect(ash_heap_t *heap) {
    return ash_collect_realm(heap);
}

ASH_NOINLINE void ash_heap_set_limit(ash_heap_t *heap, size_t bytes) {
    // relaxed: requests that are on their way may still see the old one.
    atomic_store_explicit(&heap->limit, bytes, memory_order_relaxed);
}

ASH_NOINLINE size_t ash_heap_bytes(const ash_heap_t *heap) {
    return atomic_load_explicit(&heap->charged, memory_order_relaxed);
}

// Allocating ------------------------------------------------------------------------

ASH_NOINLINE void *ash_heap_malloc(ash_heap_t *heap, size_t bytes) {
    return ash_take(heap, bytes);
}

ASH_NOINLINE void *ash_heap_zalloc(ash_heap_t *heap, size_t bytes) {
    return ash_take_zero(heap, bytes);
}

ASH_NOINLINE void *ash_heap_calloc(ash_heap_t *heap, size_t count, size_t bytes) {
    size_t total;
    if (ash_mul_overflows(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return ash_take_zero(heap, total);
}

ASH_NOINLINE void *ash_heap_realloc(ash_heap_t *heap, void *block, size_t bytes) {
    return ash_resize(heap, block, bytes);
}

ASH_NOINLINE void *ash_heap_reallocarray(ash_heap_t *heap, void *block, size_t count,
                                         size_t bytes) {
    size_t total;
    if (ash_mul_overflows(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return ash_resize(heap, block, total);
}

ASH_NOINLINE void *ash_heap_aligned_alloc(ash_heap_t *heap, size_t align, size_t bytes) {
    if (!ash_is_power_of_two(align)) {
        errno = EINVAL;
        return NULL;
    }
    void *block = ash_aligned_take(heap, align, bytes);
    if (block == NULL) {
        errno = ENOMEM;
    }
    return block;
}
