#include "heap/hard.h"

#include <string.h>

#include "base/bits.h"
#include "heap/state.h"
#include "platform/os.h"
#include "platform/report.h"
#include "supply/run.h"

// Longer ones would find no more: who writes past the end begins there.
enum { HARD_CANARY_MAX = 64 };

struct ash_hard ash_hard;

void ash_hard_boot(uint32_t tier) {
    if (tier == 0) {
        return;
    }
    ash_region.with_states = true;
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        ash_classes[i].cap = 0;
    }
    ash_hard.tier = tier;
    ash_hard.pad = tier >= ASH_HARD_CANARIES ? 1 : 0;
    ash_hard.near = ASH_BLOCK_MAX - ash_hard.pad + 1;
    ash_hard.exact = ash_hard.pad;
    ash_hard.secret = ash_os_random();
}

void ash_hard_guard(void) {
    ash_hard.near = 0;
    ash_hard.exact = 1;
}

// Canaries --------------------------------------------------------------------------------

// Differs from block to block, so that one that was read somewhere is of no use elsewhere. No byte
// is zero: a string that is one too long ends with that.
static uint64_t hard_canary(const void *block) {
    uint64_t mixed = ((uint64_t)(uintptr_t)block ^ ash_hard.secret) * UINT64_C(0x9e3779b97f4a7c15);
    return (mixed ^ mixed >> 32) | UINT64_C(0x0101010101010101);
}

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

void ash_hard_set_canary(void *block, size_t bytes, size_t slack) {
    uint64_t canary = hard_canary(block);
    struct hard_words words = hard_words_of(block, bytes, slack);
    for (char *at = words.first; at < words.end; at += sizeof canary) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        word = (word & ~words.mask) | (canary & words.mask);
        memcpy(at, &word, sizeof word);
        words.mask = UINT64_MAX;
    }
}

void ash_hard_test_canary(const void *block, size_t bytes, size_t slack) {
    uint64_t canary = hard_canary(block);
    struct hard_words words = hard_words_of(block, bytes, slack);
    uint64_t differs = 0;
    for (const char *at = words.first; at < words.end; at += sizeof canary) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        differs |= (word ^ canary) & words.mask;
        words.mask = UINT64_MAX;
    }
    if (ash_unlikely(differs != 0)) {
        ash_report_bad_pointer(ASH_E_OVERFLOW, "overflow", block);
    }
}

// Clear blocks ----------------------------------------------------------------------------

void ash_hard_test_clear(const void *block, size_t bytes) {
    const uint64_t *words = block;
    uint64_t any = 0;
    for (size_t i = 0; i < bytes / sizeof *words; i++) {
        any |= words[i];
    }
    if (ash_unlikely(any != 0)) {
        ash_report_bad_pointer(ASH_E_WRITE_AFTER_FREE, "write after free", block);
    }
}

// Handing out -----------------------------------------------------------------------------

void ash_hard_hand_out_run(struct ash_record *run, size_t bytes) {
    size_t slack = run->run_bytes - bytes;
    if (ash_hard.tier >= ASH_HARD_CANARIES) {
        ash_hard_set_canary(ash_run_start(run), bytes, slack);
    }
    ash_state_set_live(ash_state_at(run, 0), slack);
}
