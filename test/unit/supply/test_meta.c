#include "supply/meta.h"

#include <string.h>

#include "base/config.h"
#include "os_fake.h"
#include "support.h"

static bool is_zero(const char *start, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        if (start[i] != 0) {
            return false;
        }
    }
    return true;
}

CLAIM(what_is_taken_is_zero_aligned_and_apart) {
    struct sequence sequence = sequence_from(21);
    char *taken[200];
    size_t sizes[200];
    for (int i = 0; i < 200; i++) {
        sizes[i] = 1 + sequence_below(&sequence, i % 20 == 0 ? 100000 : 3000);
        taken[i] = ash_meta_take(sizes[i]);
        expect(taken[i] != NULL);
        expect_equal((uintptr_t)taken[i] % ASH_CACHE_LINE, 0);
        expect(is_zero(taken[i], sizes[i]));
        memset(taken[i], i + 1, sizes[i]);
    }
    for (int i = 0; i < 200; i++) {
        for (size_t at = 0; at < sizes[i]; at++) {
            expect_equal((unsigned char)taken[i][at], i + 1);
        }
    }
    expect_equal(os_fake_tally().mapped_bytes, ash_meta_bytes());
}

CLAIM(small_pieces_share_a_mapping) {
    expect_equal(ash_meta_bytes(), 0);
    char *first = ash_meta_take(1);
    char *second = ash_meta_take(1);
    expect_equal(second - first, ASH_CACHE_LINE);
    expect_equal(os_fake_tally().calls[OS_FAKE_MAP], 1);
}

CLAIM(what_is_left_of_a_mapping_is_used_after_a_large_piece) {
    char *first = ash_meta_take(1);
    expect(ash_meta_take(1 << 20) != NULL);
    expect(ash_meta_take(1) == first + ASH_CACHE_LINE);
}

CLAIM(without_memory_nothing_is_taken_and_nothing_is_lost) {
    os_fake_fail_once(1 << OS_FAKE_MAP, 1);
    expect(ash_meta_take(100) == NULL);
    expect_equal(ash_meta_bytes(), 0);
    expect(ash_meta_take(100) != NULL);
    size_t mapped = ash_meta_bytes();
    os_fake_fail_from(1 << OS_FAKE_MAP, 1);
    expect(ash_meta_take(1 << 20) == NULL);
    expect(ash_meta_take(100) != NULL);  // what was mapped is still used
    expect_equal(ash_meta_bytes(), mapped);
}

CLAIM(large_pages_are_kept_to) {
    os_fake_set_page_bytes(65536);
    expect(ash_meta_take(70000) != NULL);
    expect_equal(ash_meta_bytes(), 131072);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_is_zero_aligned_and_apart),
        cmocka_unit_test(small_pieces_share_a_mapping),
        cmocka_unit_test(what_is_left_of_a_mapping_is_used_after_a_large_piece),
        cmocka_unit_test(without_memory_nothing_is_taken_and_nothing_is_lost),
        cmocka_unit_test(large_pages_are_kept_to),
    };
    return RUN_TESTS(tests);
}
