// Runs: large objects, made of whole slices from the store.
//
// Slices behind a run's last page are never touched, so what a run costs is its
// pages. Growing takes the neighbours if they are free.
//
// A run's block starts where the run does, unless it was asked for at an offset: then
// it has a lead, and starts at an odd place of its first slice. So it does where it is to end at a
// fence.
//
//   | lead | block ............................... | rest of the last page, or a fence |
//   ^ ash_record_start   ^ ash_run_start
//
//   INV-RUN-1  lead < ASH_SLICE_BYTES: the block's first byte is in the first slice

#ifndef ASH_SUPPLY_RUN_H
#define ASH_SUPPLY_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "supply/record.h"
#include "supply/region.h"

// The run's block.
static inline char *ash_run_start(const struct ash_record *run) {
    return ash_record_start(run) + run->lead;
}

// The lead of a block whose address plus `offset` is a multiple of `align`.
static inline size_t ash_run_lead(size_t align, size_t offset) {
    return (align - offset % align) % align & (ASH_SLICE_BYTES - 1);
}

struct ash_origin;

// At least `bytes` (above 0) at a multiple of `align` (at most
// ASH_UNIT_BYTES), from where `origin` says. With a fence (supply/fence.h) the block ends there, or
// less than `align` before. `*zero` says whether all of it is zero. NULL
// without memory.
struct ash_record *ash_run_take(const struct ash_origin *origin, size_t bytes, size_t align,
                                bool *zero);

// As ash_run_take, for a block whose address plus `offset` is a multiple of `align`.
struct ash_record *ash_run_take_at(const struct ash_origin *origin, size_t bytes, size_t align,
                                   size_t offset, bool *zero);

// What a run of `bytes` takes from the store, and what this one does.
size_t ash_run_charge(size_t bytes);
size_t ash_run_bytes(const struct ash_record *run);

void ash_run_give(struct ash_record *run);

// Makes the run hold `bytes` where it is. False if it cannot.
bool ash_run_resize(struct ash_record *run, size_t bytes);

// Bytes in runs, as their users see them.
size_t ash_run_total(void);

#endif
