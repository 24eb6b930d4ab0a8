#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "ashlar/ashlar.h"
#include "base/config.h"
#include "os_fake.h"
#include "players.h"
#include "supply/huge.h"
#include "supply/region.h"
#include "support.h"

enum { UNTOUCHED = 77, EDGE = 100 };

static const size_t steps[] = {
    1,
    100,
    5000,
    ASH_BLOCK_MAX,
    ASH_BLOCK_MAX + 1,
    ASH_SLICE_BYTES + 1,
    ASH_MOVE_MIN,
    ASH_MOVE_MIN + 1,
    ASH_UNIT_BYTES,
    ASH_RUN_MAX,
    (size_t)ASH_RUN_MAX + 1,
    3 * (size_t)ASH_RUN_MAX,
};

enum { STEPS = sizeof steps / sizeof steps[0] };

static void fill(unsigned char *block, size_t bytes) {
    for (size_t i = 0; i < bytes && i < EDGE; i++) {
        block[i] = (unsigned char)(i + 1);
    }
}

static void expect_filled(const unsigned char *block, size_t bytes) {
    for (size_t i = 0; i < bytes && i < EDGE; i++) {
        expect_equal(block[i], (unsigned char)(i + 1));
    }
}

CLAIM(contents_survive_every_way_of_resizing) {
    player_enter(0);
    for (int moves = 0; moves < 2; moves++) {
        os_fake_set_remap_moves(moves != 0);
        for (int from = 0; from < STEPS; from++) {
            for (int to = 0; to < STEPS; to++) {
                unsigned char *block = ash_malloc(steps[from]);
                expect(block != NULL);
                fill(block, steps[from]);
                errno = UNTOUCHED;
                block = ash_realloc(block, steps[to]);
                expect(block != NULL);
                expect_equal(errno, UNTOUCHED);
                expect_filled(block, steps[from] < steps[to] ? steps[from] : steps[to]);
                expect(ash_usable_size(block) >= steps[to]);
                block[steps[to] - 1] = 1;
                ash_free(block);
            }
        }
    }
    players_expect_all_free();
}

CLAIM(null_allocates_and_zero_frees) {
    player_enter(0);
    void *block = ash_realloc(NULL, 10);
    expect(block != NULL);
    errno = UNTOUCHED;
    expect(ash_realloc(block, 0) == NULL);
    expect_equal(errno, UNTOUCHED);
    expect(ash_realloc(NULL, 0) != NULL);
}

CLAIM(a_block_that_fits_stays) {
    player_enter(0);
    char *block = ash_malloc(1000);
    for (size_t bytes = ash_usable_size(block); bytes >= ash_usable_size(block) / 2; bytes--) {
        expect(ash_realloc(block, bytes) == block);
    }
    char *smaller = ash_realloc(block, 10);
    expect(smaller != block && ash_usable_size(smaller) < 500);
}

CLAIM(a_run_grows_in_place_and_later_by_moving_pages) {
    player_enter(0);
    char *block = ash_malloc(ASH_BLOCK_MAX + 1);
    expect(ash_realloc(block, 4 * ASH_SLICE_BYTES) == block);
    expect(ash_realloc(block, ASH_MOVE_MIN) == block);
    expect(ash_malloc(ASH_SLICE_BYTES) != NULL);  // in the way
    char *moved = ash_realloc(block, 2 * ASH_MOVE_MIN);
    expect(moved != NULL && !ash_region_contains(moved));
    expect(ash_huge_find(moved).bytes >= 2 * ASH_MOVE_MIN);
}

CLAIM(a_failure_leaves_the_block_as_it_was) {
    player_enter(0);
    for (int from = 0; from < STEPS; from++) {
        unsigned char *block = ash_malloc(steps[from]);
        fill(block, steps[from]);
        size_t usable = ash_usable_size(block);
        os_fake_fail_from(OS_FAKE_ANY, 1);
        errno = UNTOUCHED;
        if (ash_realloc(block, 20 * (size_t)ASH_RUN_MAX) == NULL) {
            expect_equal(errno, ENOMEM);
        } else {
            expect(false);
        }
        os_fake_fail_never();
        expect_equal(ash_usable_size(block), usable);
        expect_filled(block, steps[from]);
        errno = UNTOUCHED;
        expect(ash_realloc(block, (size_t)PTRDIFF_MAX + (size_t)from) == NULL);
        expect_equal(errno, ENOMEM);
        expect_filled(block, steps[from]);
        ash_free(block);
    }
    players_expect_all_free();
}

CLAIM(an_array_that_overflows_is_refused) {
    player_enter(0);
    char *block = ash_reallocarray(NULL, 10, 10);
    expect(block != NULL);
    fill((unsigned char *)block, 100);
    errno = UNTOUCHED;
    expect(ash_reallocarray(block, SIZE_MAX / 2 + 1, 2) == NULL);
    expect_equal(errno, ENOMEM);
    expect_filled((unsigned char *)block, 100);
    block = ash_reallocarray(block, 1000, 10);
    expect_filled((unsigned char *)block, 100);
}

CLAIM(anothers_block_can_be_resized) {
    player_enter(0);
    unsigned char *block = ash_malloc(200);
    fill(block, 200);
    player_enter(1);
    block = ash_realloc(block, 3000);
    expect_filled(block, 200);
    ash_free(block);
    (void)ash_collect();
    player_enter(0);
    players_expect_all_free();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contents_survive_every_way_of_resizing),
        cmocka_unit_test(null_allocates_and_zero_frees),
        cmocka_unit_test(a_block_that_fits_stays),
        cmocka_unit_test(a_run_grows_in_place_and_later_by_moving_pages),
        cmocka_unit_test(a_failure_leaves_the_block_as_it_was),
        cmocka_unit_test(an_array_that_overflows_is_refused),
        cmocka_unit_test(anothers_block_can_be_resized),
    };
    return RUN_TESTS(tests);
}
