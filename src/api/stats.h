// What the process's memory is used for, in bytes: each figure defined once.

#ifndef ASH_API_STATS_H
#define ASH_API_STATS_H

#include <stddef.h>

struct ash_figures {
    size_t active;     // slices in use or free, of the region
    size_t allocated;  // blocks in use, as their users see them. Blocks that other
                       // threads hold ready in their bins count as in use
    size_t ready;      // blocks in this thread's bins
    size_t store;      // free slices
    size_t dirty;      // of these, not given back to the system
    size_t huge;       // in mappings of their own (part of allocated)
    size_t huge_count;
    size_t meta;  // our own bookkeeping outside the tables
};

// A snapshot; exact while no other thread allocates.
struct ash_figures ash_figures_take(void);

#endif
