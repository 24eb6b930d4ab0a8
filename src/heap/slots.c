// What is done in slots beyond taking the last one and filling the next.

#include "heap/slots.h"

#include <string.h>

#include "base/assert.h"
#include "base/bits.h"
#include "heap/hard.h"
#include "heap/peek.h"
#include "heap/span.h"
#include "heap/state.h"
#include "platform/os.h"
#include "platform/report.h"
#include "supply/meta.h"

enum {
    SLOTS_DRAWN_MIN = 4,  // to draw from, for classes of which a bin would hold one block
    // What the slots of a class hold: more than a bin, for there is no depot behind them.
    SLOTS_BYTES = 4 * ASH_BIN_BYTES,
    SLOTS_BLOCKS = 4 * ASH_BIN_BLOCKS,
    SLOTS_RING_BYTES = ASH_HOSTILE ? 1024 : 256 * 1024,
};

static uint32_t slots_cap(unsigned class_index) {
    size_t blocks = SLOTS_BYTES / ash_classes[class_index].block_bytes;
    size_t least = ash_hard.tier >= ASH_HARD_DRAWS ? SLOTS_DRAWN_MIN : 1;
    return (uint32_t)ash_min(ash_max(blocks, least), SLOTS_BLOCKS);
}

static ASH_COLD struct ash_slots *slots_make(struct ash_heap *heap) {
    bool both = ash_hard.tier < ASH_HARD_CLEARS;
    size_t total = 0;
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        total += slots_cap(i) * (both ? 2 : 1);
    }
    struct ash_slots *slots = ash_meta_take(sizeof *slots + total * sizeof(uintptr_t));
    if (slots == NULL) {
        return NULL;
    }
    uintptr_t *next = (uintptr_t *)(void *)(slots + 1);
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        struct ash_slots_bin *bin = &slots->bins[i];
        bin->cap = slots_cap(i);
        bin->slots = next;
        bin->block_bytes = ash_classes[i].block_bytes;
        next += bin->cap * (both ? 2 : 1);
    }
    slots->random = ash_os_random();
    heap->slots = slots;
    return slots;
}

static struct ash_block *slots_block(uintptr_t slot) {
    return (struct ash_block *)(slot & ~(uintptr_t)ASH_SLOT_BITS);
}

static uintptr_t slots_slot(const struct ash_block *block) {
    bool far = !ash_region_contains(block) || ash_region_is_foreign(block);
    return (uintptr_t)block | (far ? ASH_SLOT_FAR : 0);
}

// Handing out -----------------------------------------------------------------------------

// What was never freed may hold anything: what was in a run, for instance.
struct ash_block *ash_slots_open(uintptr_t slot, size_t held) {
    struct ash_block *block = slots_block(slot);
    if ((slot & ASH_SLOT_FRESH) != 0) {
        memset(block, 0, held);
    } else if (ash_hard.tier >= ASH_HARD_CLEARS) {
        ash_hard_test_clear(block, held);
    }
    return block;
}

static uint32_t slots_wanted(const struct ash_slots_bin *bin, unsigned class_index) {
    uint32_t least = ash_hard.tier >= ASH_HARD_DRAWS ? SLOTS_DRAWN_MIN : 1;
    return (uint32_t)ash_min(ash_max(ash_classes[class_index].stock, least), bin->cap);
}

bool ash_slots_turn(struct ash_slots *slots, struct ash_slots_bin *bin, bool any) {
    ash_assert(bin->count == 0);
    if (bin->waiting == 0 || ash_hard.tier >= ASH_HARD_CLEARS) {
        return false;
    }
    uint32_t wanted = slots_wanted(bin, (unsigned)(bin - slots->bins));
    if (!any && bin->waiting < wanted) {
        return false;
    }
    uintptr_t *freed = ash_slots_freed(bin);
    for (; bin->count < wanted && bin->waiting > 0; bin->count++) {
        bin->slots[bin->count] = freed[--bin->waiting];
    }
    return true;
}

// Freeing ---------------------------------------------------------------------------------

static bool slots_ring_is_full(const struct ash_slots *slots, size_t bytes) {
    return slots->ring_count == ASH_SLOTS_RING ||
           (slots->ring_count > 0 && slots->ring_bytes + bytes > SLOTS_RING_BYTES);
}

// The oldest one goes to its slots. False if these are full.
static bool slots_ring_out(struct ash_slots *slots) {
    struct ash_slots_bin *bin = &slots->bins[slots->ring_class[slots->ring_first]];
    if (bin->count == bin->cap) {
        return false;
    }
    bin->slots[bin->count++] = slots->ring[slots->ring_first];
    bin->waiting--;
    slots->ring_first = (slots->ring_first + 1) % ASH_SLOTS_RING;
    slots->ring_count--;
    slots->ring_bytes -= bin->block_bytes;
    return true;
}

bool ash_slots_wait(struct ash_slots *slots, unsigned class_index, uintptr_t slot) {
    size_t bytes = slots->bins[class_index].block_bytes;
    while (slots_ring_is_full(slots, bytes)) {
        if (!slots_ring_out(slots)) {
            return false;
        }
    }
    uint32_t newest = (slots->ring_first + slots->ring_count) % ASH_SLOTS_RING;
    slots->ring[newest] = slot;
    slots->ring_class[newest] = (uint8_t)class_index;
    slots->bins[class_index].waiting++;
    slots->ring_count++;
    slots->ring_bytes += bytes;
    return true;
}

bool ash_slots_push(struct ash_heap *heap, unsigned class_index, struct ash_block *block) {
    struct ash_slots *slots = heap->slots;
    if (slots == NULL) {
        return false;
    }
    uintptr_t slot = slots_slot(block);
    return ash_hard.tier >= ASH_HARD_CLEARS ? ash_slots_wait(slots, class_index, slot)
                                            : ash_slots_add(&slots->bins[class_index], slot);
}

// Spans -----------------------------------------------------------------------------------

// One block goes back to its span, which was not there yet.
static void slots_give(struct ash_heap *heap, struct ash_block *block) {
    struct ash_record *span = ash_record_find(block);
    ash_span_mark(heap, span, (size_t)((const char *)block - ash_record_start(span)));
}

// Back in its span a block is not fresh any more, so it must be clear.
static void slots_give_slot(struct ash_heap *heap, uintptr_t slot, size_t held) {
    struct ash_block *block = slots_block(slot);
    if ((slot & ASH_SLOT_FRESH) != 0) {
        memset(block, 0, held);
    }
    slots_give(heap, block);
}

// Of `count` slots all but the `keep` that were filled last. How many there are now.
static uint32_t slots_release(struct ash_heap *heap, uintptr_t *slots, uint32_t count,
                              uint32_t keep, size_t held) {
    uint32_t give = count - (uint32_t)ash_min(keep, count);
    for (uint32_t i = 0; i < give; i++) {
        slots_give_slot(heap, slots[i], held);
    }
    memmove(slots, slots + give, (count - give) * sizeof *slots);
    heap->events.releases += give == 0 ? 0 : 1;
    return count - give;
}

static void slots_release_ready(struct ash_heap *heap, struct ash_slots_bin *bin, uint32_t keep) {
    bin->count = slots_release(heap, bin->slots, bin->count, keep, bin->block_bytes);
}

// Below tier 3, where what waits does not wait in the ring.
static void slots_release_freed(struct ash_heap *heap, struct ash_slots_bin *bin, uint32_t keep) {
    bin->waiting = slots_release(heap, ash_slots_freed(bin), bin->waiting, keep, bin->block_bytes);
}

// Half of what keeps a freed block out.
static void slots_make_room(struct ash_heap *heap, struct ash_slots *slots, unsigned class_index) {
    if (slots->ring_count > 0) {
        class_index = slots->ring_class[slots->ring_first];
    }
    struct ash_slots_bin *bin = &slots->bins[class_index];
    if (ash_hard.tier >= ASH_HARD_CLEARS) {
        slots_release_ready(heap, bin, bin->cap / 2);
    } else {
        slots_release_freed(heap, bin, bin->cap / 2);
    }
}

void ash_slots_push_held(struct ash_heap *heap, unsigned class_index, struct ash_block *block) {
    while (!ash_slots_push(heap, class_index, block)) {
        struct ash_slots *slots = heap->slots;
        if (slots == NULL && slots_make(heap) == NULL) {
            slots_give(heap, block);
            return;
        }
        slots_make_room(heap, heap->slots, class_index);
    }
}

static void slots_add_fresh(struct ash_slots_bin *bin, struct ash_record *span, uint32_t count) {
    size_t block_bytes = ash_span_class(span)->block_bytes;
    uintptr_t start = slots_slot((struct ash_block *)(void *)ash_record_start(span));
    start |= ash_hard.tier >= ASH_HARD_CLEARS ? ASH_SLOT_FRESH : 0;
    for (; count > 0; count--) {
        size_t index = span->carved + count - 1;  // so that the lowest is on top
        bin->slots[bin->count++] = start + index * block_bytes;
    }
}

// The lowest marked blocks, in that order.
static void slots_add_marked(struct ash_slots_bin *bin, struct ash_record *span, uint32_t count) {
    uint64_t *marks = ash_record_marks(span);
    size_t block_bytes = ash_span_class(span)->block_bytes;
    uintptr_t start = slots_slot((struct ash_block *)(void *)ash_record_start(span));
    size_t at = span->lowest_mark;
    while (count > 0) {
        if (marks[at] == 0) {
            at++;
            continue;
        }
        size_t index = at * 64 + (size_t)ash_ctz64(marks[at]);
        marks[at] &= marks[at] - 1;
        bin->slots[bin->count++] = start + index * block_bytes;
        count--;
    }
    span->lowest_mark = at;
}

bool ash_slots_stock(struct ash_heap *heap, struct ash_record *span) {
    const struct ash_class *c = ash_span_class(span);
    if (heap->slots == NULL && slots_make(heap) == NULL) {
        return false;
    }
    struct ash_slots_bin *bin = &heap->slots->bins[span->class_index];
    ash_assert(bin->count == 0);
    uint32_t used = ash_span_used(span);
    uint32_t wanted = slots_wanted(bin, span->class_index);
    uint32_t count;
    if (used < span->carved) {
        count = (uint32_t)ash_min(wanted, span->carved - used);
        slots_add_marked(bin, span, count);
    } else {
        count = (uint32_t)ash_min(wanted, c->blocks - span->carved);
        slots_add_fresh(bin, span, count);
        span->carved += count;
    }
    ash_heap_count(heap, c, (ptrdiff_t)count);
    ash_span_set_used(span, used + count);
    return count > 0;
}

// What a chain says is what the freeing thread has written, and nobody since, if it leads to a
// block of the span that is on its way.
static ash_state *slots_expect_away(struct ash_record *span, const struct ash_block *block) {
    const struct ash_class *c = ash_span_class(span);
    size_t offset = (uintptr_t)block - (uintptr_t)ash_record_start(span);
    ash_state *state = ash_class_starts(c, offset) ? ash_state_at(span, offset) : NULL;
    ash_check(state != NULL && ash_state_is_away(state), ASH_E_LIST_OVERWRITTEN);
    return state;
}

void ash_slots_take_back(struct ash_heap *heap, struct ash_record *span,
                         struct ash_block *const *blocks, uint32_t count) {
    const struct ash_class *c = ash_span_class(span);
    char *start = ash_record_start(span);
    for (uint32_t i = 0; i < count; i++) {
        ash_state *state = slots_expect_away(span, blocks[i]);
        if (ash_hard.tier >= ASH_HARD_CLEARS) {
            ash_hard_test_clear(blocks[i], c->block_bytes);
        }
        ash_state_come_home(state);
        ash_span_mark(heap, span, (size_t)((char *)blocks[i] - start));
    }
}

void ash_slots_release_all(struct ash_heap *heap) {
    struct ash_slots *slots = heap->slots;
    if (slots == NULL) {
        return;
    }
    while (slots->ring_count > 0) {
        if (!slots_ring_out(slots)) {
            slots_make_room(heap, slots, 0);
        }
    }
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        slots_release_ready(heap, &slots->bins[i], 0);
        slots_release_freed(heap, &slots->bins[i], 0);
    }
}

void ash_slots_forget(struct ash_heap *heap) {
    struct ash_slots *slots = heap->slots;
    if (slots == NULL) {
        return;
    }
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        slots->bins[i].count = slots->bins[i].waiting = 0;
    }
    slots->ring_first = slots->ring_count = 0;
    slots->ring_bytes = 0;
}

uint32_t ash_slots_ready(const struct ash_heap *heap, unsigned class_index) {
    if (heap->slots == NULL) {
        return 0;
    }
    const struct ash_slots_bin *bin = &heap->slots->bins[class_index];
    return ash_peek_number(&bin->count) + ash_peek_number(&bin->waiting);
}
