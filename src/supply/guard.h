// Guarded blocks: sampled ones, each on a page of its own between inaccessible pages.
//
//   pool   | closed | slot 0 | closed | slot 1 | closed | ... | slot n-1 | closed |
//
//   slot   | rest ............. | block |      at the end of its page, or, one in four,
//          | block | rest ............. |      at its beginning
//
// Slots are closed (inaccessible, and without memory) unless a block lives there. A freed one goes
// to the end of a queue, and is used again when all slots that were free before it have been. The
// rest of an open page has a value that must still be there when the block is freed: the ends of a
// block are multiples of 16, so up to 15 bytes behind it are not the page's end.
//
// To everybody else a guarded block is a huge block with an odd size: it is in that index
// (supply/huge.h), with the bytes that were asked for. So what a slot holds, that it is out, and
// whose it is, is known there; here is known what was there, and who did it.
//
// Invariants:
//   INV-GUARD-1  a slot is LIVE exactly while its block is in the index of huge blocks, but for the
//                moments in which it is put there or taken out
//   INV-GUARD-2  a slot is in the queue, or in the hands of one thread, or LIVE

#ifndef ASH_SUPPLY_GUARD_H
#define ASH_SUPPLY_GUARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "platform/stack.h"

enum ash_guard_state { ASH_GUARD_UNUSED, ASH_GUARD_LIVE, ASH_GUARD_FREED };

struct ash_guard_slot {
    _Atomic uint32_t state;

    // Of the last block. Written while the slot is in the hands of one thread.
    uint32_t bytes;  // that were asked for
    char *block;
    struct ash_stack taken, freed;
};

struct ash_guard {
    // Set once, before anybody else looks; constant after. All zero where nothing is guarded.
    uintptr_t start;
    size_t bytes;
    size_t page_bytes;
    size_t count;  // of slots
    struct ash_guard_slot *slots;
};

extern struct ash_guard ash_guard;

// Whether p lies in the pool.
static inline bool ash_guard_contains(const void *p) {
    return ash_unlikely((uintptr_t)p - ash_guard.start < ash_guard.bytes);
}

// Maps the pool. False without memory.
ASH_COLD bool ash_guard_open(size_t count);

// A block of `bytes`, from 1 to a page, at a multiple of `align`, a page at most, that is all zero
// and is not in the index yet. NULL if no slot is free, or the system refuses.
ASH_COLD void *ash_guard_take(size_t bytes, size_t align);

// Ends the life of a block that is in the index no more.
ASH_COLD void ash_guard_give(void *block);

// Draws a number below `count`, which is above 0.
uint64_t ash_guard_draw(uint64_t count);

// The slot whose block an address belongs to: its page's, or of the two pages beside a closed one
// that of the nearer block. NULL if there never was one.
const struct ash_guard_slot *ash_guard_slot_near(const void *p);

// The start of the guarded block that p lies in, or did; p itself if there is none.
const void *ash_guard_start_of(const void *p);

// Around fork.
void ash_guard_fork_prepare(void);
void ash_guard_fork_done(void);

#endif
