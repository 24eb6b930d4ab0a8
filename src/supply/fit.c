#include "supply/fit.h"

#include <string.h>

#include "base/assert.h"
#include "base/bits.h"
#include "base/config.h"

// A search that ends at a level's last group looks one group further: every inner
// level is that much longer than its units need.
enum {
    FIT_SHIFT = 6,
    FIT_GROUP = 1 << FIT_SHIFT,
    FIT_LEVELS = 4,
    FIT_UNITS_LOG2 = ASH_WINDOW_SHIFT - ASH_UNIT_SHIFT,
    FIT_UNITS = (1 << FIT_UNITS_LOG2) + ASH_ARENA_STEP + ASH_ARENA_UNITS,
    FIT_LENGTH_1 = (FIT_UNITS >> FIT_SHIFT) + 1 + FIT_GROUP,
    FIT_LENGTH_2 = (FIT_LENGTH_1 >> FIT_SHIFT) + FIT_GROUP,
    FIT_LENGTH_3 = 2 * FIT_GROUP,
    // Where the inner levels start: the longest last, so that a small heap touches one page.
    FIT_START_2 = FIT_LENGTH_3,
    FIT_START_1 = FIT_START_2 + (FIT_LENGTH_2 + 7) / 8 * 8,
};

_Static_assert(FIT_UNITS < 1 << FIT_LEVELS * FIT_SHIFT, "the top level is one group");

// Zero pages until used: only `best` grows with the region.
static ASH_FAR_FIRST _Alignas(8) uint8_t fit_inner[FIT_START_1 + FIT_LENGTH_1];
static const uint16_t fit_starts[FIT_LEVELS] = {0, FIT_START_1, FIT_START_2, 0};

static uint8_t *fit_level(int i) {
    return fit_inner + fit_starts[i];
}

static const uint64_t fit_ones = 0x0101010101010101u;
static const uint64_t fit_highs = 0x8080808080808080u;

static uint64_t fit_word(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return ash_little_endian64(word);
}

static uint8_t fit_group_max(const uint8_t *group) {
    uint8_t max = 0;
    for (int i = 0; i < FIT_GROUP; i++) {
        max = group[i] > max ? group[i] : max;
    }
    return max;
}

void ash_fit_set(uint8_t *best, size_t unit, unsigned longest) {
    uint8_t *level = best;
    uint8_t now = (uint8_t)longest;
    for (int i = 1;; i++) {
        uint8_t was = level[unit];
        level[unit] = now;
        if (was == now || i == FIT_LEVELS) {
            return;
        }
        uint8_t parent = fit_level(i)[unit >> FIT_SHIFT];
        if (now < parent) {
            if (was != parent) {
                return;  // a neighbour is the longest, and stays it
            }
            now = fit_group_max(level + ash_round_down(unit, FIT_GROUP));
        }
        unit >>= FIT_SHIFT;
        level = fit_level(i);
    }
}

// The first index at or above `from`, within its group of 64, that holds `length`
// at least; SIZE_MAX if none. Bytes are at most 32, so adding 128 - length sets a
// byte's high bit exactly if it is large enough.
static size_t fit_scan(const uint8_t *level, size_t from, unsigned length) {
    size_t at = ash_round_down(from, 8);
    uint64_t keep = ~(uint64_t)0 << (from - at) * 8;
    for (; at < ash_round_down(from, FIT_GROUP) + FIT_GROUP; at += 8) {
        uint64_t hits = (fit_word(level + at) + fit_ones * (128 - length)) & fit_highs & keep;
        if (hits != 0) {
            return at + (size_t)ash_ctz64(hits) / 8;
        }
        keep = ~(uint64_t)0;
    }
    return SIZE_MAX;
}

size_t ash_fit_find(const uint8_t *best, size_t from, unsigned length) {
    const uint8_t *const levels[FIT_LEVELS] = {best, fit_level(1), fit_level(2), fit_level(3)};
    int up = 0;
    size_t at = fit_scan(best, from, length);
    for (; at == SIZE_MAX; at = fit_scan(levels[up], from, length)) {
        if (++up == FIT_LEVELS) {
            return SIZE_MAX;
        }
        from = (from >> FIT_SHIFT) + 1;  // the group after the one just read
    }
    while (up > 0) {
        up--;
        at = fit_scan(levels[up], at << FIT_SHIFT, length);
    }
    return at;
}

void ash_fit_audit(const uint8_t *best, size_t units) {
    const uint8_t *below = best;
    for (int i = 1; i < FIT_LEVELS; i++) {
        units = (units + FIT_GROUP - 1) >> FIT_SHIFT;
        for (size_t group = 0; group < units; group++) {
            ash_assert(fit_level(i)[group] == fit_group_max(below + group * FIT_GROUP));
        }
        below = fit_level(i);
    }
}
