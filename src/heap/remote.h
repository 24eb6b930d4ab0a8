// Blocks freed by a thread that does not own their span.
//
// A thread gathers them by span in a few chains of its own, and publishes a chain
// with one atomic operation on the span's `remote` word. Who turns the word from 0
// pushes the span on the inbox of its owner. The owner drains its inbox on its slow
// path: the cost follows the spans with news, not the spans there are. If the owner
// has no thread, the pusher tends the heap itself.
//
//   word      who writes               who reads      order (heap/news.h, heap/tenure.h)
//   remote    any: CAS                 owner          release / acq_rel exchange with 0
//   inbox     any: CAS                 owner          release / acquire exchange with 0
//   owner     owner or adopter         any pusher     relaxed: may be out of date
//   state     owner, tender            any pusher     seq_cst after the push
//
// A span that reaches the inbox of a heap that no longer owns it is passed on.
// docs/memory-order.md has the proof obligations, and what checks them.

#ifndef ASH_HEAP_REMOTE_H
#define ASH_HEAP_REMOTE_H

#include "heap/heap.h"
#include "heap/news.h"

// Gathers a block of somebody else's span. `heap` is the calling thread's.
void ash_remote_free(struct ash_heap *heap, struct ash_record *span, struct ash_block *block);

// Publishes one block at once: for threads that have no heap any more.
void ash_remote_free_now(struct ash_record *span, struct ash_block *block);

// Publishes all that was gathered.
void ash_remote_flush(struct ash_heap *heap);

// Takes back what others have published to this heap's spans. The caller owns or
// tends the heap.
void ash_remote_drain(struct ash_heap *heap);

static inline bool ash_remote_has_news(struct ash_heap *heap) {
    return ash_news_hint(&heap->inbox);
}

#endif
