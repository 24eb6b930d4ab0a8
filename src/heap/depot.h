// Magazines: blocks that came out of full bins, kept together until a bin is empty.
//
//   shelf.depot -> magazine -> magazine        the last one put in is the first one out
//                  where its blocks are         exactly `magazine` blocks of the class
//
// So a program that frees many and allocates many pays for neither marks nor spans, and no block is
// touched: a magazine is an array beside them. The price: what lies in a depot is free and holds
// its span. So the heap's depots hold ASH_DEPOT_BYTES at most, in as many magazines as lie in the
// heap's rack for them, and they are settled, each block back in its span, before the heap takes
// another span from the store, when a thread ends, and by who tends or collects. These two give the
// rack's pages back, too.
//
// Invariants:
//   INV-DEPOT-1  every magazine has exactly `magazine` blocks of its class, in spans of the heap
//   INV-DEPOT-2  heap.depot_bytes is the sum over all of them, at most ASH_DEPOT_BYTES

#ifndef ASH_HEAP_DEPOT_H
#define ASH_HEAP_DEPOT_H

#include <stdbool.h>

#include "heap/heap.h"

struct ash_magazine {
    struct ash_magazine *below;  // or the next spare one
    struct ash_block *blocks[];
};

// The caller holds the heap: heap/hold.h. ----------------------------------------------

// Keeps as many blocks as a magazine has. False if the depot has no room: they are still the
// caller's.
bool ash_depot_put(struct ash_heap *heap, unsigned class_index, struct ash_block *const *blocks);

// Fills the class's empty bin with the newest magazine. False if there is none.
bool ash_depot_take(struct ash_heap *heap, unsigned class_index);

// Returns all blocks of the heap's depots to their spans. True if there were some.
bool ash_depot_settle(struct ash_heap *heap);

// Settles, and gives back the memory in which the magazines lay.
void ash_depot_close(struct ash_heap *heap);

// Forgets all magazines: their spans are gone.
void ash_depot_drop(struct ash_heap *heap);

// How many blocks of the class lie there.
static inline size_t ash_depot_count(const struct ash_heap *heap, unsigned class_index) {
    return (size_t)heap->shelves[class_index].magazines * ash_classes[class_index].magazine;
}

#endif
