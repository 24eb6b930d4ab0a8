// What memory is used for. include/ashlar/stats.h defines the figures.
//
// A snapshot holds all heaps of the process, or of some realms, at once (heap/look.h), then reads,
// in this order:
//   1. what is out in each heap, and of that what is on spans' remote chains
//   2. what threads have gathered
//   3. what is in bins
//   4. the supply, under its locks
// A block only moves from 3 to 2 to 1 while heaps are held, so none is counted twice: what is
// left of `out` when the others are taken off is not negative. Nothing is cut or
// retired meanwhile, so what the store lacks are spans and runs.
//
// Who holds several heaps waits for none: it lets all go and begins again. So it may
// not be part of a circle of threads that wait for one another.

#ifndef ASH_API_STATS_H
#define ASH_API_STATS_H

#include <stddef.h>

#include "api/scope.h"
#include "ashlar/stats.h"
#include "heap/sizeclass.h"

struct ash_figures {
    size_t active;     // slices in use or free, of the region
    size_t allocated;  // blocks in use, as their users see them
    size_t ready;      // blocks in threads' bins
    size_t ready_count;
    size_t free_count;  // blocks free in spans, or not cut yet
    size_t store;       // free slices
    size_t dirty;       // of these, not given back to the system
    size_t huge;        // in mappings of their own (part of allocated)
    size_t huge_count;
    size_t meta;  // our own bookkeeping outside the tables
};

// A snapshot; all 0 without memory.
struct ash_figures ash_figures_take(void);

// A snapshot of the process (`scope` NULL) or of some realms, and of their classes. False without
// memory.
bool ash_stats_take(const struct ash_scope *scope, struct ash_stats *stats,
                    struct ash_class_stats classes[ASH_CLASS_COUNT]);

// The scope of a sub-process, which ash_scope_close ends. False with errno without memory; ends the
// process if the sub-process has ended.
bool ash_stats_open(struct ash_scope *scope, ash_subproc_t *subproc);

// The figures by name, for those who write all of them.
struct ash_stats_field {
    const char *name;
    size_t offset;  // of a size_t in its structure
    int depth;      // of a part: how far below `mapped`
};

enum { ASH_STATS_PARTS = 16, ASH_STATS_COUNTS = 17, ASH_CLASS_FIELDS = 7 };
extern const struct ash_stats_field ash_stats_parts[ASH_STATS_PARTS];
extern const struct ash_stats_field ash_stats_counts[ASH_STATS_COUNTS];
extern const struct ash_stats_field ash_class_fields[ASH_CLASS_FIELDS];

static inline size_t ash_stats_value(const void *figures, const struct ash_stats_field *field) {
    return *(const size_t *)(const void *)((const char *)figures + field->offset);
}

// Around fork.
void ash_stats_fork_prepare(void);
void ash_stats_fork_done(void);

#endif
