#include "heap/remote.h"

#include "base/assert.h"
#include "heap/orphan.h"
#include "heap/span.h"

enum {
    REMOTE_OFFSET_BITS = 16,
    REMOTE_OFFSET_MASK = (1 << REMOTE_OFFSET_BITS) - 1,
    REMOTE_COUNT_MASK = (1 << 15) - 1,
};

static const uint32_t remote_queued = (uint32_t)1 << 31;

_Static_assert(ASH_SLICE_BYTES / ASH_CLASS_STEP <= REMOTE_COUNT_MASK, "a count fits its bits");
_Static_assert(ASH_SPAN_BLOCKS_MIN *ASH_BLOCK_MAX / ASH_CLASS_STEP <= REMOTE_OFFSET_MASK,
               "an offset fits its bits");

static uint32_t remote_count(uint32_t word) {
    return word >> REMOTE_OFFSET_BITS & REMOTE_COUNT_MASK;
}

static struct ash_block *remote_head(const struct ash_record *span, uint32_t word) {
    size_t offset = (size_t)(word & REMOTE_OFFSET_MASK) * ASH_CLASS_STEP;
    return (struct ash_block *)(void *)(ash_record_start(span) + offset);
}

static uint32_t remote_word(const struct ash_record *span, const struct ash_block *head,
                            uint32_t count) {
    size_t offset = (size_t)((const char *)head - ash_record_start(span)) / ASH_CLASS_STEP;
    return remote_queued | count << REMOTE_OFFSET_BITS | (uint32_t)offset;
}

static void remote_push_inbox(struct ash_heap *heap, struct ash_record *span) {
    uint32_t ticket = ash_record_ticket(span);
    uint32_t first = atomic_load_explicit(&heap->inbox, memory_order_relaxed);
    do {
        span->inbox_next = first;
        // release: pairs with the acquire in ash_remote_drain; seq_cst: this push
        // comes before the look at the heap's state (heap/orphan.c has the partner).
    } while (!atomic_compare_exchange_weak_explicit(&heap->inbox, &first, ticket,
                                                    memory_order_seq_cst, memory_order_relaxed));
    if (ash_unlikely(atomic_load_explicit(&heap->state, memory_order_seq_cst) == ASH_HEAP_ORPHAN)) {
        ash_orphan_tend(heap);
    }
}

static void remote_publish(struct ash_record *span, struct ash_block *head, struct ash_block *tail,
                           uint32_t count) {
    uint32_t old = atomic_load_explicit(&span->remote, memory_order_relaxed);
    uint32_t word;
    do {
        tail->next = old == 0 ? NULL : remote_head(span, old);
        word = remote_word(span, head, count + remote_count(old));
        // release: the links, and the freeing threads' last writes to the blocks;
        // pairs with the acquire in ash_remote_drain. seq_cst: this comes before the
        // look at the owner (ash_orphan_adopt has the partner).
    } while (!atomic_compare_exchange_weak_explicit(&span->remote, &old, word, memory_order_seq_cst,
                                                    memory_order_relaxed));
    if (old == 0) {
        remote_push_inbox(atomic_load_explicit(&span->owner, memory_order_seq_cst), span);
    }
}

static void remote_publish_chain(struct ash_heap *heap, struct ash_chain *chain) {
    heap->gathered -= chain->count;
    remote_publish(chain->span, chain->head, chain->tail, chain->count);
    chain->span = NULL;
    chain->count = 0;
}

void ash_remote_free_now(struct ash_record *span, struct ash_block *block) {
    remote_publish(span, block, block, 1);
}

void ash_remote_free(struct ash_heap *heap, struct ash_record *span, struct ash_block *block) {
    struct ash_chain *chain = &heap->chains[ash_record_slice(span) % ASH_GATHER_CHAINS];
    if (chain->span != span) {
        if (chain->span != NULL) {
            remote_publish_chain(heap, chain);
        }
        chain->span = span;
        chain->head = NULL;
        chain->tail = block;
    }
    block->next = chain->head;
    chain->head = block;
    heap->gathered++;
    if (++chain->count >= ash_span_class(span)->gather) {
        remote_publish_chain(heap, chain);
    }
}

void ash_remote_flush(struct ash_heap *heap) {
    for (int i = 0; heap->gathered > 0 && i < ASH_GATHER_CHAINS; i++) {
        if (heap->chains[i].span != NULL) {
            remote_publish_chain(heap, &heap->chains[i]);
        }
    }
}

// Takes in a chain of `count` blocks, which ends with NULL.
static void remote_return(struct ash_heap *heap, struct ash_record *span, struct ash_block *head,
                          uint32_t count) {
    uint32_t marked = ash_span_mark(span, &head);
    ash_check(marked == count && head == NULL,
              "a list of freed blocks was overwritten (write after free?)");
    ash_span_settle(heap, span, count);
}

void ash_remote_drain(struct ash_heap *heap) {
    // acquire: pairs with the release in remote_push_inbox.
    uint32_t ticket = atomic_exchange_explicit(&heap->inbox, 0, memory_order_acquire);
    while (ticket != 0) {
        struct ash_record *span = ash_record_by_ticket(ticket);
        ticket = span->inbox_next;
        struct ash_heap *owner = atomic_load_explicit(&span->owner, memory_order_seq_cst);
        if (ash_unlikely(owner != heap)) {  // adopted while its push was on the way
            remote_push_inbox(owner, span);
            continue;
        }
        // acquire: pairs with the release in remote_publish. release: the next to queue
        // the span writes its inbox_next, which was read above.
        uint32_t word = atomic_exchange_explicit(&span->remote, 0, memory_order_acq_rel);
        remote_return(heap, span, remote_head(span, word), remote_count(word));
    }
}
