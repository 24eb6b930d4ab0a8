// Where a run of free slices is: the lowest place first. Under the store's lock.
//
// What everybody may have is found through the fit index, and grows at its end. What is in
// one arena is found by going through its units.

#ifndef ASH_SUPPLY_SEARCH_H
#define ASH_SUPPLY_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

struct ash_origin;

struct ash_wish {
    size_t slices;
    size_t align;   // in slices
    size_t beyond;  // index of the first unit that is not looked at
};

// The number of the run's first slice; SIZE_MAX without memory.
size_t ash_search(const struct ash_origin *origin, const struct ash_wish *wish);

// Whether the index is that of a unit.
bool ash_search_is_unit(size_t unit);

// Whether a run may go on from unit `from` to a later one: what lies side by side in the index
// need not do so in memory, and no run may keep two arenas from ending.
bool ash_search_joins(size_t from, size_t unit);

#endif
