// Slots: what a heap has in place of bins when the process is hardened (heap/hard.h).
//
//   slots   | p | p | p | ...   last in, first out; from tier 2 on any of them is drawn
//   ring    oldest -> ... -> newest      tier 3: freed blocks wait here before they go to a slot
//
// Both point to blocks and lie out of the user's memory: nothing that a program writes to a freed
// block leads anywhere. (Blocks that another thread frees are linked on their way home, as they
// always are; each link is tested against the state of what it leads to.)
//
// The heap's own thread alone pushes and pops, without holding the heap; but where blocks leave
// their spans, or go back to them, it is held.
//
// Invariants:
//   INV-SLOTS-1  slots and ring have blocks of this heap, whose state is FREE, each once
//   INV-SLOTS-2  waiting == blocks of the class in the ring

#ifndef ASH_HEAP_SLOTS_H
#define ASH_HEAP_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "heap/hard.h"
#include "heap/heap.h"

enum {
    // The lowest bit of a slot: its block is fresh, cut from its span for the first time, so that
    // nobody knows what it holds. All others were cleared when they were freed.
    ASH_SLOT_FRESH = 1,
    ASH_SLOTS_RING = ASH_HOSTILE ? 8 : 512,
};

struct ash_slots_bin {
    uintptr_t *slots;
    uint32_t count;
    uint32_t cap;
    uint32_t waiting;  // in the ring; others may read it and the count for statistics
};

struct ash_slots {
    struct ash_slots_bin bins[ASH_CLASS_COUNT];
    uint64_t random;
    uint32_t ring_first, ring_count;
    size_t ring_bytes;
    struct ash_block *ring[ASH_SLOTS_RING];
};

// The rare parts of the two functions below. Tier 2: another slot's block is taken, and `last` is
// left there. Tier 3: a block that was not written to since it was freed; to the ring.
uintptr_t ash_slots_draw(struct ash_slots *slots, struct ash_slots_bin *bin, uintptr_t last);
void ash_slots_expect_clear(uintptr_t slot, unsigned class_index);
bool ash_slots_wait(struct ash_slots *slots, unsigned class_index, struct ash_block *block);

// The two of tier 1: the block in the last slot, or NULL if there is none; a freed block in the
// next one, or false if there is no room.
static inline struct ash_block *ash_slots_last(struct ash_heap *heap, unsigned class_index) {
    struct ash_slots_bin *bin = &heap->slots->bins[class_index];
    if (ash_unlikely(bin->count == 0)) {
        return NULL;
    }
    return (struct ash_block *)(bin->slots[--bin->count] & ~(uintptr_t)ASH_SLOT_FRESH);
}

static inline bool ash_slots_fill(struct ash_heap *heap, unsigned class_index,
                                  const struct ash_block *block) {
    struct ash_slots_bin *bin = &heap->slots->bins[class_index];
    if (ash_unlikely(bin->count == bin->cap)) {
        return false;
    }
    bin->slots[bin->count++] = (uintptr_t)block;
    return true;
}

// A block from the slots, or NULL if there is none. Its state is still FREE.
static inline struct ash_block *ash_slots_pop(struct ash_heap *heap, unsigned class_index) {
    struct ash_slots *slots = heap->slots;
    if (ash_unlikely(slots == NULL || slots->bins[class_index].count == 0)) {
        return NULL;
    }
    struct ash_slots_bin *bin = &slots->bins[class_index];
    uintptr_t slot = bin->slots[--bin->count];
    if (ash_hard.tier >= ASH_HARD_CANARIES) {
        slot = ash_slots_draw(slots, bin, slot);
    }
    if (ash_hard.tier >= ASH_HARD_CLEARS) {
        ash_slots_expect_clear(slot, class_index);
    }
    return (struct ash_block *)(slot & ~(uintptr_t)ASH_SLOT_FRESH);
}

// Puts a freed block in. False if there is no room: then nothing has happened.
static inline bool ash_slots_push(struct ash_heap *heap, unsigned class_index,
                                  struct ash_block *block) {
    struct ash_slots *slots = heap->slots;
    if (ash_unlikely(slots == NULL)) {
        return false;
    }
    if (ash_hard.tier >= ASH_HARD_CLEARS) {
        return ash_slots_wait(slots, class_index, block);
    }
    return ash_slots_fill(heap, class_index, block);
}

// Held: the same, makes room.
void ash_slots_push_held(struct ash_heap *heap, unsigned class_index, struct ash_block *block);

// Held: fills the slots with the span's next blocks. False if it has none, or without memory.
bool ash_slots_stock(struct ash_heap *heap, struct ash_record *span);

// Held: takes in a list of `count` blocks of the span that others have freed.
void ash_slots_take_back(struct ash_heap *heap, struct ash_record *span, struct ash_block *list,
                         uint32_t count);

// Held: gives all blocks back to their spans.
void ash_slots_release_all(struct ash_heap *heap);

// Held: the heap's spans are gone, with all that was in them.
void ash_slots_forget(struct ash_heap *heap);

// Blocks of the class in slots and ring, for anybody: right at some moment.
uint32_t ash_slots_ready(const struct ash_heap *heap, unsigned class_index);

#endif
