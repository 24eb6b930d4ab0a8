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
    if (heap->bins[class_index].end == NULL) {
        return 0;
    }
    struct ash_block **top = ash_peek_top(&heap->bins[class_index].top);
    size_t count = (size_t)(top - ash_bin_bottom(heap, class_index));
    return (ash_depot_count(heap, class_index) + count) * c->block_bytes;
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

static bool look_is_in(const struct ash_bin *bin, const struct ash_record *record) {
    return record != NULL && ash_peek_byte(&record->kind) == ASH_KIND_SPAN &&
           ash_peek_bin(record) == bin;
}

// What is said to be a block of a bin's class may be anything that the program has written.
static bool look_is_block(const struct ash_bin *bin, const struct ash_block *block) {
    const struct ash_record *record = ash_region_contains(block) ? ash_record_of(block) : NULL;
    return (uintptr_t)block % ASH_CLASS_STEP == 0 &&
           (look_is_in(bin, record) || look_is_in(bin, ash_arena_record_of(block)));
}

struct look_bin {
    struct ash_block *head;
    struct ash_block **top;
};

static void look_add_bin(const struct ash_heap *heap, unsigned class_index,
                         const struct look_bin *bin, struct ash_look_list *list) {
    if (bin->top == NULL) {
        return;
    }
    struct ash_block *last = NULL;
    for (struct ash_block **at = ash_bin_bottom(heap, class_index) + 1; at < bin->top; at++) {
        last = ash_peek_block(at);
        list->blocks[list->count++] = last;
    }
    if (bin->head != last) {
        list->blocks[list->count++] = bin->head;
    }
}

static void look_pass(const struct ash_heap *heap, uint64_t classes, bool running,
                      struct ash_look_list *list) {
    struct look_bin bins[ASH_CLASS_COUNT];
    if (running) {
        ash_os_barrier();
    }
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        bins[i].head = ash_peek_block(&heap->bins[i].head);
        bins[i].top = ash_peek_top(&heap->bins[i].top);
    }
    if (running) {
        ash_os_barrier();
    }
    list->count = 0;
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        if ((classes >> i & 1) != 0) {
            look_add_bin(heap, i, &bins[i], list);
        }
    }
}

static bool look_agrees(const struct ash_look_list *a, const struct ash_look_list *b) {
    return a->count == b->count &&
           memcmp(a->blocks, b->blocks, a->count * sizeof a->blocks[0]) == 0;
}

const struct ash_look_list *ash_look_bins(struct ash_heap *heap, uint64_t classes, bool running,
                                          struct ash_look_list lists[2]) {
    if (!running) {
        look_pass(heap, classes, false, &lists[0]);
        return &lists[0];
    }
    ash_heap_shut(heap);
    unsigned pass = 0;
    look_pass(heap, classes, true, &lists[0]);
    do {
        look_pass(heap, classes, true, &lists[++pass % 2]);
    } while (!look_agrees(&lists[0], &lists[1]));
    ash_heap_open(heap);
    return &lists[0];
}

// Depots --------------------------------------------------------------------------------

// False if it is none: a lost heap may show anything.
static bool look_see(const struct ash_bin *bin, struct ash_block *block, ash_look_see *see,
                     void *argument) {
    if (!look_is_block(bin, block)) {
        return false;
    }
    see(argument, ash_record_find(block), block);
    return true;
}

void ash_look_depot(const struct ash_heap *heap, unsigned class_index, ash_look_see *see,
                    void *argument) {
    const struct ash_bin *bin = &heap->bins[class_index];
    const struct ash_magazine *magazine = heap->shelves[class_index].depot;
    for (; magazine != NULL; magazine = magazine->below) {
        for (uint32_t i = 0; i < ash_classes[class_index].magazine; i++) {
            if (!look_see(bin, magazine->blocks[i], see, argument)) {
                return;
            }
        }
    }
}

// Chains --------------------------------------------------------------------------------

// False if a chain is on its way for good: its thread was left behind by fork.
static bool look_wait(struct ash_heap *gatherer) {
    // acquire: the counts; pairs with the release in remote_publish_chain.
    while (atomic_load_explicit(&gatherer->publishing, memory_order_acquire) % 2 != 0) {
        if (atomic_load_explicit(&gatherer->state, memory_order_relaxed) == ASH_HEAP_LOST) {
            return false;
        }
        ash_cpu_pause();
        ash_os_sleep(0);
    }
    return true;
}

void ash_look_gathered(struct ash_heap *gatherer, const struct ash_heap *owner, ash_look_see *see,
                       void *argument) {
    if (!look_wait(gatherer)) {
        return;
    }
    // acquire: that they were empty; pairs with the release in remote_begin.
    struct ash_chain *chains = atomic_load_explicit(&gatherer->chains, memory_order_acquire);
    for (int i = 0; i < ASH_GATHER_CHAINS; i++) {
        // acquire: the blocks; pairs with the release in ash_remote_add.
        uint32_t count = atomic_load_explicit(&chains[i].block_count, memory_order_acquire);
        for (uint32_t k = 0; k < count; k++) {
            // It may be of another chain by now: whose it is shows.
            struct ash_block *block = ash_peek_block(&chains[i].blocks[k]);
            struct ash_record *record = ash_record_of(block);
            if (ash_tenure_owner(&record->owner) == owner) {
                see(argument, record - record->back, block);
            }
        }
    }
}

// Nobody takes it meanwhile.
void ash_look_remote(struct ash_record *span, ash_look_see *see, void *argument) {
    const struct ash_bin *bin = span->bin;
    uint32_t word = ash_news_see(&span->remote);
    struct ash_block *block = ash_news_head(ash_record_start(span), word);
    for (uint32_t count = ash_news_count(word); count > 0;) {
        ash_check(look_see(bin, block, see, argument), ASH_E_LIST_OVERWRITTEN);
        const struct ash_node *node = ash_node_of(block);
        uint32_t held = ash_node_count(node);
        ash_check(held < count, ASH_E_LIST_OVERWRITTEN);
        for (uint32_t i = 0; i < held; i++) {
            ash_check(look_see(bin, node->blocks[i], see, argument), ASH_E_LIST_OVERWRITTEN);
        }
        count -= held + 1;
        block = ash_node_next(node);
    }
}
