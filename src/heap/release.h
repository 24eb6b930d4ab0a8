// What free does when its bin is full, and an ending thread with all its bins.

#ifndef ASH_HEAP_RELEASE_H
#define ASH_HEAP_RELEASE_H

#include "heap/heap.h"

// Takes the three quarters that were freed first out of a full bin: to the depot if it has room, or
// back to their spans.
void ash_release_older(struct ash_heap *heap, unsigned class_index);

// Gives all blocks of a bin back to their spans.
void ash_release_bin(struct ash_heap *heap, unsigned class_index);

// Gives back everything of the heap that no block needs: publishes its chains, takes
// in its news, empties its bins, retires empty spans; none is current any more. The caller owns
// or tends it.
void ash_release_all(struct ash_heap *heap);

#endif
