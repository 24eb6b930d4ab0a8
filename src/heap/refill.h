// What malloc does when its bin is empty.

#ifndef ASH_HEAP_REFILL_H
#define ASH_HEAP_REFILL_H

#include "heap/heap.h"

// A block of the class; the bin is stocked on the way. NULL without memory.
struct ash_block *ash_refill(struct ash_heap *heap, unsigned class_index);

#endif
