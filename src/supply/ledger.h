// The store's books: its lock, its clock and its counts, and what is done to one unit. All under
// the lock, which who calls these holds.

#ifndef ASH_SUPPLY_LEDGER_H
#define ASH_SUPPLY_LEDGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "supply/region.h"

struct ash_ledger {
    size_t slices;  // active and ours
    size_t free_slices;
    size_t purging_slices;  // free, but taken out while the system gives them back
    uint64_t now_ms;

    // Written under the lock, read without it as hints.
    _Atomic size_t dirty_slices;
    _Atomic size_t used_bytes;
};

extern struct ash_ledger ash_ledger;

// The second one reads the clock first, once for each time the store is entered.
void ash_ledger_lock(void);
void ash_ledger_enter(void);

// Gives up the lock. The second one notes what is in use; true if purging is due.
void ash_ledger_unlock(void);
bool ash_ledger_leave(void);

// The unit to purge now, or UINT32_MAX.
uint32_t ash_ledger_due(bool all);

// Makes the region's next unit the store's. SIZE_MAX without memory.
size_t ash_ledger_grow(void);

// Adds a unit's slices that were none of the store's. Those of arenas are not dirty, whatever they
// hold, before they have been in use: who made the arena wants it in memory.
void ash_ledger_admit(size_t unit, uint32_t mask, bool zero);

// Takes all of a unit's slices out for good: all of its free ones are all it has.
void ash_ledger_withdraw(size_t unit);

// Removes the slices from the unit. Returns whether all of them are zero; those that are not
// committed are not looked at.
bool ash_ledger_remove(size_t unit, uint32_t mask);

// Adds slices that were in use.
void ash_ledger_add(size_t unit, uint32_t mask);

// Removes slices to purge them, and adds them again.
void ash_ledger_set_aside(size_t unit, uint32_t mask);
void ash_ledger_restore(size_t unit, uint32_t mask, bool purged);

// All free slices of a unit count as dirty from now on.
void ash_ledger_dirty_all(size_t unit);

static inline struct ash_unit *ash_ledger_unit(size_t unit) {
    return &ash_region.units[unit];
}

static inline size_t ash_ledger_dirty(void) {
    // relaxed: a count.
    return atomic_load_explicit(&ash_ledger.dirty_slices, memory_order_relaxed);
}

static inline size_t ash_ledger_used(void) {
    // relaxed: a hint.
    return atomic_load_explicit(&ash_ledger.used_bytes, memory_order_relaxed);
}

#endif
