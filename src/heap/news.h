// How blocks freed by other threads reach the heap that owns their span: the two
// words, and every access to them that others may meet.
//
//   freeing threads                      remote            inbox
//   publish: add a chain   ------------> 0 | n blocks
//   turned it from 0: queue the span ------------------->  0 | span -> span
//                                        owner or tender:
//                                        take <----------- collect
//
//   remote, bit 31      queued: the span is on an inbox, or on its way there
//   remote, bits 16-30  how many blocks are on the chain
//   remote, bits 0-15   where the first one is, in 16-byte steps from the span's start
//
// Only whole lists are taken, by exchange, never a single element: there is no ABA.
// docs/memory-order.md has the proof obligations, and the table of what breaks when
// one of these orders is weaker.
//
// Standard headers only, so that model checkers compile this file as it is.

#ifndef ASH_HEAP_NEWS_H
#define ASH_HEAP_NEWS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/node.h"

enum {
    ASH_NEWS_STEP = 16,  // bytes
    ASH_NEWS_OFFSET_BITS = 16,
    ASH_NEWS_OFFSET_MAX = (1 << ASH_NEWS_OFFSET_BITS) - 1,
    ASH_NEWS_COUNT_MAX = (1 << 15) - 1,
};

static inline uint32_t ash_news_count(uint32_t word) {
    return word >> ASH_NEWS_OFFSET_BITS & ASH_NEWS_COUNT_MAX;
}

static inline struct ash_block *ash_news_head(char *start, uint32_t word) {
    size_t offset = (size_t)(word & ASH_NEWS_OFFSET_MAX) * ASH_NEWS_STEP;
    return (struct ash_block *)(void *)(start + offset);
}

static inline uint32_t ash_news_word(const char *start, const void *head, uint32_t count) {
    size_t offset = (size_t)((const char *)head - start) / ASH_NEWS_STEP;
    return (uint32_t)1 << 31 | count << ASH_NEWS_OFFSET_BITS | (uint32_t)offset;
}

// Puts a list of `count` blocks before the chain of the span that begins at `start`. True if the
// caller now has to queue the span.
static inline bool ash_news_publish(_Atomic uint32_t *remote, char *start, struct ash_block *head,
                                    struct ash_node *last, uint32_t count) {
    uint32_t old = atomic_load_explicit(remote, memory_order_relaxed);
    uint32_t word;
    do {
        ash_node_set_next(last, old == 0 ? NULL : ash_news_head(start, old));
        word = ash_news_word(start, head, count + ash_news_count(old));
        // release: the links, and the freeing threads' last writes to the blocks; pairs
        // with the acquire in ash_news_take. acquire: pairs with its release.
    } while (!atomic_compare_exchange_weak_explicit(remote, &old, word, memory_order_acq_rel,
                                                    memory_order_relaxed));
    return old == 0;
}

// Takes the whole chain. From now on the next to publish queues the span.
static inline uint32_t ash_news_take(_Atomic uint32_t *remote) {
    // acquire: pairs with the release in ash_news_publish. release: the next to queue
    // the span writes its inbox_next, which the caller has read.
    return atomic_exchange_explicit(remote, 0, memory_order_acq_rel);
}

// The chain as it is: for who holds the span's heap and looks, so that nobody takes it
// meanwhile.
static inline uint32_t ash_news_see(_Atomic uint32_t *remote) {
    // acquire: the links; pairs with the release in ash_news_publish.
    return atomic_load_explicit(remote, memory_order_acquire);
}

// Whether a push is on the way, as far as the caller can see.
static inline bool ash_news_none(_Atomic uint32_t *remote) {
    // relaxed: only a hint. A push to the former owner is passed on.
    return atomic_load_explicit(remote, memory_order_relaxed) == 0;
}

// Puts a span on an inbox. Who does it is alone with the span's inbox_next.
static inline void ash_news_queue(_Atomic uint32_t *inbox, uint32_t *inbox_next, uint32_t ticket) {
    uint32_t first = atomic_load_explicit(inbox, memory_order_relaxed);
    do {
        *inbox_next = first;
        // release: inbox_next; pairs with the acquire in ash_news_collect. seq_cst:
        // before the look at the heap's state; heap/tenure.h has the leaver's side.
    } while (!atomic_compare_exchange_weak_explicit(inbox, &first, ticket, memory_order_seq_cst,
                                                    memory_order_relaxed));
}

// Takes all spans off an inbox: the ticket of the first, linked by inbox_next.
static inline uint32_t ash_news_collect(_Atomic uint32_t *inbox) {
    // acquire: pairs with the release in ash_news_queue.
    return atomic_exchange_explicit(inbox, 0, memory_order_acquire);
}

// The ticket of the first span on the inbox, for who holds the heap and looks: the spans stay
// there, and their inbox_next is constant.
static inline uint32_t ash_news_see_inbox(_Atomic uint32_t *inbox) {
    // acquire: inbox_next; pairs with the release in ash_news_queue.
    return atomic_load_explicit(inbox, memory_order_acquire);
}

static inline bool ash_news_hint(_Atomic uint32_t *inbox) {
    // relaxed: only a hint; ash_news_collect synchronises.
    return atomic_load_explicit(inbox, memory_order_relaxed) != 0;
}

#endif
