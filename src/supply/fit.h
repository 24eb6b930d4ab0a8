// First fit by address: for every unit a byte says how long its longest run of
// free slices is (0 to 32); above the bytes lies a tree of maxima, 64 to one.
//
//   top     [ max ........ ]
//   middle  [ max | max | ... ]        one byte for 64 below
//   best    [ 0 | 32 | 5 | 32 | ... ]  one byte for a unit
//
// The lowest unit with a run of n is found by reading at most four groups of 64
// bytes. Under the store's lock.
//
// Invariant:
//   INV-FIT-1  every inner byte is the maximum of its 64 children

#ifndef ASH_SUPPLY_FIT_H
#define ASH_SUPPLY_FIT_H

#include <stddef.h>
#include <stdint.h>

// `best` is the lowest level, zero beyond what was ever set.
void ash_fit_set(uint8_t *best, size_t unit, unsigned longest);

// The lowest unit at or above `from` whose longest run is at least `length` (1 to
// 32), or SIZE_MAX.
size_t ash_fit_find(const uint8_t *best, size_t from, unsigned length);

void ash_fit_audit(const uint8_t *best, size_t units);

#endif
