#include "supply/fit.h"

#include <string.h>

#include "base/bits.h"
#include "base/config.h"
#include "support.h"

enum { UNITS = 1 << (ASH_WINDOW_SHIFT - ASH_UNIT_SHIFT), GROUP = 64 };

// One group longer, as the region's table is: searches read whole groups.
static _Alignas(8) uint8_t best[UNITS + GROUP];

static size_t slow_find(size_t from, unsigned length) {
    for (size_t unit = from; unit < UNITS; unit++) {
        if (best[unit] >= length) {
            return unit;
        }
    }
    return SIZE_MAX;
}

CLAIM(an_empty_index_has_nothing) {
    expect_equal(ash_fit_find(best, 0, 1), SIZE_MAX);
    expect_equal(ash_fit_find(best, UNITS - 1, 32), SIZE_MAX);
    ash_fit_audit(best, UNITS);
}

CLAIM(a_single_unit_is_found_from_everywhere_below) {
    const size_t places[] = {0,    1,         63,        64,        65,       4095,
                             4096, UNITS / 2, UNITS - 2, UNITS - 1, GROUP * 3};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        size_t unit = places[i];
        ash_fit_set(best, unit, 5);
        for (size_t from = 0; from <= unit; from += from < 200 ? 1 : 509) {
            expect_equal(ash_fit_find(best, from, 5), unit);
            expect_equal(ash_fit_find(best, from, 6), SIZE_MAX);
        }
        expect_equal(ash_fit_find(best, unit, 1), unit);
        expect(unit + 1 == UNITS || ash_fit_find(best, unit + 1, 1) == SIZE_MAX);
        ash_fit_set(best, unit, 0);
        expect_equal(ash_fit_find(best, 0, 1), SIZE_MAX);
    }
}

CLAIM(the_lowest_of_several_wins) {
    ash_fit_set(best, 70, 3);
    ash_fit_set(best, 5000, 32);
    ash_fit_set(best, 200, 31);
    expect_equal(ash_fit_find(best, 0, 1), 70);
    expect_equal(ash_fit_find(best, 0, 4), 200);
    expect_equal(ash_fit_find(best, 0, 32), 5000);
    expect_equal(ash_fit_find(best, 201, 1), 5000);
}

static void compare_with_slow(struct sequence *sequence, size_t units) {
    size_t from = sequence_below(sequence, units);
    unsigned length = 1 + (unsigned)sequence_below(sequence, 32);
    expect_equal(ash_fit_find(best, from, length), slow_find(from, length));
}

// In windows of growing size, so that every level's edges are met; most bytes are small, or a
// search would end in its first group.
CLAIM(random_indexes_agree_with_a_slow_search) {
    struct sequence sequence = sequence_from(11);
    for (size_t units = 2; units <= UNITS; units *= 2) {
        for (int step = 0; step < 600; step++) {
            size_t unit = sequence_below(&sequence, units);
            bool large = sequence_below(&sequence, 20) == 0;
            ash_fit_set(best, unit, (unsigned)sequence_below(&sequence, large ? 33 : 4));
            if (units <= 4096 || step % 16 == 0) {
                compare_with_slow(&sequence, units);
            }
        }
        ash_fit_audit(best, units);
    }
}

CLAIM(lowering_the_longest_lowers_its_ancestors) {
    struct sequence sequence = sequence_from(12);
    for (int step = 0; step < 3000; step++) {
        size_t unit = sequence_below(&sequence, 3 * GROUP);
        ash_fit_set(best, unit, (unsigned)sequence_below(&sequence, 33));
        ash_fit_audit(best, 3 * GROUP);
    }
    for (size_t unit = 0; unit < 3 * GROUP; unit++) {
        ash_fit_set(best, unit, 0);
    }
    expect_equal(ash_fit_find(best, 0, 1), SIZE_MAX);
}

DEATH(a_wrong_inner_byte_is_seen) {
    last_words("ASH901: assertion failed: fit_level(i)[group] == fit_group_max(below + group * "
               "FIT_GROUP) at ...");
    ash_fit_set(best, 9, 7);
    best[9] = 8;
    ash_fit_audit(best, GROUP);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_index_has_nothing),
        cmocka_unit_test(a_single_unit_is_found_from_everywhere_below),
        cmocka_unit_test(the_lowest_of_several_wins),
        cmocka_unit_test(random_indexes_agree_with_a_slow_search),
        cmocka_unit_test(lowering_the_longest_lowers_its_ancestors),
    };
    const struct CMUnitTest debug_tests[] = {
        cmocka_unit_test(a_wrong_inner_byte_is_seen),
    };
    return RUN_TESTS(tests) + (ASH_DEBUG ? RUN_TESTS(debug_tests) : 0);
}
