// A thread's handle of a heap: the thread's part of the realm itself, so that nothing is left to
// look up. What is not fast goes the way of ash_heap_malloc, with the realm that the part is of.
//
// Nothing holds a part where it is: it ends with the realm, and with the thread it goes to another
// one. Both empty its bins. So the first call with a handle that is no longer the thread's
// comes to the slow path, unless somebody has filled the bins again, and is refused there.

#include <errno.h>

#include "api/aligned.h"
#include "api/malloc.h"
#include "api/realloc.h"
#include "api/zalloc.h"
#include "ashlar/local.h"
#include "base/assert.h"
#include "base/bits.h"
#include "base/compiler.h"
#include "platform/report.h"

// A heap without a thread has no home, and a thread may have no heap.
static bool local_is_mine(const struct ash_heap *local) {
    const struct ash_heap *mine = ash_thread_find();
    return mine != NULL && (local == mine || ash_realm_is_home(local, mine));
}

static ASH_NOINLINE void local_expect(const struct ash_heap *local) {
    if (!local_is_mine(local)) {
        ash_report_bad_pointer(ASH_E_LOCAL_FOREIGN, "use", local);
    }
}

// On fast paths, which have no room for it in releases.
ASH_INLINE void local_expect_debug(const struct ash_heap *local) {
    if (ASH_DEBUG) {
        local_expect(local);
    }
}

// For slow paths.
static struct ash_realm *local_realm(const struct ash_heap *local) {
    local_expect(local);
    return ash_realm_of(local);
}

ASH_NOINLINE ash_local_t *ash_heap_local(ash_heap_t *heap) {
    ash_realm_expect(heap);
    struct ash_heap *mine = ash_thread_attach();
    if (mine == &ash_heap_done) {
        errno = EPERM;
        return NULL;
    }
    struct ash_heap *local = mine == NULL ? NULL : ash_realm_heap(heap, mine);
    if (local == NULL) {
        errno = ENOMEM;
    }
    return local;
}

ASH_NOINLINE ash_heap_t *ash_local_heap(const ash_local_t *local) {
    return local_realm(local);
}

// Allocating ------------------------------------------------------------------------

static ASH_NOINLINE void *local_take_slow(struct ash_heap *local, size_t bytes) {
    return ash_take_slow(local_realm(local), bytes);
}

ASH_INLINE void *local_take(struct ash_heap *local, size_t bytes) {
    local_expect_debug(local);
    if (ash_likely(bytes <= ASH_FAST_MAX)) {
        void *block = ash_fast_take(local, bytes);
        if (ash_likely(block != NULL)) {
            return block;
        }
    }
    return local_take_slow(local, bytes);
}

static ASH_NOINLINE void *local_zalloc_slow(struct ash_heap *local, size_t bytes) {
    return bytes > ASH_BLOCK_MAX ? ash_take_zero(local_realm(local), bytes)
                                 : ash_zalloc_whole(local_take(local, bytes), bytes);
}

// As ash_zalloc_inline.
ASH_INLINE void *local_zalloc(struct ash_heap *local, size_t bytes) {
    local_expect_debug(local);
    if (ash_likely(bytes - 1 < ASH_ZALLOC_NEAR)) {
        void *block = ash_fast_take(local, bytes);
        if (ash_likely(block != NULL)) {
            ash_zalloc_clear(block, ash_round_down(bytes - 1, ASH_CLASS_STEP));
            return block;
        }
    }
    return local_zalloc_slow(local, bytes);
}

ASH_NOINLINE void *ash_local_malloc(ash_local_t *local, size_t bytes) {
    return local_take(local, bytes);
}

ASH_NOINLINE void *ash_local_malloc_small(ash_local_t *local, size_t bytes) {
    ash_assert(bytes <= ASH_SMALL_MAX);
    local_expect_debug(local);
    void *block = ash_fast_take(local, bytes);
    return ash_likely(block != NULL) ? block : local_take_slow(local, bytes);
}

ASH_NOINLINE void *ash_local_zalloc(ash_local_t *local, size_t bytes) {
    return local_zalloc(local, bytes);
}

ASH_NOINLINE void *ash_local_zalloc_small(ash_local_t *local, size_t bytes) {
    ash_assert(bytes <= ASH_SMALL_MAX);
    return local_zalloc(local, bytes);
}

ASH_NOINLINE void *ash_local_calloc(ash_local_t *local, size_t count, size_t bytes) {
    size_t total;
    return ash_mul_overflows(count, bytes, &total) ? ash_zalloc_overflow()
                                                   : local_zalloc(local, total);
}

ASH_NOINLINE void *ash_local_malloc_aligned(ash_local_t *local, size_t bytes, size_t align) {
    return ash_take_at(local_realm(local), bytes, align, 0, false);
}

ASH_NOINLINE void *ash_local_zalloc_aligned(ash_local_t *local, size_t bytes, size_t align) {
    return ash_take_at(local_realm(local), bytes, align, 0, true);
}

// Resizing and freeing ----------------------------------------------------------------

ASH_NOINLINE void *ash_local_realloc(ash_local_t *local, void *block, size_t bytes) {
    return ash_resize(local_realm(local), block, bytes);
}

ASH_NOINLINE void ash_local_free(ash_local_t *local, void *block) {
    local_expect_debug(local);
    if (ash_unlikely(!ash_fast_give_to(local, block))) {
        ash_free_to_slow(local, block);
    }
}
