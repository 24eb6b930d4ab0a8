// A block whose start is no multiple of 16 cannot be one of a span's: it is a run or a huge block
// of its own, which remember where in their first slice or page it starts. So free finds it where
// it finds all runs, and the hot path knows nothing of this.

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "api/aligned.h"
#include "api/boot.h"
#include "api/hard.h"
#include "api/helper.h"
#include "api/inplace.h"
#include "api/large.h"
#include "api/malloc.h"
#include "api/pending.h"
#include "api/query.h"
#include "api/realloc.h"
#include "api/zalloc.h"
#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "heap/hard.h"
#include "platform/os.h"
#include "platform/report.h"
#include "supply/huge.h"
#include "supply/run.h"
#include "supply/store.h"

// Taking --------------------------------------------------------------------------------

static void *at_run(struct ash_realm *realm, size_t align, size_t offset, size_t bytes,
                    bool *zero) {
    size_t padded = bytes + ash_hard.run_pad;
    size_t charge = ash_run_charge(ash_run_lead(align, offset) + padded);
    bool is_run = bytes <= ASH_RUN_MAX || realm->origin.only != NULL;
    if (!is_run || align > ASH_UNIT_BYTES || !ash_realm_charge(realm, charge)) {
        return NULL;
    }
    struct ash_record *run = ash_run_take_at(&realm->origin, padded, align, offset, zero);
    if (run == NULL) {
        ash_realm_refund(realm, charge);
        return NULL;
    }
    ash_realm_add_run(realm, run);
    if (ash_hard_on()) {
        ash_hard_hand_out_run(run, bytes);
    }
    return ash_run_start(run);
}

// What it takes is known when it has been taken. Mappings of their own are outside of every arena.
static void *at_huge(struct ash_realm *realm, size_t align, size_t offset, size_t bytes) {
    if (realm->origin.only != NULL) {
        return NULL;
    }
    void *block = ash_huge_take_at(realm, bytes, align, offset);
    if (block != NULL && !ash_realm_charge(realm, ash_huge_round(block, bytes))) {
        (void)ash_huge_give(block);
        return NULL;
    }
    ash_large_place(realm, block, bytes);
    return block;
}

static void *at_either(struct ash_realm *realm, size_t align, size_t offset, size_t bytes,
                       bool *zero) {
    void *run = at_run(realm, align, offset, bytes, zero);
    if (run != NULL) {
        return run;
    }
    *zero = true;
    return at_huge(realm, align, offset, bytes);
}

// As ash_large_take.
static void *at_odd_place(struct ash_realm *realm, size_t align, size_t offset, size_t bytes,
                          bool *zero) {
    if (bytes > ASH_LARGE_MAX || align > PTRDIFF_MAX / 2 || !ash_boot()) {
        return NULL;
    }
    bytes = ash_max(bytes, 1);
    void *block = at_either(realm, align, offset, bytes, zero);
    if (ash_unlikely(block == NULL) && ash_large_may_collect(bytes)) {
        (void)ash_collect();
        block = at_either(realm, align, offset, bytes, zero);
    }
    ash_helper_start();
    ash_pending();
    return block;
}

void *ash_aligned_take_at(struct ash_realm *realm, size_t align, size_t offset, size_t bytes,
                          bool *zero) {
    offset &= align - 1;
    return offset == 0 ? ash_aligned_take_known(realm, align, bytes, zero)
                       : at_odd_place(ash_thread_realm(realm), align, offset, bytes, zero);
}

void *ash_take_at(struct ash_realm *realm, size_t bytes, size_t align, size_t offset, bool clear) {
    if (!ash_is_power_of_two(align)) {
        errno = EINVAL;
        return NULL;
    }
    bool zero = false;
    void *block = ash_aligned_take_at(realm, align, offset, bytes, &zero);
    if (block == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    return clear && !zero ? memset(block, 0, ash_query_bytes(block)) : block;
}

// Resizing --------------------------------------------------------------------------------

static bool at_is_placed(const void *block, size_t align, size_t offset) {
    return (((uintptr_t)block + offset) & (align - 1)) == 0;
}

// What a block is to become.
struct at_goal {
    struct ash_realm *realm;  // where it moves to if it must; NULL: it stays in its own
    size_t bytes, align, offset;
};

static void *at_move(void *block, size_t held, const struct at_goal *to) {
    bool zero;
    struct ash_realm *realm = to->realm != NULL ? to->realm : ash_query_realm(block);
    void *moved = ash_aligned_take_at(realm, to->align, to->offset, to->bytes, &zero);
    if (moved != NULL) {
        memcpy(moved, block, ash_min(held, to->bytes));
        ash_free_inline(block);
    }
    return moved;
}

// A huge block keeps its place in its page, wherever its pages go.
static void *at_resize(void *block, size_t held, const struct at_goal *to) {
    size_t bytes = to->bytes;
    if (!at_is_placed(block, to->align, to->offset)) {
        return at_move(block, held, to);
    }
    bool is_odd = (to->offset & (to->align - 1)) != 0;  // moved, it would be a run as it is now
    if (ash_inplace_resize(block, held, bytes) ||
        (is_odd && bytes <= held && held <= ASH_BLOCK_MAX)) {
        return block;
    }
    void *moved = NULL;
    if (to->align <= ash_os_page_bytes() && bytes > ASH_MOVE_MIN && ash_inplace_is_huge(block)) {
        struct ash_huge huge = ash_huge_find(block);
        moved = ash_large_resize_huge(&huge, bytes, to->realm);
    }
    if (moved == NULL) {
        moved = at_move(block, held, to);
    }
    return moved == NULL && bytes <= held ? block : moved;
}

static void *at_realloc(void *block, const struct at_goal *to) {
    size_t bytes = to->bytes;
    if (!ash_is_power_of_two(to->align)) {
        errno = EINVAL;
        return NULL;
    }
    if (bytes == 0) {
        ash_free_inline(block);
        return NULL;
    }
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
    void *moved = bytes > ASH_LARGE_MAX ? NULL : at_resize(block, held, to);
    errno = moved == NULL ? ENOMEM : saved_errno;
    return moved;
}

// Clearing: see ash_rezalloc in ashlar.h ------------------------------------------------------

// What a huge block has behind its old end is the system's fresh pages.
static void *at_clear(void *block, size_t held, size_t bytes) {
    if (block == NULL) {
        return NULL;
    }
    size_t now = ash_query_bytes(block);
    if (bytes < held || !ash_inplace_is_huge(block)) {
        size_t kept = ash_min(held, bytes);
        memset((char *)block + kept, 0, now - kept);
    }
    return block;
}

void *ash_resize_zero(struct ash_realm *realm, void *block, size_t bytes) {
    if (block == NULL) {
        return realm == NULL ? ash_zalloc(bytes) : ash_take_zero(realm, bytes);
    }
    size_t held = ash_query_bytes(block);
    return at_clear(ash_resize(realm, block, bytes), held, bytes);
}

void *ash_resize_at(struct ash_realm *realm, void *block, size_t bytes, size_t align,
                    size_t offset) {
    const struct at_goal to = {realm, bytes, align, offset};
    return block == NULL ? ash_take_at(realm, bytes, align, offset, false) : at_realloc(block, &to);
}

void *ash_resize_zero_at(struct ash_realm *realm, void *block, size_t bytes, size_t align,
                         size_t offset) {
    if (block == NULL) {
        return ash_take_at(realm, bytes, align, offset, true);
    }
    size_t held = ash_query_bytes(block);
    return at_clear(ash_resize_at(realm, block, bytes, align, offset), held, bytes);
}

// SIZE_MAX, which nobody gets, if it overflows.
static size_t at_product(size_t count, size_t bytes) {
    size_t total;
    return ash_mul_overflows(count, bytes, &total) ? SIZE_MAX : total;
}

ASH_NOINLINE void *ash_rezalloc(void *block, size_t bytes) {
    return ash_resize_zero(NULL, block, bytes);
}

ASH_NOINLINE void *ash_recalloc(void *block, size_t count, size_t bytes) {
    size_t total;
    if (ash_mul_overflows(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return ash_rezalloc(block, total);
}

// What callers see --------------------------------------------------------------------------

ASH_NOINLINE void *ash_malloc_aligned(size_t bytes, size_t align) {
    return ash_take_at(NULL, bytes, align, 0, false);
}

ASH_NOINLINE void *ash_mallocn_aligned(size_t count, size_t bytes, size_t align) {
    return ash_take_at(NULL, at_product(count, bytes), align, 0, false);
}

ASH_NOINLINE void *ash_malloc_aligned_at(size_t bytes, size_t align, size_t offset) {
    return ash_take_at(NULL, bytes, align, offset, false);
}

ASH_NOINLINE void *ash_zalloc_aligned(size_t bytes, size_t align) {
    return ash_take_at(NULL, bytes, align, 0, true);
}

ASH_NOINLINE void *ash_zalloc_aligned_at(size_t bytes, size_t align, size_t offset) {
    return ash_take_at(NULL, bytes, align, offset, true);
}

ASH_NOINLINE void *ash_calloc_aligned_at(size_t count, size_t bytes, size_t align, size_t offset) {
    return ash_take_at(NULL, at_product(count, bytes), align, offset, true);
}

ASH_NOINLINE void *ash_calloc_aligned(size_t count, size_t bytes, size_t align) {
    return ash_take_at(NULL, at_product(count, bytes), align, 0, true);
}

ASH_NOINLINE void *ash_realloc_aligned_at(void *block, size_t bytes, size_t align, size_t offset) {
    return ash_resize_at(NULL, block, bytes, align, offset);
}

ASH_NOINLINE void *ash_realloc_aligned(void *block, size_t bytes, size_t align) {
    return ash_resize_at(NULL, block, bytes, align, 0);
}

ASH_NOINLINE void *ash_reallocn_aligned(void *block, size_t count, size_t bytes, size_t align) {
    return ash_resize_at(NULL, block, at_product(count, bytes), align, 0);
}

ASH_NOINLINE void *ash_rezalloc_aligned_at(void *block, size_t bytes, size_t align, size_t offset) {
    return ash_resize_zero_at(NULL, block, bytes, align, offset);
}

ASH_NOINLINE void *ash_rezalloc_aligned(void *block, size_t bytes, size_t align) {
    return ash_resize_zero_at(NULL, block, bytes, align, 0);
}

ASH_NOINLINE void *ash_recalloc_aligned_at(void *block, size_t count, size_t bytes, size_t align,
                                           size_t offset) {
    return ash_resize_zero_at(NULL, block, at_product(count, bytes), align, offset);
}

ASH_NOINLINE void *ash_recalloc_aligned(void *block, size_t count, size_t bytes, size_t align) {
    return ash_resize_zero_at(NULL, block, at_product(count, bytes), align, 0);
}
