// What each block is: free, or handed out and for how many bytes. Kept at hardening tiers above 0
// alone (heap/hard.h), out of the user's memory: a byte for every 16 bytes. The region has the
// table, so that a unit is never without (supply/region.h).
//
//   unit    | slice 0                    | slice 1 ...        user's memory
//   states  | . 5 . . . F . . . A ...    | ...                a byte for each 16 bytes
//             ^ first byte of a block: F free, A freed by another thread and on its way home,
//               else LIVE + slack: handed out, `slack` bytes less were asked for than it holds
//
// F and A have 16 values each, which say what tag the block had (heap/tagged.h): 0 where there are
// no tags, and where no block starts.
// A slack that is too large for that is in the bytes that follow, a bit in each: the block has them
// as well, for it is large then. A run has its state where its first slice begins.
//
//   INV-STATE-1  a block of a span is handed out exactly while its state is not FREE or AWAY
//   INV-STATE-2  where no block of a span starts there is FREE or AWAY, too: so an address at a
//                multiple of 16 is the start of a block that is handed out if its byte says so
//
// Any thread that has a block may read and write its state; the byte changes whole.

#ifndef ASH_HEAP_STATE_H
#define ASH_HEAP_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "supply/region.h"

enum {
    ASH_STATE_FREE,
    ASH_STATE_TAGS = 16,  // above FREE, and above AWAY
    ASH_STATE_AWAY = ASH_STATE_TAGS,
    ASH_STATE_LIVE = 2 * ASH_STATE_TAGS,  // and above
    ASH_STATE_WIDE = 254,                 // 15 bits of slack follow
    ASH_STATE_WIDEST = 255,               // 24 do
    ASH_STATE_SLICE_BYTES = ASH_SLICE_BYTES / 16,
};

typedef _Atomic uint8_t ash_state;

// The states of `slices` slices from this one on become FREE. The caller has just taken them.
void ash_state_clear(const struct ash_record *first, uint32_t slices);

// The state of what lies `offset` bytes behind the start of a span or run.
static inline ash_state *ash_state_at(const struct ash_record *first, size_t offset) {
    size_t slice = ash_record_slice(first);
    return (ash_state *)(ash_region.states + slice * ASH_STATE_SLICE_BYTES + offset / 16);
}

// The same of a block whose record was found by ash_record_of.
static inline ash_state *ash_state_in_window(const void *block) {
    return (ash_state *)(ash_region.states + ash_region_offset(block) / 16);
}

// The rare case of the function below.
ash_state *ash_state_find(const void *block);

// Of any block of a span. No record need be read, but for one in memory that was handed in.
static inline ash_state *ash_state_of(const void *block) {
    if (ash_likely(ash_region_contains(block) && !ash_region_is_foreign(block))) {
        return ash_state_in_window(block);
    }
    return ash_state_find(block);
}

static inline bool ash_state_is_live(const ash_state *state) {
    // relaxed: one byte; what it says of a block that another thread frees just now is old anyway.
    return atomic_load_explicit(state, memory_order_relaxed) >= ASH_STATE_LIVE;
}

static inline uint8_t ash_state_get(const ash_state *state) {
    return atomic_load_explicit(state, memory_order_relaxed);  // as above
}

static inline void ash_state_set(ash_state *state, uint8_t to) {
    // relaxed: who gets the block next gets it through something that orders more.
    atomic_store_explicit(state, to, memory_order_relaxed);
}

// Of a block that is free or away: the tag that it had; whether it is away; and home it is free.
static inline uint8_t ash_state_tag(const ash_state *state) {
    return ash_state_get(state) % ASH_STATE_TAGS;
}

static inline bool ash_state_is_away(const ash_state *state) {
    return ash_state_get(state) / ASH_STATE_TAGS * ASH_STATE_TAGS == ASH_STATE_AWAY;
}

static inline void ash_state_come_home(ash_state *state) {
    ash_state_set(state, (uint8_t)(ASH_STATE_FREE + ash_state_tag(state)));
}

// Handed out, with this much slack.
void ash_state_set_wide(ash_state *state, size_t slack);

static inline void ash_state_set_live(ash_state *state, size_t slack) {
    if (ash_likely(slack < ASH_STATE_WIDE - ASH_STATE_LIVE)) {
        ash_state_set(state, (uint8_t)(ASH_STATE_LIVE + slack));
    } else {
        ash_state_set_wide(state, slack);
    }
}

// The slack of a block that is handed out.
size_t ash_state_slack(const ash_state *state);

#endif
