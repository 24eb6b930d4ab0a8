// The region: one window of addresses from which slices are taken, lowest first.
//
//   tables below the window          base                  limit        window end
//   | best | units | records | marks | | active units ....... | mapped ... | not ours yet |
//
// In a hardened process the states of blocks (heap/state.h) are one more table, behind the marks.
//
// Nothing is reserved. The window is a range that the system left empty, far
// below where it places its own mappings; it is claimed in growing steps, and so
// are the tables that describe it. A step that finds somebody else's mapping in
// its way skips that unit for good. So address limits (RLIMIT_AS) are charged for
// what is used alone, core dumps are small, and 32-bit systems work the same way.
// docs/decisions/0001-window.md compares this with one big reservation.
//
// Memory that was handed in (supply/arena.h) lies anywhere. Its units have indices from
// `arena_first` on, beyond the window, for which the tables have room, too: so records, tickets
// and marks are the same for them. What differs is how an address leads to an index and back.
//
// Invariants:
//   INV-REGION-1  base is a multiple of the unit
//   INV-REGION-2  units below `active` are active or foreign; active <= limit <= mapped, in units,
//                 and limit < active + 8
//   INV-REGION-3  tables cover every unit below `active`, and those of memory handed in

#ifndef ASH_SUPPLY_REGION_H
#define ASH_SUPPLY_REGION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "platform/cpu.h"
#include "supply/record.h"

// The state of 32 slices. Under the store's lock.
struct ash_unit {
    uint32_t free;        // bit set: the slice is in the store
    uint32_t dirty;       // of these: pages may be in memory
    uint32_t stale;       // of the dirty ones: contents may not be zero
    uint32_t since_ms;    // when a slice last became free (low 32 bits of the clock)
    uint32_t next, prev;  // in the purge queue
    uint32_t committed;   // bit set: its arena's callback has committed the slice
    uint8_t queued;
    uint8_t foreign;  // somebody else's mapping is in it: never used
    uint8_t huge;     // huge pages are asked for
    uint8_t arena;    // 1 + the index of its arena; 0: none. Constant while a slice is in use
};

enum { ASH_SLICE_MARKS = ASH_SLICE_BYTES / 16 / 64 };

struct ash_region {
    // Set at boot, constant after, but for the limit. Read by every free.
    _Alignas(ASH_CACHE_LINE) uintptr_t base;
    _Atomic uintptr_t limit;  // bytes of the window in use, or soon; grows under the store's lock
    struct ash_record *records;
    uint64_t *marks;  // ASH_SLICE_MARKS words a slice
    struct ash_unit *units;
    size_t unit_max;     // units in the window
    size_t arena_first;  // index of the first unit of memory that was handed in
    uint8_t *states;     // a byte for every 16 bytes of a slice, or NULL
    bool with_states;    // set before boot: whether there are any

    // Under the store's lock.
    uint8_t *best;      // a byte per unit, for the store: see supply/fit.h
    size_t active;      // units handed to the store so far
    size_t mapped;      // units claimed so far
    size_t step;        // units to claim next
    size_t covered[5];  // units of the window that each table covers
    bool settled;       // the tables lie where they will stay
};

// Lives for the whole process. base is 0 and limit is 0 before boot.
extern struct ash_region ash_region;

// Under the same: which steps beyond the window all tables cover.
enum { ASH_ARENA_STEPS = ASH_ARENA_UNITS / ASH_ARENA_STEP };
extern bool ash_arena_covered[ASH_ARENA_STEPS];

// Chooses the window and claims the first tables. False without memory.
bool ash_region_boot(void);

// Makes the next unit usable and returns its index, or SIZE_MAX when there is no
// memory or the window is full. Its records are initialised with `owner`.
size_t ash_region_activate(struct ash_heap *owner);

// Makes the next `count` units usable, in one piece, and returns the first one's index. SIZE_MAX
// without memory, or if somebody's mapping is in the way, which `*taken` says: then
// activating one unit after the other leads around it. No unit is free yet.
size_t ash_region_extend(size_t count, struct ash_heap *owner, bool *taken);

// Sets `count` units aside at a multiple of `align` units (a power of two), without claiming
// them: they, and those before them up to the ones in use, are foreign. All that is mapped
// is active. Returns the first one's index, or SIZE_MAX if the window or memory is full.
size_t ash_region_skip(size_t count, size_t align, struct ash_heap *owner);

// Makes the tables cover `count` units of memory handed in from index `first` on. Coverage
// stays for good. False without memory.
bool ash_region_cover_arena(size_t first, size_t count);

// Bytes claimed for units that are not active yet, and for the tables. Under the store's lock.
size_t ash_region_unused_bytes(void);
size_t ash_region_table_bytes(void);

static inline uintptr_t ash_region_offset(const void *p) {
    return (uintptr_t)p - ash_region.base;
}

// Where a unit of the window starts.
static inline char *ash_region_unit_start(size_t unit) {
    return (char *)(ash_region.base + (unit << ASH_UNIT_SHIFT));
}

// Whether p lies in the part of the window that is in use. A little more of it may count as that:
// its records say that it is free.
static inline bool ash_region_contains(const void *p) {
    // relaxed: whoever handed p to this thread has seen the limit that covers it.
    return ash_cpu_below(ash_region_offset(p), &ash_region.limit);
}

// p lies in the region. Whether its unit holds somebody else's mapping.
static inline bool ash_region_is_foreign(const void *p) {
    return ash_region.units[ash_region_offset(p) >> ASH_UNIT_SHIFT].foreign;
}

// p lies in the region.
static inline struct ash_record *ash_record_of(const void *p) {
    return ash_region.records + (ash_region_offset(p) >> ASH_SLICE_SHIFT);
}

static inline struct ash_record *ash_record_first(const void *p) {
    struct ash_record *record = ash_record_of(p);
    return record - record->back;
}

static inline uint32_t ash_record_slice(const struct ash_record *record) {
    return (uint32_t)(record - ash_region.records);
}

static inline uint32_t ash_record_ticket(const struct ash_record *record) {
    return ash_record_slice(record) + 1;
}

// `ticket` is not 0.
static inline struct ash_record *ash_record_by_ticket(uint32_t ticket) {
    return ash_region.records + (ticket - 1);
}

static inline uint64_t *ash_record_marks(const struct ash_record *record) {
    return ash_region.marks + (size_t)ash_record_slice(record) * ASH_SLICE_MARKS;
}

static inline size_t ash_record_unit(const struct ash_record *record) {
    return ash_record_slice(record) / ASH_UNIT_SLICES;
}

// The rare cases of the two functions below: supply/arena.c.
char *ash_arena_record_start(const struct ash_record *record);
struct ash_record *ash_arena_record_find(const void *p);

// The record of the slice of memory handed in, in which p lies; or NULL.
struct ash_record *ash_arena_record_of(const void *p);

// Where a slice of the window starts.
static inline char *ash_record_start_in_window(const struct ash_record *record) {
    return (char *)(ash_region.base + ((size_t)ash_record_slice(record) << ASH_SLICE_SHIFT));
}

// Where the slice starts. Some slice of its arena is in use, if it has one.
static inline char *ash_record_start(const struct ash_record *record) {
    if (ash_unlikely(ash_record_slice(record) >= ash_region.unit_max * ASH_UNIT_SLICES)) {
        return ash_arena_record_start(record);
    }
    return ash_record_start_in_window(record);
}

// The first record of what p lies in; NULL if it is none of our slices. Where the record says FREE,
// p may lie in a unit of the window that holds what was handed in.
static inline struct ash_record *ash_record_find(const void *p) {
    if (ash_likely(ash_region_contains(p))) {
        struct ash_record *record = ash_record_first(p);
        if (ash_likely(record->kind != ASH_KIND_FREE)) {
            return record;
        }
    }
    return ash_arena_record_find(p);
}

#endif
