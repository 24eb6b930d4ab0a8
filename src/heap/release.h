// What free does when its bin is full, and an ending thread with all its bins.

#ifndef ASH_HEAP_RELEASE_H
#define ASH_HEAP_RELEASE_H

#include "heap/heap.h"

// Gives the blocks of a bin back to their spans, except the `keep` that were freed
// last. In one go: a block costs half of what it does when freed to its span alone.
void ash_release(struct ash_heap *heap, unsigned class_index, uint32_t keep);

// Retires the class's current span if none of its blocks is out.
void ash_release_current(struct ash_heap *heap, unsigned class_index);

// Gives back everything of the heap that no block needs: publishes its chains, takes
// in its news, empties its bins, retires empty spans. The caller owns or tends it.
void ash_release_all(struct ash_heap *heap);

#endif
