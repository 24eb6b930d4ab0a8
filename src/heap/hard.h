// Hardening: what is checked at tiers above 0, chosen when the process starts (option harden).
//
// The fast paths know nothing of it. At such a tier no class has a cap: bins have room for no
// block and are never stocked, so every malloc finds its bin empty, every free finds it full, and
// both take the slow path by themselves. There, a heap has slots in place of bins (heap/slots.h),
// and what each block is says its state (heap/state.h).
//
//   tier 1   every free is checked: that a block starts there, that it is handed out, and where
//            the caller says it, how large it is
//   tier 2   blocks are drawn at random; behind each is at least one byte that is its
//            canary, tested when it is freed and resized
//   tier 3   blocks are cleared when they are freed, and must still be clear when they are handed
//            out again; freed blocks wait before they are
//
//   | what was asked for | canary: at most 64 bytes | rest |
//   ^ block                                                 ^ block + block_bytes

#ifndef ASH_HEAP_HARD_H
#define ASH_HEAP_HARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/compiler.h"
#include "heap/heap.h"
#include "heap/state.h"

enum {
    ASH_HARD_CHECKS = 1,    // the tier from which on frees are checked
    ASH_HARD_CANARIES = 2,  // random places and canaries
    ASH_HARD_CLEARS = 3,    // cleared blocks that wait
};

struct ash_hard {
    uint32_t tier;
    uint32_t pad;     // bytes that are asked for in addition, so that there is a canary
    uint32_t near;    // smaller requests may be met from slots at once
    uint32_t exact;   // 1: blocks may have no more than was asked for, so nobody counts on it
    uint64_t secret;  // canaries are made of it
};

// All zero at tier 0; set at boot, constant after. But `near` and `exact` change once more where
// blocks are guarded: ash_hard_guard.
extern struct ash_hard ash_hard;

static inline bool ash_hard_on(void) {
    return ash_unlikely(ash_hard.tier != 0);
}

// After the classes, before the region.
void ash_hard_boot(uint32_t tier);

// From now on blocks are guarded: all requests go the way on which they are counted (api/guard.h).
// While the process has one thread, or none that allocates here.
void ash_hard_guard(void);

// Writes the canary of a block of which `bytes` were asked for, and which holds `slack` more.
void ash_hard_set_canary(void *block, size_t bytes, size_t slack);

// A block of a span, or a run, of which `bytes` were asked for, is handed out.
static inline void ash_hard_hand_out(struct ash_block *block, unsigned class_index, size_t bytes) {
    bytes = ash_max(bytes, ash_hard.pad);  // of none the program is told that it may use one
    size_t slack = ash_classes[class_index].block_bytes - bytes;
    if (ash_hard.tier >= ASH_HARD_CANARIES) {
        ash_hard_set_canary(block, bytes, slack);
    }
    ash_state_set_live(ash_state_of(block), slack);
}

void ash_hard_hand_out_run(struct ash_record *run, size_t bytes);

// Ends the process if the canary behind a block was written to. `bytes` were asked for, and it
// holds `slack` more.
void ash_hard_test_canary(const void *block, size_t bytes, size_t slack);

// Ends the process if the block was written to since it was freed.
void ash_hard_test_clear(const void *block, size_t bytes);

#endif
