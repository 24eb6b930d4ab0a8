// Slots: what a heap has in place of bins when the process is hardened (heap/hard.h).
//
//   slots   | p | p | p | ...   last in, first out; from tier 2 on one of the last 16
//   freed   | p | p | ...       tiers 1 and 2: freed blocks wait here until no slot is filled
//   ring    oldest -> ... -> newest      tier 3: freed blocks wait here before they go to a slot
//
// So a block that was freed is not handed out at once, and a second free finds it free. All three
// point to blocks and lie out of the user's memory: nothing that a program writes to a freed block
// leads anywhere. (Blocks that another thread frees are linked on their way home, as they always
// are; each link is tested against the state of what it leads to.)
//
// The heap's own thread alone pushes and pops, without holding the heap; but where blocks leave
// their spans, or go back to them, it is held.
//
// Invariants:
//   INV-SLOTS-1  slots, freed and ring have blocks of this heap, whose state is FREE, each once
//   INV-SLOTS-2  waiting == blocks of the class in freed or ring

#ifndef ASH_HEAP_SLOTS_H
#define ASH_HEAP_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/compiler.h"
#include "heap/hard.h"
#include "heap/heap.h"

enum {
    // The lowest bit of a slot: its block is fresh, cut from its span for the first time, so that
    // nobody knows what it holds (tier 3). All others were cleared when they were freed.
    ASH_SLOT_FRESH = 1,
    // The next bit: its block lies in memory that was handed in, where its state is looked for.
    ASH_SLOT_FAR = 2,
    ASH_SLOT_BITS = ASH_SLOT_FRESH | ASH_SLOT_FAR,
    ASH_SLOTS_RING = ASH_HOSTILE ? 8 : 512,
    // From how many slots one is drawn, where that many are filled: from more costs what caches
    // have.
    ASH_SLOTS_DRAWN = 16,
};

struct ash_slots_bin {
    uintptr_t *slots;
    uint32_t count;
    uint32_t cap;      // of slots and freed, one behind the other
    uint32_t waiting;  // in freed or ring; others may read it and the count for statistics
    uint32_t block_bytes;
};

struct ash_slots {
    struct ash_slots_bin bins[ASH_CLASS_COUNT];
    struct ash_slots_bin none;  // always empty, behind the others as in the heap
    uint64_t random;
    uint32_t ring_first, ring_count;
    size_t ring_bytes;
    uintptr_t ring[ASH_SLOTS_RING];  // slots
    uint8_t ring_class[ASH_SLOTS_RING];
};

// Where blocks of `bytes` are in a heap with slots, at most ASH_FAST_MAX: its table says so.
static inline struct ash_slots_bin *ash_slots_for(const struct ash_heap *heap, size_t bytes) {
    size_t at = heap->bin_at[(bytes + ASH_CLASS_STEP - 1) / ASH_CLASS_STEP];
    size_t units = at - offsetof(struct ash_heap, bins) / ASH_BIN_UNIT;
    size_t unit = sizeof(struct ash_slots_bin) * ASH_BIN_UNIT / sizeof(struct ash_bin);
    return (struct ash_slots_bin *)(void *)((char *)heap->slots->bins + units * unit);
}

_Static_assert(sizeof(struct ash_slots_bin) * ASH_BIN_UNIT % sizeof(struct ash_bin) == 0,
               "a unit of bin_at is a whole number of bytes of slots");

// The bin is not empty. The slot that was filled last; or, from tier 2 on, one of those that were,
// and the last one takes its place. A generator with one product, whose high bits are its best, and
// which is done when the slot is on its way.
static inline uintptr_t ash_slots_last(struct ash_slots_bin *bin) {
    return bin->slots[--bin->count];
}

static inline uintptr_t ash_slots_drawn(struct ash_slots *slots, struct ash_slots_bin *bin) {
    uint64_t random = slots->random;
    slots->random = random * UINT64_C(0xd1342543de82ef95) + 1;
    uint64_t below = random / (UINT64_MAX / ASH_SLOTS_DRAWN + 1);
    if (ash_unlikely(bin->count < ASH_SLOTS_DRAWN)) {
        below = (random >> 32) * bin->count >> 32;
    }
    uintptr_t *last = &bin->slots[--bin->count];
    uintptr_t slot = last[-(ptrdiff_t)below];
    last[-(ptrdiff_t)below] = *last;
    return slot;
}

static inline uintptr_t *ash_slots_freed(const struct ash_slots_bin *bin) {
    return bin->slots + bin->cap;
}

// To the freed ones. False if there is no room: then nothing has happened.
static inline bool ash_slots_add(struct ash_slots_bin *bin, uintptr_t slot) {
    if (ash_unlikely(bin->waiting == bin->cap)) {
        return false;
    }
    ash_slots_freed(bin)[bin->waiting++] = slot;
    return true;
}

// No slot is filled: those of the freed blocks that caches still have move in, as many as the heap
// takes from its spans at a time, the oldest of them on top. False if fewer wait, unless `any`
// number will do.
bool ash_slots_turn(struct ash_slots *slots, struct ash_slots_bin *bin, bool any);

// The block in a slot that was taken out. At tier 3 it is clear, or the process ends.
struct ash_block *ash_slots_open(uintptr_t slot, size_t held);

// To the ring. False if there is no room for what leaves it.
bool ash_slots_wait(struct ash_slots *slots, unsigned class_index, uintptr_t slot);

// A block from the slots, or NULL if there is none and they do not turn. Its state is still FREE.
static inline struct ash_block *ash_slots_pop(struct ash_heap *heap, unsigned class_index,
                                              bool any) {
    struct ash_slots *slots = heap->slots;
    if (ash_unlikely(slots == NULL)) {
        return NULL;
    }
    struct ash_slots_bin *bin = &slots->bins[class_index];
    if (ash_unlikely(bin->count == 0 && !ash_slots_turn(slots, bin, any))) {
        return NULL;
    }
    bool draws = ash_hard.tier >= ASH_HARD_DRAWS;
    return ash_slots_open(draws ? ash_slots_drawn(slots, bin) : ash_slots_last(bin),
                          bin->block_bytes);
}

// Puts a freed block in. False if there is no room: then nothing has happened.
bool ash_slots_push(struct ash_heap *heap, unsigned class_index, struct ash_block *block);

// Held: the same, makes room.
void ash_slots_push_held(struct ash_heap *heap, unsigned class_index, struct ash_block *block);

// Held: fills the slots with the span's next blocks. False if it has none, or without memory.
bool ash_slots_stock(struct ash_heap *heap, struct ash_record *span);

// Held: takes in a list of `count` blocks of the span that others have freed.
void ash_slots_take_back(struct ash_heap *heap, struct ash_record *span,
                         struct ash_block *const *blocks, uint32_t count);

// Held: gives all blocks back to their spans.
void ash_slots_release_all(struct ash_heap *heap);

// Held: the heap's spans are gone, with all that was in them.
void ash_slots_forget(struct ash_heap *heap);

// Blocks of the class in slots and ring, for anybody: right at some moment.
uint32_t ash_slots_ready(const struct ash_heap *heap, unsigned class_index);

#endif
