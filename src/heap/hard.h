// Hardening: what is checked at tiers above 0, chosen when the process starts (option harden).
//
// The fast paths know nothing of it. At such a tier no class has a cap: bins have room for no
// block and are never stocked, so every malloc finds its bin empty, every free finds it full, and
// both take the slow path by themselves. There, a heap has slots in place of bins (heap/slots.h),
// and what each block is says its state (heap/state.h).
//
//   tier 1   every free is checked: that a block starts there, that it is handed out, and where
//            the caller says it, how large it is; behind it is at least one byte that is its
//            canary, tested when it is freed and resized
//   tier 2   blocks are drawn at random
//   tier 3   blocks are cleared when they are freed, and must still be clear when they are handed
//            out again; freed blocks wait before they are; behind larger ones than spans have
//            is an inaccessible page (supply/fence.h); what boot has decided is read-only
//            (base/sealed.h)
//   tier 4   where the processor has memory tags, what is asked for has a tag, as has the
//            pointer to it (heap/tagged.h)
//
//   | what was asked for | canary: at most 64 bytes | rest |
//   ^ block                                                 ^ block + block_bytes

#ifndef ASH_HEAP_HARD_H
#define ASH_HEAP_HARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bits.h"
#include "base/compiler.h"
#include "base/sealed.h"
#include "heap/heap.h"
#include "heap/state.h"

enum {
    ASH_HARD_CANARIES = 1,  // the tier from which on frees are checked, and what lies behind blocks
    ASH_HARD_DRAWS = 2,     // random places
    ASH_HARD_TYPES = 2,     // types have realms of their own (api/typed.c)
    ASH_HARD_CLEARS = 3,    // cleared blocks that wait
    ASH_HARD_FENCES = 3,    // inaccessible pages behind large blocks
    ASH_HARD_SEALS = 3,     // what is constant after boot cannot be written to
    ASH_HARD_TAGS = 4,      // memory tags; if the process has them, ash_tags_on says

    // A slack that is no longer than this lies in the last two words of its block.
    ASH_HARD_NEAR = 16,
};

// Set at boot, constant after (base/sealed.h); all zero at tier 0. But `near` and `exact` change
// once more where blocks are guarded: ash_hard_guard.
#define ash_hard ash_sealed.hard

static inline bool ash_hard_on(void) {
    return ash_unlikely(ash_hard.tier != 0);
}

// After the classes, before the region.
void ash_hard_boot(uint32_t tier);

// From now on blocks are guarded: all requests go the way on which they are counted (api/guard.h).
// While the process has one thread, or none that allocates here.
void ash_hard_guard(void);

// From now on nobody changes what is in base/sealed.h: it is read-only, if the system permits.
// Nothing below tier 3.
ASH_COLD void ash_hard_seal(void);

// What the canary of a block is made of: differs from block to block, so that one that was read
// somewhere is of no use elsewhere. No byte is zero: a string that is one too long ends with that.
static inline uint64_t ash_hard_canary(const void *block) {
    uint64_t mixed = ((uint64_t)(uintptr_t)block ^ ash_hard.secret) * UINT64_C(0x9e3779b97f4a7c15);
    return (mixed ^ mixed >> 32) | UINT64_C(0x0101010101010101);
}

// Writes the canary of a block of which `bytes` were asked for, and which holds `slack` more.
void ash_hard_set_canary(void *block, size_t bytes, size_t slack);

// Ends the process if the canary behind a block was written to. `bytes` were asked for, and it
// holds `slack` more.
void ash_hard_test_canary(const void *block, size_t bytes, size_t slack);

// The two for a slack of 1 to ASH_HARD_NEAR bytes: two words, of which a mask says what is the
// canary's, and no loop. The masks begin `slack` bytes behind the start of these.
extern const uint8_t ash_hard_masks[2 * ASH_HARD_NEAR];

struct ash_hard_words {
    uint64_t words[2];
};

static inline struct ash_hard_words ash_hard_words_at(const void *from) {
    struct ash_hard_words found;
    memcpy(&found, from, sizeof found);
    return found;
}

static inline void ash_hard_set_near(void *block, size_t held, size_t slack) {
    uint64_t canary = ash_hard_canary(block);
    char *at = (char *)block + held - ASH_HARD_NEAR;
    struct ash_hard_words mask = ash_hard_words_at(ash_hard_masks + slack);
    struct ash_hard_words now = ash_hard_words_at(at);
    now.words[0] ^= (now.words[0] ^ canary) & mask.words[0];
    now.words[1] ^= (now.words[1] ^ canary) & mask.words[1];
    memcpy(at, &now, sizeof now);
}

ASH_COLD _Noreturn void ash_hard_overflowed(const void *block);

static inline void ash_hard_test_near(const void *block, size_t held, size_t slack) {
    uint64_t canary = ash_hard_canary(block);
    struct ash_hard_words mask = ash_hard_words_at(ash_hard_masks + slack);
    struct ash_hard_words now = ash_hard_words_at((const char *)block + held - ASH_HARD_NEAR);
    if (ash_unlikely((((now.words[0] ^ canary) & mask.words[0]) |
                      ((now.words[1] ^ canary) & mask.words[1])) != 0)) {
        ash_hard_overflowed(block);
    }
}

// A block of a span that holds `held`, or a run, of which `bytes` were asked for, is handed out.
static inline void ash_hard_hand_out(struct ash_block *block, size_t held, size_t bytes) {
    bytes = ash_max(bytes, ash_hard.pad);  // of none the program is told that it may use one
    size_t slack = held - bytes;
    ash_hard_set_canary(block, bytes, slack);
    ash_state_set_live(ash_state_of(block), slack);
}

void ash_hard_hand_out_run(struct ash_record *run, size_t bytes);

ASH_COLD _Noreturn void ash_hard_written(const void *block);

// Ends the process if the block, of a multiple of 16 bytes, was written to since it was freed.
static inline void ash_hard_test_clear(const void *block, size_t bytes) {
    uint64_t any = 0;
    for (const char *at = block, *end = at + bytes; at < end; at += sizeof(struct ash_hard_words)) {
        struct ash_hard_words found = ash_hard_words_at(at);
        any |= found.words[0] | found.words[1];
    }
    if (ash_unlikely(any != 0)) {
        ash_hard_written(block);
    }
}

#endif
