// Runs: large objects, made of whole slices from the store.
//
// Slices behind a run's last page are never touched, so what a run costs is its
// pages. Growing takes the neighbours if they are free.

#ifndef ASH_SUPPLY_RUN_H
#define ASH_SUPPLY_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "supply/record.h"

// At least `bytes` (above 0) at a multiple of `align` (at most
// ASH_UNIT_BYTES). `*zero` says whether all of it is zero. NULL without memory.
struct ash_record *ash_run_take(size_t bytes, size_t align, bool *zero);

// What a run of `bytes` takes from the store, and what this one does.
size_t ash_run_charge(size_t bytes);
size_t ash_run_bytes(const struct ash_record *run);

void ash_run_give(struct ash_record *run);

// Makes the run hold `bytes` where it is. False if it cannot.
bool ash_run_resize(struct ash_record *run, size_t bytes);

// Bytes in runs, as their users see them.
size_t ash_run_total(void);

#endif
