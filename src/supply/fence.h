// Fences: an inaccessible page behind each run and huge block, in a process that wants them
// (heap/hard.h). Who runs over the end of a large block is stopped there and then.
//
//   run    | lead | block ............ | fence | rest of its last slice |
//   huge   | lead | block ............ | fence |
//
// A page of room is taken with each such block, and a fence is what becomes of it where the system
// permits (all of the rest would be twice as dear, because those pages would have to come into
// memory again and again): by a mark in the page table (Linux 6.13), or by a mapping of its own, of
// which only ASH_FENCE_MAX are asked for: the system has so many for the whole process, and all who
// map need them. Without a fence the room is the block's, and its canary has place there.
//
// A fresh block ends where its fence begins, as near as its alignment allows; one that has been
// resized in its place ends in the page before. Memory that was handed in has no fences: what else
// its owner does with it is not known here.
//
// Invariant:
//   INV-FENCE-1  no page of a slice in the store is inaccessible

#ifndef ASH_SUPPLY_FENCE_H
#define ASH_SUPPLY_FENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/sealed.h"

enum ash_fence_kind {
    ASH_FENCE_NONE,
    ASH_FENCE_MARKED,
    ASH_FENCE_MAPPED,
};

// Set at boot, constant after (base/sealed.h).
#define ash_fence ash_sealed.fence

// From now on large blocks have fences. Before the region, which knows the rounding then.
ASH_COLD void ash_fence_boot(void);

// Makes the page inaccessible. ASH_FENCE_NONE if it stays as it is.
enum ash_fence_kind ash_fence_shut(char *page);

// Makes it accessible again; what it holds is unknown. False if the system refused.
bool ash_fence_open(char *page, enum ash_fence_kind kind);

// The fence has gone with its mapping.
void ash_fence_forget(enum ash_fence_kind kind);

#endif
