#include "api/realloc.h"

#include <errno.h>
#include <string.h>

#include "api/hard.h"
#include "api/inplace.h"
#include "api/large.h"
#include "api/malloc.h"
#include "api/query.h"
#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "base/sealed.h"
#include "heap/hard.h"
#include "heap/tenure.h"
#include "platform/cpu.h"
#include "platform/report.h"
#include "platform/tags.h"
#include "supply/guard.h"
#include "supply/guard_report.h"
#include "supply/huge.h"
#include "supply/run.h"

// `realm` NULL is the calling thread's own.
ASH_INLINE void *realloc_take(struct ash_realm *realm, size_t bytes) {
    return realm == NULL ? ash_malloc_inline(bytes) : ash_take(realm, bytes);
}

static void *realloc_move(struct ash_realm *realm, void *block, size_t held, size_t bytes) {
    // A run that grows this far will grow on: from now on by moving page tables.
    void *moved = bytes > held && bytes >= ASH_MOVE_MIN && held >= ASH_MOVE_MIN
                      ? ash_large_take_huge(ash_thread_realm(realm), bytes, ASH_MIN_ALIGN)
                      : NULL;
    if (moved == NULL) {
        moved = realloc_take(realm, bytes);
    }
    if (moved != NULL) {
        memcpy(moved, block, ash_min(held, bytes));
        ash_free_inline(block);
    }
    return moved;
}

static void *realloc_run(struct ash_realm *realm, struct ash_record *run, void *block,
                         size_t bytes) {
    if (bytes > ASH_BLOCK_MAX && ash_large_resize_run(run, bytes)) {
        return block;
    }
    return realloc_move(realm != NULL ? realm : run->realm, block, run->run_bytes, bytes);
}

// NULL: it cannot be done by moving page tables. A block that stays where it is stays in its realm.
static void *realloc_mapping(struct ash_realm *realm, const struct ash_huge *huge, size_t bytes) {
    if (bytes <= ASH_MOVE_MIN) {
        return NULL;
    }
    bool leaves = realm != NULL && realm != huge->realm;
    if (leaves && ash_inplace_resize(huge->start, huge->bytes, bytes)) {
        return huge->start;
    }
    return ash_large_resize_huge(huge, bytes, realm);
}

static void *realloc_huge(struct ash_realm *realm, void *block, size_t held, size_t bytes) {
    struct ash_huge huge = ash_huge_find(block);
    void *moved = realloc_mapping(realm, &huge, bytes);
    return moved != NULL ? moved
                         : realloc_move(realm != NULL ? realm : huge.realm, block, held, bytes);
}

// A block stays in its realm. One of the calling thread's own heap need not be asked.
static struct ash_realm *realloc_realm(struct ash_record *span) {
    struct ash_heap *owner = ash_tenure_owner(&span->owner);
    return owner == ash_thread_heap() ? NULL : ash_realm_of(owner);
}

// `realm` NULL: where the block is.
static void *realloc_any(struct ash_realm *realm, void *block, size_t held, size_t bytes) {
    if (ash_inplace_refit(block, held, bytes)) {
        return block;
    }
    struct ash_record *record = ash_record_find(ash_tag_strip(block));
    if (record != NULL && record->kind == ASH_KIND_SPAN) {
        return realloc_move(realm != NULL ? realm : realloc_realm(record), block, held, bytes);
    }
    if (record != NULL && record->kind == ASH_KIND_RUN) {
        return realloc_run(realm, record, block, bytes);
    }
    return realloc_huge(realm, block, held, bytes);
}

ASH_COLD void ash_realloc_refused(const void *block) {
    if (ash_guard_contains(block)) {
        ash_guard_report_refused("realloc", block);
    } else {
        ash_report_refused(ASH_E_NOT_A_START, "realloc", block);
    }
}

static ASH_NOINLINE void *realloc_slow(struct ash_realm *realm, void *block, size_t bytes) {
    if (ash_hard_on() && !ash_hard_may_resize(block)) {
        errno = EINVAL;
        return NULL;
    }
    size_t held = ash_query_bytes(block);
    if (held == 0) {
        ash_realloc_refused(block);
        errno = EINVAL;
        return NULL;
    }
    int saved_errno = errno;
    void *moved = bytes > ASH_LARGE_MAX ? NULL : realloc_any(realm, block, held, bytes);
    if (moved == NULL && bytes <= held) {
        errno = saved_errno;
        return block;  // no memory to move to, and none needed
    }
    if (moved == NULL) {
        errno = ENOMEM;
    }
    return moved;
}

// What a block in the window holds if it is one of a span, 0 otherwise. `record` is its slice's.
static inline size_t realloc_span_bytes(const struct ash_record *record, const void *block) {
    if (record->kind != ASH_KIND_SPAN) {
        return 0;
    }
    const struct ash_class *c = &ash_classes[record->class_index];
    size_t offset = ((size_t)record->back << ASH_SLICE_SHIFT) + (uintptr_t)block % ASH_SLICE_BYTES;
    return (size_t)ash_class_index(c, offset) * c->block_bytes == offset ? c->block_bytes : 0;
}

static inline bool realloc_reaches(size_t bytes) {
    // relaxed: who has a block of the window has been through boot.
    return ash_cpu_below(bytes, &ash_sealed.realloc_reach);
}

void ash_realloc_reach(size_t bytes) {
    atomic_store_explicit(&ash_sealed.realloc_reach, bytes, memory_order_relaxed);
}

// What happens nearly always comes first: a small block that fits, or grows.
ASH_INLINE void *realloc_inline(struct ash_realm *realm, void *block, size_t bytes) {
    if (ash_unlikely(!ash_region_contains(block) || !realloc_reaches(bytes - 1))) {
        if (block == NULL) {
            return realloc_take(realm, bytes);
        }
        if (bytes == 0) {
            ash_free_inline(block);
            return NULL;
        }
        return realloc_slow(realm, block, bytes);
    }
    struct ash_record *record = ash_record_of(block);
    size_t held = realloc_span_bytes(record, block);
    if (ash_inplace_fits(held, bytes)) {
        return block;
    }
    if (ash_unlikely(held == 0 || bytes < held)) {
        return realloc_slow(realm, block, bytes);
    }
    void *moved = realloc_take(realm != NULL ? realm : realloc_realm(record), bytes);
    if (ash_likely(moved != NULL)) {
        memcpy(moved, block, held);
        if (ash_unlikely(!ash_fast_give_in(record, block))) {
            ash_free_slow(block);
        }
    }
    return moved;
}

void *ash_resize(struct ash_realm *realm, void *block, size_t bytes) {
    return realloc_inline(realm, block, bytes);
}

ASH_NOINLINE void *ash_realloc(void *block, size_t bytes) {
    return realloc_inline(NULL, block, bytes);
}

ASH_NOINLINE void *ash_reallocarray(void *block, size_t count, size_t bytes) {
    size_t total;
    if (ash_mul_overflows(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return ash_realloc(block, total);
}
