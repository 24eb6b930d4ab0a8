// Reserved arenas: units of the window taken in one piece, at its end.
//
//   active units | units of an arena | active units | foreign ...| pages of 1 GiB | ...
//                                                    up to a multiple of 1 GiB
//
// Pages of 1 GiB are the kernel's own kind of memory, mapped one by one at places that were set
// aside: no lock is held while the kernel clears them. Places that were not filled, or that
// have been given back, are kept for the next time.

#ifndef ASH_SUPPLY_RESERVE_H
#define ASH_SUPPLY_RESERVE_H

#include <stddef.h>
#include <stdint.h>

#include "supply/arena.h"

#define ASH_RESERVE_PAGE_BYTES ((size_t)1 << 30)

// Makes an arena of at least `bytes`.
enum ash_arena_result ash_reserve_take(size_t bytes, uint32_t traits, struct ash_arena **arena);

// The same in pages of 1 GiB, from the node (-1: any), as many of `*pages` as are to be had
// within `timeout_ms` (0: no limit). `*pages` says how many; `*arena` is NULL if none.
enum ash_arena_result ash_reserve_take_huge(size_t *pages, int node, size_t timeout_ms,
                                            uint32_t traits, struct ash_arena **arena);

// Ends an arena that was closed: its memory goes back to the system, its units to
// general use, or aside.
void ash_reserve_give(struct ash_arena *arena);

#endif
