// The heap floor in a world small enough to enumerate: the library's own span.c, remote.c,
// orphan.c, registry.c and release.c, over a store of four slices. Nothing of them is copied or
// changed.
//
// GenMC finds the same functions under another memory model: genmc.c.

#ifndef ASHLAR_SCHED_HEAP_WORLD_H
#define ASHLAR_SCHED_HEAP_WORLD_H

#include "heap/heap.h"

enum {
    WORLD_HEAPS = 3,
    WORLD_SLICES = 2,
};

extern struct ash_heap world_heaps[WORLD_HEAPS];

// Makes the heaps ready for threads with the ids 1, 2 and 3. Nothing is allocated.
void world_prepare(void);

// Cuts a span for the heap, which lists it; takes a block of it. Only while a scenario is prepared.
struct ash_record *world_cut(struct ash_heap *heap);
struct ash_block *world_take(struct ash_heap *heap, struct ash_record *span);

// When all is quiet: active heaps take in their news. Then no heap is held by a tender, no news is
// left, and every span that is not back in the store has as many blocks out as it should: `out` in
// all.
void world_settle(uint32_t out);

#endif
