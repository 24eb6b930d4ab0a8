#include "api/large.h"

#include <stdint.h>

#include "api/boot.h"
#include "api/guard.h"
#include "api/helper.h"
#include "api/pending.h"
#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "base/compiler.h"
#include "base/config.h"
#include "base/options.h"
#include "heap/hard.h"
#include "platform/os.h"
#include "supply/fence.h"
#include "supply/run.h"
#include "supply/store.h"

static void *large_run(struct ash_realm *realm, size_t bytes, size_t align, bool *zero) {
    size_t padded = bytes + ash_hard.run_pad;
    if (align > ASH_UNIT_BYTES || !ash_realm_charge(realm, ash_run_charge(padded))) {
        return NULL;
    }
    struct ash_record *run = ash_run_take(&realm->origin, padded, align, zero);
    if (run == NULL) {
        ash_realm_refund(realm, ash_run_charge(padded));
        return NULL;
    }
    ash_realm_add_run(realm, run);
    if (ash_hard_on()) {
        ash_hard_hand_out_run(run, bytes);
        return ash_run_start(run);
    }
    return ash_record_start(run);
}

static void *large_huge(struct ash_realm *realm, size_t bytes, size_t align, bool *zero) {
    *zero = true;
    return ash_large_take_huge(realm, bytes, align);
}

void ash_large_place(const struct ash_realm *realm, void *block, size_t bytes) {
    // relaxed: a wish.
    uint32_t node1 = atomic_load_explicit(&realm->origin.node1, memory_order_relaxed);
    if (ash_likely(node1 == 0 || block == NULL)) {
        return;
    }
    size_t lead = (uintptr_t)block % ash_os_page_bytes();
    // With the fence: where it is not like the rest, the whole cannot be moved as one mapping.
    size_t whole = ash_round_up(lead + bytes, ash_os_page_bytes()) + ash_fence.room;
    (void)ash_os_prefer_node((char *)block - lead, whole, node1 - 1);
}

// Mappings of their own are outside of every arena.
void *ash_large_take_huge(struct ash_realm *realm, size_t bytes, size_t align) {
    bytes = ash_huge_charge(bytes, align);
    if (realm->origin.only != NULL || !ash_realm_charge(realm, bytes)) {
        return NULL;
    }
    void *block = ash_huge_take(realm, bytes, align);
    if (block == NULL) {
        ash_realm_refund(realm, bytes);
    }
    ash_large_place(realm, block, bytes);
    return block;
}

// By its size one of the two; the other one if the first has no place for it. Of the
// store only what it holds already: growing for it unit by unit is no way to ask for
// what the system has just refused.
static void *large_either(struct ash_realm *realm, size_t bytes, size_t align, bool *zero) {
    if (bytes <= ASH_RUN_MAX || realm->origin.only != NULL) {
        void *run = large_run(realm, bytes, align, zero);
        return run != NULL ? run : large_huge(realm, bytes, align, zero);
    }
    void *huge = large_huge(realm, bytes, align, zero);
    if (huge != NULL || bytes > ash_store_measure().free_bytes) {
        return huge;
    }
    return large_run(realm, bytes, align, zero);
}

bool ash_large_may_collect(size_t bytes) {
    return bytes <= ash_store_measure().active_bytes ||
           bytes <= ash_option_value(ASH_OPTION_LIMIT_HARD);
}

void *ash_large_take(struct ash_realm *realm, size_t bytes, size_t align, bool *zero) {
    if (bytes > ASH_LARGE_MAX || align > PTRDIFF_MAX / 2 || !ash_boot()) {
        return NULL;
    }
    bytes = bytes == 0 ? 1 : bytes;
    void *block = large_either(realm, bytes, align, zero);
    if (ash_unlikely(block == NULL) && ash_large_may_collect(bytes)) {
        (void)ash_collect();
        block = large_either(realm, bytes, align, zero);
    }
    ash_helper_start();
    ash_pending();
    return block;
}

void ash_large_give_run(struct ash_record *run) {
    ash_realm_refund(run->realm, ash_run_bytes(run));
    ash_realm_remove_run(run);
    ash_run_give(run);
    ash_helper_wake();
}

bool ash_large_give_huge(void *block) {
    struct ash_huge was = ash_guard_contains(block) ? ash_guard_free(block) : ash_huge_give(block);
    if (was.bytes == 0) {
        return false;
    }
    ash_realm_refund(was.realm, was.bytes);
    return true;
}

bool ash_large_resize_run(struct ash_record *run, size_t bytes) {
    size_t padded = bytes + ash_hard.run_pad;
    size_t before = ash_run_bytes(run);
    size_t after = ash_run_charge(run->lead + padded);
    if (after > before && !ash_realm_charge(run->realm, after - before)) {
        return false;
    }
    bool resized = ash_run_resize(run, padded);
    if (ash_hard_on() && resized) {
        ash_hard_hand_out_run(run, bytes);
    }
    if (!resized && after > before) {
        ash_realm_refund(run->realm, after - before);
    } else if (resized && after < before) {
        ash_realm_refund(run->realm, before - after);
    }
    return resized;
}

static void *large_resize_huge(const struct ash_huge *huge, size_t bytes) {
    if (bytes > huge->bytes && !ash_realm_charge(huge->realm, bytes - huge->bytes)) {
        return NULL;
    }
    void *moved = ash_huge_resize(huge->start, bytes, huge->realm);
    if (moved == NULL && bytes > huge->bytes) {
        ash_realm_refund(huge->realm, bytes - huge->bytes);
    } else if (moved != NULL && bytes < huge->bytes) {
        ash_realm_refund(huge->realm, huge->bytes - bytes);
    }
    return moved;
}

static void *large_hand_huge(const struct ash_huge *huge, size_t bytes, struct ash_realm *heir) {
    if (heir->origin.only != NULL || !ash_realm_charge(heir, bytes)) {
        return NULL;
    }
    void *moved = ash_huge_resize(huge->start, bytes, heir);
    ash_realm_refund(moved != NULL ? huge->realm : heir, moved != NULL ? huge->bytes : bytes);
    return moved;
}

void *ash_large_resize_huge(const struct ash_huge *huge, size_t bytes, struct ash_realm *heir) {
    bytes = ash_huge_round(huge->start, bytes);
    return heir == NULL || heir == huge->realm ? large_resize_huge(huge, bytes)
                                               : large_hand_huge(huge, bytes, heir);
}
