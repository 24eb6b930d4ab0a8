// What free does when its bin is full, and an ending thread with all its bins.

#ifndef ASH_HEAP_RELEASE_H
#define ASH_HEAP_RELEASE_H

#include "heap/heap.h"

// Gives the blocks of a bin back to their spans, except the `keep` that were freed
// last. In one go: a block costs half of what it does when freed to its span alone.
void ash_release(struct ash_heap *heap, unsigned class_index, uint32_t keep);

#endif
