#include "supply/ledger.h"

#include "base/assert.h"
#include "base/bits.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "platform/tally.h"
#include "supply/arena.h"
#include "supply/fit.h"
#include "supply/purge.h"
#include "supply/store.h"

struct ash_ledger ash_ledger;

static struct ash_lock ledger_lock = ASH_LOCK(ASH_RANK_STORE);

void ash_ledger_lock(void) {
    ash_lock_take(&ledger_lock);
}

void ash_ledger_enter(void) {
    uint64_t now_ms = ash_os_clock_ms();
    ash_lock_take(&ledger_lock);
    if (now_ms > ash_ledger.now_ms) {  // another may be ahead
        ash_ledger.now_ms = now_ms;
    }
}

void ash_ledger_unlock(void) {
    ash_lock_drop(&ledger_lock);
}

bool ash_ledger_leave(void) {
    size_t free_slices = ash_ledger.free_slices + ash_ledger.purging_slices;
    size_t used = (ash_ledger.slices - free_slices) << ASH_SLICE_SHIFT;
    ash_tally_active(ASH_TALLY_SLICES, used);
    // relaxed: a hint.
    atomic_store_explicit(&ash_ledger.used_bytes, used, memory_order_relaxed);
    bool due = ash_ledger_due(false) != UINT32_MAX;
    ash_lock_drop(&ledger_lock);
    return due;
}

uint32_t ash_ledger_due(bool all) {
    return ash_purge_due(ash_ledger.now_ms, ash_ledger_used(),
                         ash_ledger_dirty() << ASH_SLICE_SHIFT, all);
}

// Under the lock, so that adding need not be one operation.
static void ledger_add_dirty(ptrdiff_t slices) {
    atomic_store_explicit(&ash_ledger.dirty_slices, ash_ledger_dirty() + (size_t)slices,
                          memory_order_relaxed);
}

static void ledger_reindex(size_t unit) {
    const struct ash_unit *u = ash_ledger_unit(unit);
    bool hidden = ash_arena_has(ash_arena_of(u), ASH_TRAIT_EXCLUSIVE);
    ash_fit_set(ash_region.best, unit, hidden ? 0 : ash_bits_longest(u->free));
}

// The slices of the mask become dirty, which are free and were not.
static void ledger_soil(size_t unit, uint32_t mask) {
    if (mask == 0) {
        return;
    }
    ledger_add_dirty((ptrdiff_t)ash_popcount32(mask));
    ash_ledger_unit(unit)->dirty |= mask;
    ash_purge_queue((uint32_t)unit, ash_ledger.now_ms);
}

static void ledger_insert(size_t unit, uint32_t mask) {
    struct ash_unit *u = ash_ledger_unit(unit);
    ash_assert((u->free & mask) == 0);
    u->free |= mask;
    ash_ledger.free_slices += ash_popcount32(mask);
}

size_t ash_ledger_grow(void) {
    size_t unit = ash_region_activate(ash_store_owner);
    if (unit != SIZE_MAX) {
        ash_ledger.slices += ASH_UNIT_SLICES;
        ash_ledger.free_slices += ASH_UNIT_SLICES;
        ledger_reindex(unit);
    }
    return unit;
}

void ash_ledger_admit(size_t unit, uint32_t mask, bool zero) {
    ash_ledger.slices += ash_popcount32(mask);
    ledger_insert(unit, mask);
    ash_ledger_unit(unit)->stale = zero ? 0 : mask;
    ledger_soil(unit, zero || ash_ledger_unit(unit)->arena != 0 ? 0 : mask);
    ledger_reindex(unit);
}

void ash_ledger_withdraw(size_t unit) {
    struct ash_unit *u = ash_ledger_unit(unit);
    ash_ledger.slices -= ash_popcount32(u->free);
    (void)ash_ledger_remove(unit, u->free);
}

// Which slices of the unit hold what was last written, as far as is known.
static uint32_t ledger_committed(const struct ash_unit *u) {
    const struct ash_arena *arena = ash_arena_of(u);
    return arena == NULL || arena->commit == NULL ? UINT32_MAX : u->committed;
}

bool ash_ledger_remove(size_t unit, uint32_t mask) {
    struct ash_unit *u = ash_ledger_unit(unit);
    ash_assert((u->free & mask) == mask);
    bool zero = (u->stale & mask & ledger_committed(u)) == 0;
    ash_ledger.free_slices -= ash_popcount32(mask);
    ledger_add_dirty(-(ptrdiff_t)ash_popcount32(u->dirty & mask));
    u->free &= ~mask;
    u->dirty &= ~mask;
    u->stale &= ~mask;
    if (u->dirty == 0) {
        ash_purge_unqueue((uint32_t)unit);
    }
    ledger_reindex(unit);
    return zero;
}

// Pinned memory is never dirty, because it is never purged; nor is what is not committed.
void ash_ledger_add(size_t unit, uint32_t mask) {
    struct ash_unit *u = ash_ledger_unit(unit);
    ledger_insert(unit, mask);
    u->stale |= mask;
    bool pinned = ash_arena_has(ash_arena_of(u), ASH_TRAIT_PINNED);
    ledger_soil(unit, pinned ? 0 : mask & ledger_committed(u));
    ledger_reindex(unit);
}

void ash_ledger_set_aside(size_t unit, uint32_t mask) {
    (void)ash_ledger_remove(unit, mask);
    ash_ledger.purging_slices += ash_popcount32(mask);
}

// Of memory handed in nobody knows what it reads as afterwards; and where the system will not
// have it back, it is not asked again before the slices have been used.
void ash_ledger_restore(size_t unit, uint32_t mask, bool purged) {
    struct ash_unit *u = ash_ledger_unit(unit);
    ash_ledger.purging_slices -= ash_popcount32(mask);
    ledger_insert(unit, mask);
    if (unit >= ash_region.arena_first) {
        u->stale |= mask;
    } else if (!purged) {  // as dirty as before, tried again later
        u->stale |= mask;
        ledger_soil(unit, mask);
    }
    ledger_reindex(unit);
}

void ash_ledger_dirty_all(size_t unit) {
    const struct ash_unit *u = ash_ledger_unit(unit);
    ledger_soil(unit, u->free & ~u->dirty);
}
