// Arenas: units of the region that are told apart from the others.
//
//   reserved    units of the window, taken in one piece at its end: ours
//   handed in   somebody else's memory, anywhere; its units have indices beyond the window
//
//   window                    | handed in, at 0x7f..
//   | 0 | 1 | [2 | 3 | 4] | 5 |        ... | arena_first | + 1 | + 2 |     indices
//              an arena                      an arena
//
// The slices of an arena are the store's like all others. An exclusive one's are found by
// who asks for that arena alone: its units say 0 in the fit index. Of memory handed in, a
// unit's place in the index is that of its address in 2 MiB; slices that do not lie wholly
// inside are never free.
//
// From an address to an arena: a walk through the ones handed in, without a lock. Each has a
// sequence, odd while it changes; who sees it change is asking for memory that is not in it.
//
// Invariants:
//   INV-ARENA-1  the units of an open arena carry its number, and no others do
//   INV-ARENA-2  arenas handed in overlap neither each other nor units of the window that are ours

#ifndef ASH_SUPPLY_ARENA_H
#define ASH_SUPPLY_ARENA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "supply/region.h"

typedef bool ash_arena_commit_function(bool commit, void *start, size_t bytes, bool *is_zero,
                                       void *argument);

enum ash_arena_stage {
    ASH_ARENA_UNUSED,
    ASH_ARENA_CHANGING,  // being made or ended, by one thread
    ASH_ARENA_OPEN,
};

enum ash_arena_kind { ASH_ARENA_RESERVED, ASH_ARENA_RESERVED_HUGE, ASH_ARENA_HANDED_IN };

// What an arena is like. Bits; the public header's flags have the same values.
enum ash_arena_trait {
    ASH_TRAIT_EXCLUSIVE = 1,   // serves only who asks for it
    ASH_TRAIT_COMMITTED = 2,   // in memory, or accessible, from the start
    ASH_TRAIT_HUGE_PAGES = 4,  // huge pages may back it
    ASH_TRAIT_PINNED = 8,      // never purged
    ASH_TRAIT_ZERO = 16,       // handed in: reads as zero
};

struct ash_arena {
    // Of memory handed in, and else 0: read by any thread. Written under the store's lock.
    _Atomic uint32_t sequence;
    _Atomic uintptr_t memory_from;  // whole slices from here
    _Atomic uintptr_t memory_to;    // to before here
    _Atomic size_t first_unit;      // the index of the unit in which it starts

    // Under the store's lock; constant while it is open.
    size_t units;
    size_t slices;  // of these units, the arena's
    uint32_t traits;
    int node;  // of NUMA, or -1
    ash_arena_commit_function *commit;
    void *argument;
    enum ash_arena_kind kind;

    // Under the store's lock.
    enum ash_arena_stage stage;
    uint32_t users;   // realms that take from it alone
    size_t accessed;  // slices, up to the last one that was ever taken
};

// All of them, by number. Those at and above ash_arena_end() were never used.
extern struct ash_arena ash_arenas[ASH_ARENA_MAX];
uint32_t ash_arena_end(void);

// Where a realm takes slices from.
struct ash_origin {
    struct ash_arena *only;  // NULL: wherever it is not exclusive
    _Atomic uint32_t node1;  // of NUMA, plus 1: arenas on that node come first. 0: none
};

enum ash_arena_result {
    ASH_ARENA_DONE,
    ASH_ARENA_NO_MEMORY,
    ASH_ARENA_BAD_RANGE,  // less than a slice, or memory of ours
    ASH_ARENA_BUSY,
    ASH_ARENA_TIMED_OUT,
};

struct ash_arena_gift {
    void *start;
    size_t bytes;
    uint32_t traits;
    int node;
    ash_arena_commit_function *commit;  // may be NULL
    void *argument;
};

// Makes an arena of the whole slices in memory that is somebody else's.
enum ash_arena_result ash_arena_hand_in(const struct ash_arena_gift *gift,
                                        struct ash_arena **arena);

struct ash_arena_area {
    char *start;
    size_t bytes;
};

// Slices that have records, all in a row.
struct ash_arena_slices {
    size_t first, count;
    char *start;
};

// All of them, one row after the other: of the window (n == 0), then of what was handed in. Rows
// may be empty. Their records are there for good. False behind the last.
bool ash_arena_slices(uint32_t n, struct ash_arena_slices *slices);

struct ash_arena_area ash_arena_measure(const struct ash_arena *arena);

// Ends an arena of which nothing is in use. `*area` is the memory that is its owner's again, empty
// for one that was reserved; `*accessed` the bytes up to the last one ever used.
enum ash_arena_result ash_arena_unload_now(struct ash_arena *arena, struct ash_arena_area *area,
                                           size_t *accessed);

// The life of an arena, for who makes one: supply/reserve.c too. Under the store's lock. New ones
// are CHANGING; NULL if there are too many. Opening gives its slices to the store, closing
// takes them back: false if some are in use. Dropping makes its number free.
struct ash_arena *ash_arena_new(enum ash_arena_kind kind, uint32_t traits, int node);
void ash_arena_open(struct ash_arena *arena, bool zero);
bool ash_arena_close(struct ash_arena *arena);
void ash_arena_drop(struct ash_arena *arena);
void ash_arena_place(struct ash_arena *arena, size_t first, size_t units);

// Counts who takes from the arena alone. False if it is not open.
bool ash_arena_join(struct ash_arena *arena);
void ash_arena_leave(struct ash_arena *arena);

// The arena of a unit, or NULL.
static inline struct ash_arena *ash_arena_of(const struct ash_unit *unit) {
    return unit->arena == 0 ? NULL : &ash_arenas[unit->arena - 1];
}

static inline bool ash_arena_has(const struct ash_arena *arena, enum ash_arena_trait trait) {
    return arena != NULL && (arena->traits & trait) != 0;
}

static inline size_t ash_arena_first(const struct ash_arena *arena) {
    // relaxed: constant while it is open.
    return atomic_load_explicit(&arena->first_unit, memory_order_relaxed);
}

// Which slices of its n-th unit are the arena's.
uint32_t ash_arena_mask(const struct ash_arena *arena, size_t n);

// Where a unit starts, wherever it is.
char *ash_arena_unit_start(size_t unit);

// Whether parts of what is in use of the slice may be given back to the system.
bool ash_arena_may_purge(const struct ash_record *record);

// Calls the callback of the unit's arena for the slices in `mask`: all of them are committed, or
// given back, or false. The caller has taken them, and holds no lock. `*zero` says whether all
// that was committed is zero.
bool ash_arena_call(size_t unit, uint32_t mask, bool commit, bool *zero);

// Notes that the slices of the unit in `mask` are taken.
void ash_arena_note(struct ash_arena *arena, size_t unit, uint32_t mask);

#endif
