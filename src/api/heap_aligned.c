// Blocks of a heap at a multiple of an alignment, or at an offset from one.

#include <errno.h>
#include <string.h>

#include "api/aligned.h"
#include "api/query.h"
#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "base/compiler.h"
#include "heap/realm.h"

static void *heap_take_at(ash_heap_t *heap, size_t bytes, size_t align, size_t offset, bool clear) {
    if (!ash_is_power_of_two(align)) {
        errno = EINVAL;
        return NULL;
    }
    ash_realm_expect(heap);
    bool zero = false;
    void *block = ash_aligned_take_at(heap, align, offset, bytes, &zero);
    if (block == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    return clear && !zero ? memset(block, 0, ash_query_bytes(block)) : block;
}

ASH_NOINLINE void *ash_heap_malloc_aligned_at(ash_heap_t *heap, size_t bytes, size_t align,
                                              size_t offset) {
    return heap_take_at(heap, bytes, align, offset, false);
}

ASH_NOINLINE void *ash_heap_zalloc_aligned_at(ash_heap_t *heap, size_t bytes, size_t align,
                                              size_t offset) {
    return heap_take_at(heap, bytes, align, offset, true);
}
