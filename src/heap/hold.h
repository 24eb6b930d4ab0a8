// Holding a heap: whoever works on its spans holds it, so that others may do the work of
// a thread that sleeps. The heap's own thread holds it on each slow path that touches
// spans; the helper, and who collects, between those.
//
//   what                          whose
//   bins, chains                  the heap's own thread, always, and without holding: the
//                                 fast paths touch nothing else
//   spans, shelves, depots        who holds the heap; all counts, too
//   remote, inbox                 anybody: heap/news.h
//
// A thread waits for its own heap only while somebody tends it, which is for a few
// system calls at most. Nobody else waits: who finds a heap held leaves it.

#ifndef ASH_HEAP_HOLD_H
#define ASH_HEAP_HOLD_H

#include <stdbool.h>

#include "heap/heap.h"
#include "heap/tenure.h"

// Waits for somebody who tends the calling thread's heap.
void ash_hold_wait(struct ash_heap *heap);

// By the heap's own thread, around work on spans. Not to be nested.
static inline void ash_hold(struct ash_heap *heap) {
    if (ash_unlikely(!ash_tenure_claim(&heap->state, ASH_HEAP_ACTIVE, ASH_HEAP_BUSY))) {
        ash_hold_wait(heap);
    }
}

static inline void ash_hold_end(struct ash_heap *heap) {
    ash_tenure_rest(&heap->state, ASH_HEAP_ACTIVE);
}

// The same for a thread's own heap and its others, under the registry's lock: around fork.
void ash_hold_home(struct ash_heap *mine);
void ash_hold_home_end(struct ash_heap *mine);

// By anybody but the heap's own thread on a slow path: takes in news, retires spans that
// have fallen empty, and if `deep` settles the depots and gives the free pages inside of spans
// back to the system.
// False if the heap was held by others. Does a part at a time: `*more` says that there is
// more to give back.
bool ash_hold_tend(struct ash_heap *heap, bool deep, bool *more);

// The same without anything deep, and for the news of at most `spans` spans.
bool ash_hold_recall(struct ash_heap *heap, uint32_t spans);

// The calling thread holds the heap: gives back the free pages inside of its spans, of at
// most `limit` spans. True if that was not all.
bool ash_hold_purge(struct ash_heap *heap, unsigned limit);

#endif
