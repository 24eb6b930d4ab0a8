// The store: all free slices, shared by all threads, handed out as runs of
// slices, lowest address first.
//
// A unit's `free` word says which of its slices are here. Runs of up to 32 slices
// lie within one unit; longer ones start at a unit and take whole units, and the
// rest of the last one stays usable. Lowest first packs the heap, so that units
// at the top fall empty and can be given back.
//
// Invariants:
//   INV-STORE-1  dirty and stale are subsets of free; but for units of arenas, stale of dirty
//   INV-STORE-2  best[unit] == longest run of bits in free, or 0 in an exclusive arena
//   INV-STORE-3  a slice that is free has kind FREE and no heap as owner
//   INV-STORE-4  a unit with dirty slices is in the purge queue, or being purged

#ifndef ASH_SUPPLY_STORE_H
#define ASH_SUPPLY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "supply/record.h"

// The owner of slices that no heap owns: no thread's heap, and never NULL. Frees
// of other memory than spans' miss the fast path by it.
extern struct ash_heap *const ash_store_owner;

struct ash_origin;

struct ash_store_figures {
    size_t active_bytes;  // slices activated so far
    size_t free_bytes;    // of these, in the store
    size_t dirty_bytes;   // of these, not known to be given back
};

// What all of the supply has, at one moment.
struct ash_supply_figures {
    size_t active_bytes;  // slices activated so far
    size_t free_bytes;    // of these, in the store
    size_t dirty_bytes;   // of these, not known to be given back
    size_t unused_bytes;  // of the region, not active yet; and the rest of the guarded pool
    size_t table_bytes;   // what describes it
    size_t run_bytes;     // in runs, as their users see them; at most what is taken
    size_t huge_bytes;    // in huge blocks, guarded ones among them
    size_t huge_count;
    size_t huge_table_bytes;
    size_t meta_bytes;
    size_t mapped_bytes;  // by the account of calls: at least the sum of the above
};

struct ash_supply_figures ash_store_measure_all(void);

// Takes `slices` contiguous slices, the first at a multiple of `align` slices (a
// power of two, 32 at most), from where `origin` says (supply/arena.h); NULL is wherever it is
// not exclusive. `*zero` says whether their contents are all zero.
// The records still say FREE. NULL without memory.
struct ash_record *ash_store_take(const struct ash_origin *origin, size_t slices, size_t align,
                                  bool *zero);

// Takes the `slices` slices that begin with `first`, right behind a run, if all are free and in
// the run's arena.
bool ash_store_take_at(struct ash_record *first, size_t slices);

// Gives slices back. Their records are reset here.
void ash_store_give(struct ash_record *first, size_t slices);

// Gives pages back to the system: those that are due, or all. Returns whether
// anything was given back. Never holds the store's lock while it calls the system, nor any
// while it calls the owner of what was handed in.
bool ash_store_purge(bool all);

// What is due, looked for once in a millisecond, whoever asks: all threads do, now and then, and
// would meet at the lock.
void ash_store_purge_now_and_then(void);

// Without the lock, so hints: bytes in the store that are not known to be given back, and
// bytes that were taken from it.
size_t ash_store_dirty_bytes(void);
size_t ash_store_used_bytes(void);

// Around fork, and while an arena ends: nothing is being changed or purged in between.
void ash_store_fork_prepare(void);
void ash_store_fork_done(void);

struct ash_store_figures ash_store_measure(void);

// INV-STORE-1 to 3 and INV-FIT-1.
void ash_store_audit(void);

#endif
