#include "heap/look.h"

#include <string.h>

#include "base/assert.h"
#include "heap/depot.h"
#include "heap/hard.h"
#include "heap/hold.h"
#include "heap/news.h"
#include "heap/orphan.h"
#include "heap/peek.h"
#include "heap/slots.h"
#include "heap/span.h"
#include "heap/tenure.h"
#include "platform/cpu.h"
#include "platform/os.h"

_Static_assert(ASH_CLASS_COUNT <= 64, "a bit for each class");

enum ash_look ash_look_try(struct ash_heap *heap) {
    if (ash_tenure_claim(&heap->state, ASH_HEAP_ACTIVE, ASH_HEAP_BUSY)) {
        return ASH_LOOK_ACTIVE;
    }
    if (ash_tenure_claim(&heap->state, ASH_HEAP_ORPHAN, ASH_HEAP_TENDED)) {
        return ASH_LOOK_ORPHAN;
    }
    // relaxed: a lost heap is lost for good; a spare one is looked at again by who cares.
    uint32_t state = atomic_load_explicit(&heap->state, memory_order_relaxed);
    if (state == ASH_HEAP_LOST) {
        return ASH_LOOK_LOST;
    }
    return state == ASH_HEAP_SPARE ? ASH_LOOK_SPARE : ASH_LOOK_NONE;
}

void ash_look_end(struct ash_heap *heap, enum ash_look look) {
    if (look == ASH_LOOK_ACTIVE) {
        ash_hold_end(heap);
    } else if (look == ASH_LOOK_ORPHAN) {
        ash_orphan_leave(heap);
    }
}

// A block that is being freed may count already, and one that was just taken still.
size_t ash_look_ready(const struct ash_heap *heap, unsigned class_index) {
    const struct ash_class *c = &ash_classes[class_index];
    if (ash_hard_on()) {
        return (size_t)ash_slots_ready(heap, class_index) * c->block_bytes;
    }
    int32_t count = c->cap - ash_peek_room(&heap->bins[class_index].room);
    return (ash_depot_count(heap, class_index) + (size_t)(count < 0 ? 0 : count)) * c->block_bytes;
}

static void look_news(const struct ash_heap *heap, uint32_t ticket,
                      size_t blocks[ASH_CLASS_COUNT]) {
    while (ticket != 0) {
        struct ash_record *span = ash_record_by_ticket(ticket);
        ticket = span->inbox_next;
        if (ash_tenure_owner(&span->owner) == heap) {
            blocks[span->class_index] += ash_news_count(ash_news_see(&span->remote));
        }
    }
}

void ash_look_returning(struct ash_heap *heap, size_t blocks[ASH_CLASS_COUNT]) {
    look_news(heap, ash_news_see_inbox(&heap->inbox), blocks);
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        look_news(heap, heap->shelves[i].news, blocks);
    }
}

// Bins ----------------------------------------------------------------------------------

// What looks like a link may be anything that the program has written.
static bool look_is_in(const struct ash_bin *bin, const struct ash_record *record) {
    return record != NULL && ash_peek_byte(&record->kind) == ASH_KIND_SPAN &&
           ash_peek_bin(record) == bin;
}

static bool look_is_block(const struct ash_bin *bin, const struct ash_block *block) {
    const struct ash_record *record = ash_region_contains(block) ? ash_record_of(block) : NULL;
    return (uintptr_t)block % ASH_CLASS_STEP == 0 &&
           (look_is_in(bin, record) || look_is_in(bin, ash_arena_record_of(block)));
}

// False if the list is none: it has changed meanwhile.
static bool look_follow(const struct ash_heap *heap, unsigned class_index, struct ash_block *block,
                        struct ash_look_list *list) {
    const struct ash_bin *bin = &heap->bins[class_index];
    uint32_t end = list->count + (uint32_t)ash_classes[class_index].cap;
    for (; block != NULL; block = ash_peek_block(&block->next)) {
        if (list->count == end || !look_is_block(bin, block)) {
            return false;
        }
        list->blocks[list->count++] = block;
    }
    return true;
}

static bool look_pass(const struct ash_heap *heap, uint64_t classes, bool running,
                      struct ash_look_list *list) {
    struct ash_block *heads[ASH_CLASS_COUNT];
    if (running) {
        ash_os_barrier();
    }
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        heads[i] = ash_peek_block(&heap->bins[i].head);
    }
    if (running) {
        ash_os_barrier();
    }
    bool whole = true;
    list->count = 0;
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        if ((classes >> i & 1) != 0) {
            whole &= look_follow(heap, i, heads[i], list);
        }
    }
    return whole;
}

static bool look_agrees(const struct ash_look_list *a, const struct ash_look_list *b) {
    return a->count == b->count &&
           memcmp(a->blocks, b->blocks, a->count * sizeof a->blocks[0]) == 0;
}

const struct ash_look_list *ash_look_bins(struct ash_heap *heap, uint64_t classes, bool running,
                                          struct ash_look_list lists[2]) {
    if (!running) {
        (void)look_pass(heap, classes, false, &lists[0]);
        return &lists[0];
    }
    ash_heap_shut(heap);
    bool whole = look_pass(heap, classes, true, &lists[0]);
    for (unsigned pass = 1;; pass++) {
        // Its thread moves less often than that.
        ash_check(pass < 2 * ASH_LOOK_BLOCKS, ASH_E_LIST_OVERWRITTEN);
        bool before = whole;
        whole = look_pass(heap, classes, true, &lists[pass % 2]);
        if (before && whole && look_agrees(&lists[0], &lists[1])) {
            break;
        }
    }
    ash_heap_open(heap);
    return &lists[0];
}

// Depots --------------------------------------------------------------------------------

void ash_look_depot(const struct ash_heap *heap, unsigned class_index, ash_look_see *see,
                    void *argument) {
    const struct ash_bin *bin = &heap->bins[class_index];
    struct ash_block *magazine = heap->shelves[class_index].depot;
    struct ash_block *block = magazine;
    // A lost heap may show anything.
    for (size_t left = ash_depot_count(heap, class_index); left > 0 && look_is_block(bin, block);
         left--) {
        see(argument, ash_record_find(block), block);
        block = block->next;
        if (block == NULL) {
            magazine = ash_depot_below(magazine);
            block = magazine;
        }
    }
}

// Chains --------------------------------------------------------------------------------

// False if a chain is on its way for good: its thread was left behind by fork.
static bool look_wait(struct ash_heap *gatherer) {
    // acquire: the heads; pairs with the release in remote_publish_chain.
    while (atomic_load_explicit(&gatherer->publishing, memory_order_acquire) % 2 != 0) {
        if (atomic_load_explicit(&gatherer->state, memory_order_relaxed) == ASH_HEAP_LOST) {
            return false;
        }
        ash_cpu_pause();
        ash_os_sleep(0);
    }
    return true;
}

// A chain ends where it did when it was begun, or goes on with the span's remote chain: all of it
// lies in one span.
static void look_chain(const struct ash_record *span, struct ash_block *block, ash_look_see *see,
                       void *argument) {
    const struct ash_bin *bin = span->bin;
    for (uint32_t count = 0; block != NULL && count < ash_span_class(span)->blocks; count++) {
        ash_check(look_is_block(bin, block), ASH_E_LIST_OVERWRITTEN);
        see(argument, span, block);
        block = ash_peek_block(&block->next);
    }
}

void ash_look_gathered(struct ash_heap *gatherer, const struct ash_heap *owner, ash_look_see *see,
                       void *argument) {
    if (!look_wait(gatherer)) {
        return;
    }
    // acquire: that they were empty; pairs with the release in remote_begin.
    struct ash_chain *chains = atomic_load_explicit(&gatherer->chains, memory_order_acquire);
    for (int i = 0; i < ASH_GATHER_CHAINS; i++) {
        // acquire: the links; pairs with the release in ash_remote_link.
        struct ash_block *head = atomic_load_explicit(&chains[i].newest, memory_order_acquire);
        // A head of another heap's span may be out of date by now; whose it is shows.
        struct ash_record *record = head == NULL ? NULL : ash_record_of(head);
        if (record != NULL && ash_tenure_owner(&record->owner) == owner) {
            look_chain(record - record->back, head, see, argument);
        }
    }
}

void ash_look_remote(struct ash_record *span, ash_look_see *see, void *argument) {
    uint32_t word = ash_news_see(&span->remote);
    struct ash_block *block = ash_news_head(ash_record_start(span), word);
    for (uint32_t count = ash_news_count(word); count > 0; count--) {
        see(argument, span, block);
        block = ash_peek_block(&block->next);
    }
}
