// Recall: what others have freed to heaps whose threads are not at work on it, before this one
// makes the process grow.
//
// A thread that allocates for others, as a producer does for its consumers, has its blocks back in
// its inbox, where only it takes them. While it waits for a CPU, or for its consumers, they are
// free memory that no other thread can use: with many such threads, each holds as much as it ever
// had in use. So who needs a span, and finds nothing in the store that has been in use before,
// first does for a few other heaps what the helper does for those that sleep: it returns blocks to
// their spans, and spans that fall empty go to the store.

#ifndef ASH_HEAP_RECALL_H
#define ASH_HEAP_RECALL_H

#include <stdbool.h>
#include <stddef.h>

#include "heap/heap.h"

// Before the thread, which holds `mine`, takes `bytes` from the store. No lock is held.
void ash_recall(struct ash_heap *mine, size_t bytes);

#endif
