#include "heap/hard.h"

#include <string.h>

#include "base/bits.h"
#include "heap/state.h"
#include "platform/os.h"
#include "platform/report.h"
#include "platform/tags.h"
#include "supply/fence.h"
#include "supply/run.h"

// Longer ones would find no more: who writes past the end begins there.
enum { HARD_CANARY_MAX = 64 };

void ash_hard_boot(uint32_t tier) {
    if (tier == 0) {
        return;
    }
    ash_region.with_states = true;
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        ash_classes[i].cap = 0;
    }
    ash_hard.tier = tier;
    ash_hard.pad = 1;
    ash_hard.run_pad = tier < ASH_HARD_FENCES ? 1 : 0;
    ash_hard.near = ASH_FAST_MAX;
    ash_hard.exact = 1;
    ash_hard.secret = ash_os_random();
    ash_sealed.keeps_tables = tier >= ASH_HARD_SEALS;
    if (tier >= ASH_HARD_FENCES) {
        ash_fence_boot();
    }
}

void ash_hard_guard(void) {
    ash_hard.near = 0;
    ash_hard.exact = 1;
}

// Where pages are larger than was thought when the library was compiled, something else may be in
// them, and they are let alone.
void ash_hard_seal(void) {
    size_t page = ash_os_page_bytes();
    bool whole = (uintptr_t)&ash_sealed % page == 0 && sizeof ash_sealed % page == 0;
    if (ash_hard.tier >= ASH_HARD_SEALS && whole && ash_os_freeze(&ash_sealed, sizeof ash_sealed)) {
        (void)ash_os_seal(&ash_sealed, sizeof ash_sealed);
    }
}

// Canaries --------------------------------------------------------------------------------

const uint8_t ash_hard_masks[2 * ASH_HARD_NEAR] = {
    0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};

// A canary lies in the words that begin with the one in which the block's bytes end. In that one a
// mask says which bytes are the canary's.
struct hard_words {
    char *first, *end;
    uint64_t mask;
};

static struct hard_words hard_words_of(const void *block, size_t bytes, size_t slack) {
    uintptr_t start = (uintptr_t)block + bytes;
    uintptr_t end = start + ash_min(slack, HARD_CANARY_MAX);
    return (struct hard_words){(char *)ash_round_down(start, sizeof(uint64_t)),
                               (char *)ash_round_down(end, sizeof(uint64_t)),
                               ash_little_endian64(UINT64_MAX << start % sizeof(uint64_t) * 8)};
}

// A canary begins among granules with the block's tag, and goes on in others without
// (heap/tagged.h).
static inline void hard_cross_tags(bool across) {
    if (!ash_tags_on()) {
        return;
    }
    if (across) {
        ash_cpu_tags_ignore();
    } else {
        ash_cpu_tags_heed();
    }
}

void ash_hard_set_canary(void *block, size_t bytes, size_t slack) {
    uint64_t canary = ash_hard_canary(block);
    struct hard_words words = hard_words_of(block, bytes, slack);
    hard_cross_tags(true);
    for (char *at = words.first; at < words.end; at += sizeof canary) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        word = (word & ~words.mask) | (canary & words.mask);
        memcpy(at, &word, sizeof word);
        words.mask = UINT64_MAX;
    }
    hard_cross_tags(false);
}

void ash_hard_test_canary(const void *block, size_t bytes, size_t slack) {
    uint64_t canary = ash_hard_canary(block);
    struct hard_words words = hard_words_of(block, bytes, slack);
    uint64_t differs = 0;
    hard_cross_tags(true);
    for (const char *at = words.first; at < words.end; at += sizeof canary) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        differs |= (word ^ canary) & words.mask;
        words.mask = UINT64_MAX;
    }
    hard_cross_tags(false);
    if (ash_unlikely(differs != 0)) {
        ash_hard_overflowed(block);
    }
}

// What ends the process ---------------------------------------------------------------------

_Noreturn void ash_hard_overflowed(const void *block) {
    ash_report_bad_pointer(ASH_E_OVERFLOW, "overflow", block);
}

_Noreturn void ash_hard_written(const void *block) {
    ash_report_bad_pointer(ASH_E_WRITE_AFTER_FREE, "write after free", block);
}

// Handing out -----------------------------------------------------------------------------

void ash_hard_hand_out_run(struct ash_record *run, size_t bytes) {
    size_t slack = run->run_bytes - bytes;
    ash_hard_set_canary(ash_run_start(run), bytes, slack);
    ash_state_set_live(ash_state_at(run, 0), slack);
}
