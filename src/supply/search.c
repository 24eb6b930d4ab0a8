#include "supply/search.h"

#include "base/bits.h"
#include "supply/arena.h"
#include "supply/fit.h"
#include "supply/ledger.h"

bool ash_search_is_unit(size_t unit) {
    const struct ash_region *r = &ash_region;
    return unit < r->active ||
           (unit >= r->arena_first && unit < r->covered[0] && r->units[unit].arena != 0);
}

bool ash_search_joins(size_t from, size_t unit) {
    return ash_search_is_unit(unit) && ash_ledger_unit(unit)->arena == ash_ledger_unit(from)->arena;
}

// The lowest unit at or above `unit` with `slices` free ones in a row, SIZE_MAX if there is
// none. Between the active units of the window and those handed in nothing is covered.
static size_t search_next_fit(size_t unit, size_t slices, size_t end) {
    if (unit >= ash_region.active && unit < ash_region.arena_first) {
        unit = ash_region.arena_first;
    }
    if (unit >= ash_min(end, ash_region.covered[0])) {
        return SIZE_MAX;
    }
    unit = ash_fit_find(ash_region.best, unit, (unsigned)slices);
    return unit < end ? unit : SIZE_MAX;
}

// The bits at which a run may start, by the binary logarithm of its alignment.
static const uint32_t search_starts[] = {0xFFFFFFFF, 0x55555555, 0x11111111,
                                         0x01010101, 0x00010001, 0x00000001};
_Static_assert(ASH_UNIT_SLICES == 32, "an alignment of one unit is the last one above");

// Within one unit.
static size_t search_short(const struct ash_wish *wish) {
    uint32_t starts = search_starts[ash_log2(wish->align)];
    for (size_t unit = 0;; unit++) {
        unit = search_next_fit(unit, wish->slices, wish->beyond);
        if (unit == SIZE_MAX) {
            unit = ash_ledger_grow();
            if (unit == SIZE_MAX) {
                return SIZE_MAX;
            }
        }
        uint32_t fits = ash_bits_runs(ash_ledger_unit(unit)->free, (unsigned)wish->slices) & starts;
        if (fits != 0) {
            return unit * ASH_UNIT_SLICES + (size_t)ash_ctz32(fits);
        }
    }
}

static bool search_is_free(size_t unit) {
    return ash_ledger_unit(unit)->free == UINT32_MAX;
}

// How many of at most `units` neighbours from `start` on are wholly free.
static size_t search_count_free(size_t start, size_t units) {
    size_t count = 0;
    while (count < units && ash_search_joins(start, start + count) &&
           search_is_free(start + count)) {
        count++;
    }
    return count;
}

// Grows the region until `units` units at its end are free, in which no arena has a part. Returns
// the first of them.
static size_t search_grow_tail(size_t units) {
    size_t start = ash_region.active;
    while (start > 0 && search_is_free(start - 1) && ash_ledger_unit(start - 1)->arena == 0) {
        start--;
    }
    while (ash_region.active - start < units) {
        size_t expected = ash_region.active;
        size_t grown = ash_ledger_grow();
        if (grown == SIZE_MAX) {
            return SIZE_MAX;
        }
        if (grown != expected) {  // somebody's mapping lies between
            start = grown;
        }
    }
    return start;
}

// Whole units, of which the last one may be used in part.
static size_t search_long(const struct ash_wish *wish) {
    size_t units = (wish->slices + ASH_UNIT_SLICES - 1) / ASH_UNIT_SLICES;
    size_t count = 0;
    for (size_t unit = 0;; unit += count) {
        unit = search_next_fit(unit, ASH_UNIT_SLICES, wish->beyond);
        if (unit == SIZE_MAX) {
            unit = search_grow_tail(units);
            return unit == SIZE_MAX ? SIZE_MAX : unit * ASH_UNIT_SLICES;
        }
        count = search_count_free(unit, units);
        if (count == units) {
            return unit * ASH_UNIT_SLICES;
        }
    }
}

// In one arena: also across units, wherever the run before it ends.
static size_t search_in(const struct ash_arena *arena, const struct ash_wish *wish) {
    size_t first = ash_arena_first(arena);
    size_t row = 0;  // free slices at the end of the units before
    for (size_t unit = first; unit < first + arena->units; unit++) {
        unsigned start = 0, count = 0, end = 0;
        for (uint32_t free = ash_ledger_unit(unit)->free; ash_bits_next(free, end, &start, &count);
             end = start + count) {
            row = start == 0 ? row + count : count;
            size_t row_end = unit * ASH_UNIT_SLICES + start + count;
            size_t at = ash_round_up(row_end - row, wish->align);
            if (at + wish->slices <= row_end) {
                return at;
            }
        }
        row = end == ASH_UNIT_SLICES ? row : 0;
    }
    return SIZE_MAX;
}

// In the arenas of a node that serve everybody.
static size_t search_near(int node, const struct ash_wish *wish) {
    size_t slice = SIZE_MAX;
    uint32_t arenas = ash_arena_end();
    for (uint32_t i = 0; i < arenas && slice == SIZE_MAX; i++) {
        const struct ash_arena *arena = &ash_arenas[i];
        bool near = arena->stage == ASH_ARENA_OPEN && arena->node == node &&
                    !ash_arena_has(arena, ASH_TRAIT_EXCLUSIVE);
        slice = near ? search_in(arena, wish) : SIZE_MAX;
    }
    return slice;
}

size_t ash_search(const struct ash_origin *origin, const struct ash_wish *wish) {
    if (ash_unlikely(origin != NULL && origin->only != NULL)) {
        return search_in(origin->only, wish);
    }
    size_t near = SIZE_MAX;
    if (origin != NULL && wish->beyond == SIZE_MAX) {
        // relaxed: a wish.
        uint32_t node1 = atomic_load_explicit(&origin->node1, memory_order_relaxed);
        near = ash_likely(node1 == 0) ? SIZE_MAX : search_near((int)node1 - 1, wish);
    }
    if (ash_unlikely(near != SIZE_MAX)) {
        return near;
    }
    return wish->slices <= ASH_UNIT_SLICES ? search_short(wish) : search_long(wish);
}
