#include "base/bits.h"

#include "support.h"

enum { ROUNDS = 2000 };

// Bit by bit: whether bits `at` to `at + count - 1` are set.
static bool slow_run_at(uint32_t word, unsigned at, unsigned count) {
    for (unsigned i = at; i < at + count; i++) {
        if (i >= 32 || (word >> i & 1) == 0) {
            return false;
        }
    }
    return true;
}

// Words with runs of all lengths: ones and zeros in stretches.
static uint32_t random_word(struct sequence *sequence) {
    uint32_t word = 0;
    for (unsigned at = 0; at < 32;) {
        unsigned count = 1 + (unsigned)sequence_below(sequence, 32 - at);
        if (sequence_below(sequence, 2) != 0) {
            word |= ash_bits_at(at, count);
        }
        at += count;
    }
    return word;
}

CLAIM(a_power_of_two_has_one_bit) {
    expect(!ash_is_power_of_two(0));
    for (size_t x = 1; x < 5000; x++) {
        size_t power = 1;
        while (power < x) {
            power *= 2;
        }
        expect_equal(ash_is_power_of_two(x), power == x);
    }
    expect(ash_is_power_of_two(SIZE_MAX / 2 + 1));
    expect(!ash_is_power_of_two(SIZE_MAX));
}

CLAIM(rounding_reaches_the_nearest_multiple) {
    for (size_t align = 1; align <= 4096; align *= 2) {
        for (size_t x = 0; x < 3 * align && x < 600; x++) {
            expect_equal(ash_round_up(x, align), (x + align - 1) / align * align);
            expect_equal(ash_round_down(x, align), x / align * align);
        }
    }
}

CLAIM(min_and_max_choose) {
    expect_equal(ash_min(3, 4), 3);
    expect_equal(ash_min(4, 3), 3);
    expect_equal(ash_max(0, SIZE_MAX), SIZE_MAX);
}

CLAIM(log2_finds_the_highest_bit) {
    for (unsigned i = 0; i < sizeof(size_t) * 8; i++) {
        size_t x = (size_t)1 << i;
        expect_equal(ash_log2(x), i);
        expect_equal(ash_log2(x | (x >> 1)), i);
        expect_equal(ash_log2(x | (x - 1)), i);
    }
}

CLAIM(masks_have_the_bits_they_are_asked_for) {
    for (unsigned start = 0; start < 32; start++) {
        for (unsigned count = 1; count <= 32 - start; count++) {
            uint32_t mask = ash_bits_at(start, count);
            for (unsigned i = 0; i < 32; i++) {
                expect_equal(mask >> i & 1, i >= start && i < start + count);
            }
        }
    }
    expect_equal(ash_bits_low(32), UINT32_MAX);
}

CLAIM(runs_are_found_where_a_slow_search_finds_them) {
    struct sequence sequence = sequence_from(1);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t word = random_word(&sequence);
        for (unsigned count = 1; count <= 32; count++) {
            uint32_t runs = ash_bits_runs(word, count);
            for (unsigned i = 0; i < 32; i++) {
                expect_equal(runs >> i & 1, slow_run_at(word, i, count));
            }
        }
    }
}

CLAIM(every_set_bit_is_counted) {
    struct sequence sequence = sequence_from(7);
    expect_equal(ash_popcount32(0), 0);
    expect_equal(ash_popcount32(UINT32_MAX), 32);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t word = random_word(&sequence);
        unsigned count = 0;
        for (unsigned i = 0; i < 32; i++) {
            count += word >> i & 1;
        }
        expect_equal(ash_popcount32(word), count);
    }
}

CLAIM(the_longest_run_is_the_longest) {
    struct sequence sequence = sequence_from(2);
    expect_equal(ash_bits_longest(0), 0);
    expect_equal(ash_bits_longest(UINT32_MAX), 32);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t word = random_word(&sequence);
        unsigned longest = ash_bits_longest(word);
        expect(longest == 0 || ash_bits_runs(word, longest) != 0);
        expect(longest == 32 || ash_bits_runs(word, longest + 1) == 0);
    }
}

CLAIM(next_walks_all_runs_in_order) {
    struct sequence sequence = sequence_from(3);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t word = round == 0 ? UINT32_MAX : random_word(&sequence);
        uint32_t seen = 0;
        unsigned start = 0, count = 0;
        for (unsigned from = 0; ash_bits_next(word, from, &start, &count); from = start + count) {
            expect(start >= from && count >= 1 && start + count <= 32);
            expect(slow_run_at(word, start, count));
            expect(!slow_run_at(word, start, count + 1));
            seen |= ash_bits_at(start, count);
        }
        expect_equal(seen, word);
    }
    unsigned start, count;
    expect(!ash_bits_next(UINT32_MAX, 32, &start, &count));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_power_of_two_has_one_bit),
        cmocka_unit_test(rounding_reaches_the_nearest_multiple),
        cmocka_unit_test(min_and_max_choose),
        cmocka_unit_test(log2_finds_the_highest_bit),
        cmocka_unit_test(masks_have_the_bits_they_are_asked_for),
        cmocka_unit_test(runs_are_found_where_a_slow_search_finds_them),
        cmocka_unit_test(every_set_bit_is_counted),
        cmocka_unit_test(the_longest_run_is_the_longest),
        cmocka_unit_test(next_walks_all_runs_in_order),
    };
    return RUN_TESTS(tests);
}
