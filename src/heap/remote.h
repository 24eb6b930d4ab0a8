// Blocks freed by a thread that does not own their span.
//
// A thread gathers them by span in a few chains of its own, without touching them, and publishes a
// chain, as a list that lies in some of its blocks (heap/node.h), with one atomic operation on the
// span's `remote` word. Who turns the word from 0 pushes the span on the inbox of its owner. The
// owner, when a bin is empty, sorts what is on the inbox by class, and fills the bin with the chain
// of one span. The other chains wait, and may grow, until their class needs blocks, or the heap
// would take another span, or is tended. If the owner has no thread, the pusher tends the heap
// itself.
//
//   remote  ->  inbox  ->  shelf.news  ->  bin, or back in their span
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

#include "base/compiler.h"
#include "heap/heap.h"
#include "heap/news.h"
#include "supply/region.h"

// Gathers a block of somebody else's span. `heap` is the calling thread's.
void ash_remote_free(struct ash_heap *heap, struct ash_record *span, struct ash_block *block);

// The two chains of which one may be the span's.
static inline struct ash_chain *ash_remote_chains(struct ash_heap *heap,
                                                  const struct ash_record *span) {
    // relaxed: the owner asks.
    struct ash_chain *chains = atomic_load_explicit(&heap->chains, memory_order_relaxed);
    // Where n threads take spans in turn, each has every n-th: the lowest bits alone would lead
    // all of one thread's to a few chains. Fibonacci hashing spreads any stride.
    uint32_t slice = (uint32_t)((uintptr_t)span / sizeof(struct ash_record));
    uint64_t hash = slice * 0x9E3779B1u;
    return &chains[hash >> (32 - ASH_GATHER_CHAINS_LOG2 + 1) << 1];
}

static inline uint32_t ash_remote_gathered(const struct ash_chain *chain) {
    // relaxed: the owner asks.
    return atomic_load_explicit(&chain->block_count, memory_order_relaxed);
}

// Puts a block into its span's chain, which has room.
static inline void ash_remote_add(struct ash_heap *heap, struct ash_chain *chain,
                                  struct ash_block *block) {
    uint32_t count = ash_remote_gathered(chain);
    chain->blocks[count] = block;
    // release: the block; pairs with the acquire in ash_look_gathered.
    atomic_store_explicit(&chain->block_count, count + 1, memory_order_release);
    // relaxed: one writer. release: the block was taken out of a bin before; pairs with the
    // acquire in stats_add_gathered.
    size_t bytes = atomic_load_explicit(&heap->gathered_bytes, memory_order_relaxed);
    atomic_store_explicit(&heap->gathered_bytes, bytes + chain->block_bytes, memory_order_release);
}

// The same as ash_remote_free, if the thread gathers blocks of the span already, this one is not
// the chain's last, and not the one that it gathered before. `record` is any of the span's, or of a
// run, or free.
static inline bool ash_remote_join(struct ash_heap *heap, const struct ash_record *record,
                                   struct ash_block *block) {
    const struct ash_record *span = record - record->back;
    struct ash_chain *chain = ash_remote_chains(heap, span);
    chain += chain->span != span;
    uint32_t count = ash_remote_gathered(chain);
    if (ash_unlikely(chain->span != span || count + 1 == chain->cap ||
                     chain->blocks[count - 1] == block)) {
        return false;
    }
    ash_remote_add(heap, chain, block);
    return true;
}

// Publishes one block at once: for threads that have no heap any more.
void ash_remote_free_now(struct ash_record *span, struct ash_block *block);

// Publishes all that was gathered.
void ash_remote_flush(struct ash_heap *heap);

// Held, all four. Puts the spans on the inbox among their classes' news.
void ash_remote_sort(struct ash_heap *heap);

// Fills the class's empty bin with what others have freed of one span. False if there is no news.
bool ash_remote_take(struct ash_heap *heap, unsigned class_index);

// Returns all that others have published to its spans.
void ash_remote_drain(struct ash_heap *heap);

// The same for at most so many spans.
void ash_remote_drain_some(struct ash_heap *heap, uint32_t spans);

static inline bool ash_remote_gathers(const struct ash_heap *heap) {
    // relaxed: the owner asks.
    return atomic_load_explicit(&heap->gathered_bytes, memory_order_relaxed) != 0;
}

static inline bool ash_remote_has_news(struct ash_heap *heap) {
    return ash_news_hint(&heap->inbox);
}

// A hint for who does not hold the heap: others have freed blocks of it that it has not taken.
static inline bool ash_remote_waits(struct ash_heap *heap) {
    return ash_remote_has_news(heap) || ash_heap_news(heap) > 0;
}

#endif
