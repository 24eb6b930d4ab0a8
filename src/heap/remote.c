#include "heap/remote.h"

#include <string.h>

#include "base/assert.h"
#include "heap/hard.h"
#include "heap/news.h"
#include "heap/orphan.h"
#include "heap/slots.h"
#include "heap/span.h"
#include "heap/tenure.h"
#include "platform/report.h"
#include "supply/meta.h"

_Static_assert((size_t)ASH_NEWS_STEP == ASH_CLASS_STEP, "blocks start at multiples of it");
_Static_assert(ASH_SLICE_BYTES / ASH_CLASS_STEP <= ASH_NEWS_COUNT_MAX, "a count fits its bits");
_Static_assert(ASH_SPAN_BLOCKS_MIN *ASH_BLOCK_MAX / ASH_CLASS_STEP <= ASH_NEWS_OFFSET_MAX,
               "an offset fits its bits");

enum { REMOTE_AT_ONCE = 64 };

static void remote_push_inbox(struct ash_heap *heap, struct ash_record *span) {
    ash_news_queue(&heap->inbox, &span->inbox_next, ash_record_ticket(span));
    if (ash_unlikely(ash_tenure_is(&heap->state, ASH_HEAP_ORPHAN))) {
        ash_orphan_tend(heap);
    }
}

static void remote_publish(struct ash_record *span, struct ash_block *const *blocks,
                           uint32_t count) {
    const struct ash_class *c = ash_span_class(span);
    uintptr_t start = (uintptr_t)ash_record_start(span);
    uint32_t room = ash_node_room(c->block_bytes);
    // Only nodes are written to.
    for (uint32_t i = 0; i < count; i += room + 1) {
        if (ash_unlikely(!ash_class_starts(c, (uintptr_t)blocks[i] - start))) {
            ash_span_refuse_start(blocks[i]);
        }
    }
    struct ash_node *last = ash_node_link(blocks, count, room);
    if (ash_news_publish(&span->remote, ash_record_start(span), blocks[0], last, count)) {
        remote_push_inbox(ash_tenure_owner(&span->owner), span);
    }
}

// For who looks at the heap (heap/look.h): the blocks are gathered, or published, or
// `publishing` is odd. They are counted once at most, and in any case not twice.
static void remote_publish_chain(struct ash_heap *heap, struct ash_chain *chain) {
    uint32_t count = ash_remote_gathered(chain);
    // relaxed: one writer. ash_news_publish orders it before what is published.
    size_t bytes = atomic_load_explicit(&heap->gathered_bytes, memory_order_relaxed);
    bytes -= (size_t)count * chain->block_bytes;
    atomic_store_explicit(&heap->gathered_bytes, bytes, memory_order_relaxed);
    uint32_t publishing = atomic_load_explicit(&heap->publishing, memory_order_relaxed);
    atomic_store_explicit(&heap->publishing, publishing + 1, memory_order_relaxed);
    remote_publish(chain->span, chain->blocks, count);
    atomic_store_explicit(&chain->block_count, 0, memory_order_relaxed);
    chain->span = NULL;
    // release: the count; pairs with the acquire in ash_look_gathered.
    atomic_store_explicit(&heap->publishing, publishing + 2, memory_order_release);
}

void ash_remote_free_now(struct ash_record *span, struct ash_block *block) {
    remote_publish(span, &block, 1);
}

// False without memory.
static bool remote_begin(struct ash_heap *heap) {
    // relaxed: the owner asks.
    if (atomic_load_explicit(&heap->chains, memory_order_relaxed) != ash_remote_none) {
        return true;
    }
    struct remote_chains {
        struct ash_chain chains[ASH_GATHER_CHAINS];
        struct ash_block *blocks[ASH_GATHER_CHAINS][ASH_GATHER_BLOCKS];
    } *all = ash_meta_take(sizeof *all);
    if (all == NULL) {
        return false;
    }
    for (size_t i = 0; i < ASH_GATHER_CHAINS; i++) {
        all->chains[i].blocks = all->blocks[i];
    }
    // release: that they are empty; pairs with the acquire in ash_look_gathered.
    atomic_store_explicit(&heap->chains, all->chains, memory_order_release);
    return true;
}

// The span's chain, or the one that is to be its: an empty one, or else that which is nearer
// to its last block, and would be published first anyway.
static struct ash_chain *remote_choose(struct ash_heap *heap, const struct ash_record *span) {
    struct ash_chain *first = ash_remote_chains(heap, span);
    struct ash_chain *second = first + 1;
    if (first->span == span || second->span == span) {
        return first->span == span ? first : second;
    }
    if (first->span == NULL || second->span == NULL) {
        return first->span == NULL ? first : second;
    }
    bool sooner =
        first->cap - ash_remote_gathered(first) < second->cap - ash_remote_gathered(second);
    return sooner ? first : second;
}

void ash_remote_free(struct ash_heap *heap, struct ash_record *span, struct ash_block *block) {
    if (ash_unlikely(!remote_begin(heap))) {
        ash_remote_free_now(span, block);
        return;
    }
    struct ash_chain *chain = remote_choose(heap, span);
    if (chain->span != span) {
        if (chain->span != NULL) {
            remote_publish_chain(heap, chain);
        }
        const struct ash_class *c = ash_span_class(span);
        chain->span = span;
        chain->cap = c->gather;
        chain->block_bytes = c->block_bytes;
    }
    uint32_t count = ash_remote_gathered(chain);
    if (count > 0 && chain->blocks[count - 1] == block) {
        ash_report_bad_pointer(ASH_E_DOUBLE_FREE, "double free", block);
    }
    ash_remote_add(heap, chain, block);
    if (count + 1 == chain->cap) {
        remote_publish_chain(heap, chain);
    }
}

void ash_remote_flush(struct ash_heap *heap) {
    struct ash_chain *chain = atomic_load_explicit(&heap->chains, memory_order_relaxed);
    for (; ash_remote_gathers(heap); chain++) {
        if (chain->span != NULL) {
            remote_publish_chain(heap, chain);
        }
    }
}

void ash_remote_sort(struct ash_heap *heap) {
    uint32_t ticket = ash_news_collect(&heap->inbox);
    while (ticket != 0) {
        struct ash_record *span = ash_record_by_ticket(ticket);
        ticket = span->inbox_next;
        struct ash_heap *owner = ash_tenure_owner(&span->owner);
        if (ash_unlikely(owner != heap)) {  // adopted while its push was on the way
            remote_push_inbox(owner, span);
            continue;
        }
        struct ash_shelf *shelf = &heap->shelves[span->class_index];
        span->inbox_next = shelf->news;
        shelf->news = ash_record_ticket(span);
        heap->news_classes |= (uint64_t)1 << span->class_index;
        ash_heap_count_news(heap, 1);
    }
}

// Takes the chain of the first span among a class's news, which ends with NULL. NULL: there is
// none.
static struct ash_block *remote_pop(struct ash_heap *heap, unsigned class_index,
                                    struct ash_record **span, uint32_t *count) {
    struct ash_shelf *shelf = &heap->shelves[class_index];
    if (shelf->news == 0) {
        return NULL;
    }
    *span = ash_record_by_ticket(shelf->news);
    shelf->news = (*span)->inbox_next;
    if (shelf->news == 0) {
        heap->news_classes &= ~((uint64_t)1 << class_index);
    }
    ash_heap_count_news(heap, -1);
    uint32_t word = ash_news_take(&(*span)->remote);
    *count = ash_news_count(word);
    heap->events.returned += *count;
    return ash_news_head(ash_record_start(*span), word);
}

// What a node says of another block of the span, which may be none that starts there: the program
// has freed it so.
static inline void remote_expect(const struct ash_class *c, uintptr_t start,
                                 const struct ash_block *block) {
    size_t offset = (uintptr_t)block - start;
    if (ash_unlikely(!ash_class_starts(c, offset))) {
        ash_check(offset < (size_t)c->slices << ASH_SLICE_SHIFT && offset % ASH_CLASS_STEP == 0,
                  ASH_E_LIST_OVERWRITTEN);
        ash_span_refuse_start(block);
    }
}

// Moves the blocks at the front of a chain, which all lie in the span, to `blocks`: whole nodes, of
// at most `count` blocks together. Returns how many.
static uint32_t remote_pour(const struct ash_record *span, struct ash_block **chain, uint32_t count,
                            struct ash_block **blocks) {
    const struct ash_class *c = ash_span_class(span);
    uintptr_t start = (uintptr_t)ash_record_start(span);
    uint32_t poured = 0;
    while (*chain != NULL) {
        ash_check(ash_class_starts(c, (uintptr_t)*chain - start), ASH_E_LIST_OVERWRITTEN);
        struct ash_node *node = ash_node_of(*chain);
        uint32_t held = ash_node_count(node);
        ash_check(held <= ash_node_room(c->block_bytes), ASH_E_LIST_OVERWRITTEN);
        if (poured + held + 1 > count) {
            break;
        }
        *chain = ash_node_next(node);
        ash_node_unlink(node, held, blocks + poured);
        for (uint32_t i = 1; i <= held; i++) {
            remote_expect(c, start, blocks[poured + i]);
        }
        poured += held + 1;
        if (ash_hard_on()) {  // all of a block is clear at tier 3
            memset(node, 0, (held + 1) * sizeof(void *));
        }
    }
    return poured;
}

static void remote_return(struct ash_heap *heap, struct ash_record *span, struct ash_block *chain,
                          uint32_t count) {
    struct ash_block *blocks[REMOTE_AT_ONCE];
    while (chain != NULL) {
        uint32_t some = remote_pour(span, &chain, REMOTE_AT_ONCE, blocks);
        ash_check(some <= count, ASH_E_LIST_OVERWRITTEN);
        if (ash_hard_on()) {
            ash_slots_take_back(heap, span, blocks, some);
        } else {
            ash_span_return(heap, span->class_index, blocks, some);
        }
        count -= some;
    }
    ash_check(count == 0, ASH_E_LIST_OVERWRITTEN);
}

// Makes the span the current one, so that its other blocks go next.
static void remote_prefer(struct ash_heap *heap, struct ash_record *span) {
    struct ash_record *current = heap->shelves[span->class_index].current;
    if (current != span) {
        ash_span_stand_down(heap, span->class_index);
        ash_span_lift(heap, span);
        ash_span_put(heap, span, ASH_PLACE_CURRENT);
    }
}

// There is news of the class: whether its next chain is longer than the bin, and the current
// span has marked blocks. Then these go first: the chain waits, and may become all of its span.
static bool remote_can_wait(const struct ash_heap *heap, unsigned class_index) {
    const struct ash_shelf *shelf = &heap->shelves[class_index];
    const struct ash_record *current = shelf->current;
    if (current == NULL || ash_span_used(current) == current->carved) {
        return false;
    }
    // relaxed: a hint.
    uint32_t word =
        atomic_load_explicit(&ash_record_by_ticket(shelf->news)->remote, memory_order_relaxed);
    return ash_news_count(word) > (uint32_t)ash_classes[class_index].cap;
}

bool ash_remote_take(struct ash_heap *heap, unsigned class_index) {
    ash_assert(ash_bin_count(heap, class_index) == 0);
    if (heap->shelves[class_index].news == 0 || remote_can_wait(heap, class_index)) {
        return false;
    }
    struct ash_record *span;
    uint32_t count;
    struct ash_block *chain = remote_pop(heap, class_index, &span, &count);
    if (chain == NULL) {
        return false;
    }
    uint32_t wanted = (uint32_t)ash_min(count, (size_t)ash_classes[class_index].cap);
    uint32_t poured = remote_pour(span, &chain, wanted, ash_bin_blocks(heap, class_index));
    ash_bin_set_count(heap, class_index, poured);
    if (chain != NULL || poured < count) {
        remote_prefer(heap, span);  // first, for the current span is not retired
        remote_return(heap, span, chain, count - poured);
    }
    return poured > 0;
}

void ash_remote_drain(struct ash_heap *heap) {
    ash_remote_drain_some(heap, UINT32_MAX);
}

void ash_remote_drain_some(struct ash_heap *heap, uint32_t spans) {
    ash_remote_sort(heap);
    for (; heap->news_classes != 0 && spans > 0; spans--) {
        struct ash_record *span;
        uint32_t count;
        unsigned class_index = (unsigned)ash_ctz64(heap->news_classes);
        struct ash_block *head = remote_pop(heap, class_index, &span, &count);
        remote_return(heap, span, head, count);
    }
}
