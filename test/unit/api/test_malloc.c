#include "api/malloc.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "ashlar/ashlar.h"
#include "os_fake.h"
#include "players.h"
#include "support.h"

enum { UNTOUCHED = 77, SMALL = 48, MANY = 3000 };

// Volatile, or the compiler objects to what is asked for.
static volatile size_t largest = SIZE_MAX;

static void *many[MANY];

static bool is_zero(const unsigned char *block, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        if (block[i] != 0) {
            return false;
        }
    }
    return true;
}

CLAIM(every_size_is_had_aligned_and_whole) {
    player_enter(0);
    errno = UNTOUCHED;
    for (size_t bytes = 0; bytes <= (size_t)ASH_RUN_MAX + 1; bytes += 1 + bytes / 7) {
        unsigned char *block = ash_malloc(bytes);
        expect(block != NULL);
        expect_equal((uintptr_t)block % ASH_MIN_ALIGN, 0);
        memset(block, 1, bytes < 70000 ? bytes : 70000);
        expect(ash_usable_size(block) >= bytes);
        ash_free(block);
    }
    expect_equal(errno, UNTOUCHED);
    players_expect_all_free();
}

CLAIM(no_two_blocks_overlap) {
    player_enter(0);
    struct sequence sequence = sequence_from(71);
    static size_t sizes[MANY];
    for (int i = 0; i < MANY; i++) {
        sizes[i] = sequence_below(&sequence, i % 50 == 0 ? 3 * ASH_SLICE_BYTES : 600);
        many[i] = ash_malloc(sizes[i]);
        memset(many[i], i & 255, sizes[i]);
    }
    for (int i = 0; i < MANY; i++) {
        const unsigned char *block = many[i];
        for (size_t at = 0; at < sizes[i]; at++) {
            expect_equal(block[at], i & 255);
        }
        ash_free(many[i]);
    }
    players_expect_all_free();
}

CLAIM(calloc_is_zero_even_where_memory_was_used) {
    player_enter(0);
    const size_t sizes[] = {1,     SMALL,           ASH_FAST_MAX,   ASH_BLOCK_MAX,
                            40000, ASH_SLICE_BYTES, ASH_UNIT_BYTES, (size_t)ASH_RUN_MAX + 1};
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            unsigned char *block = ash_calloc(1, sizes[i]);
            expect(block != NULL);
            size_t bytes = sizes[i] < ASH_UNIT_BYTES ? sizes[i] : 100000;
            expect(is_zero(block, bytes));
            memset(block, 255, bytes);
            ash_free(block);
        }
    }
}

CLAIM(a_product_that_overflows_is_refused) {
    errno = UNTOUCHED;
    expect(ash_calloc(largest / 2 + 1, 2) == NULL);
    expect_equal(errno, ENOMEM);
    errno = UNTOUCHED;
    expect(ash_calloc(largest, largest) == NULL);
    expect_equal(errno, ENOMEM);
    expect(ash_calloc(0, largest) != NULL);
}

CLAIM(what_is_too_large_is_refused) {
    const size_t sizes[] = {largest / 2, largest / 2 + 1, largest, largest - ASH_UNIT_BYTES};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        errno = UNTOUCHED;
        expect(ash_malloc(sizes[i]) == NULL);
        expect_equal(errno, ENOMEM);
        errno = UNTOUCHED;
        expect(ash_calloc(1, sizes[i]) == NULL);
        expect_equal(errno, ENOMEM);
    }
}

CLAIM(free_keeps_errno) {
    player_enter(0);
    void *blocks[] = {ash_malloc(1), ash_malloc(ASH_SLICE_BYTES),
                      ash_malloc((size_t)ASH_RUN_MAX + 1), NULL};
    for (int i = 0; i < 4; i++) {
        errno = UNTOUCHED;
        ash_free(blocks[i]);
        expect_equal(errno, UNTOUCHED);
    }
    ash_free_sized(ash_malloc(10), 10);
    ash_free_aligned_sized(ash_aligned_alloc(64, 10), 64, 10);
    players_expect_all_free();
}

CLAIM(blocks_come_home_from_other_threads) {
    for (int i = 0; i < MANY; i++) {
        player_enter((unsigned)i % 3);
        many[i] = ash_malloc((size_t)i % 700);
        expect(many[i] != NULL);
    }
    for (int i = 0; i < MANY; i++) {
        player_enter((unsigned)(i / 3) % 3);
        ash_free(many[i]);
    }
    for (unsigned visit = 0; visit < 6; visit++) {
        player_enter(visit % 3);
        (void)ash_collect();
    }
    player_enter(0);
    players_expect_all_free();
}

CLAIM(memory_of_others_is_let_alone_and_reported_once) {
    static char theirs[64];
    os_fake_set_quiet(true);
    player_enter(0);
    void *mine = ash_malloc(1);
    for (int i = 0; i < 3; i++) {
        ash_free(theirs + 16);
        expect_text(
            os_fake_text(),
            "ashlar: ASH201: ignoring a free of memory that ashlar did not allocate; ashlar "
            "check shows which allocators the program has\n");
    }
    ash_free(mine);
    players_expect_all_free();
}

CLAIM(somebodys_mapping_inside_the_window_is_let_alone) {
    os_fake_set_quiet(true);
    player_enter(0);
    expect(ash_malloc(1) != NULL);
    char *foreign = (char *)ash_region.base + ASH_UNIT_BYTES;
    os_fake_occupy(foreign, ASH_SLICE_BYTES);
    while (ash_region.active < 3) {
        expect(ash_malloc(ASH_SLICE_BYTES) != NULL);
    }
    ash_free(foreign + 64);
    player_enter(1);  // has no heap yet
    ash_free(foreign + 64);
    expect_text(os_fake_text(),
                "ashlar: ASH201: ignoring a free of memory that ashlar did not allocate; ashlar "
                "check shows which allocators the program has\n");
    expect_equal(ash_usable_size(foreign + 64), 0);
}

// Misuse ---------------------------------------------------------------------------------

static void wrong_start(const char *call, const char *pointer) {
    last_words("ASH103: %s of %#jx: it does not point to the start of a block...", call,
               (uintmax_t)(uintptr_t)pointer);
}

static void nobody_home(const void *pointer) {
    last_words("ASH102: free of %#jx: no block lives there...", (uintmax_t)(uintptr_t)pointer);
}

// A block among others that are in use.
static char *small_block(void) {
    player_enter(0);
    expect(player_heap() != NULL);
    for (int i = 0; i < 7; i++) {
        many[i] = ash_malloc(SMALL);
        expect(many[i] != NULL);
    }
    return many[3];
}

// Lists of free blocks are looked at when they go back to their spans.
DEATH(a_double_free_is_seen_when_the_list_goes_back) {
    char *block = small_block();
    last_words("ASH101: double free of %#jx: it is free already...", (uintmax_t)(uintptr_t)block);
    ash_free(block);
    ash_free(block);
    (void)ash_collect();
}

DEATH(a_double_free_after_the_list_went_back_is_seen) {
    char *block = small_block();
    last_words("ASH101: double free of %#jx: it is free already...", (uintmax_t)(uintptr_t)block);
    ash_free(block);
    (void)ash_collect();
    ash_free(block);
    (void)ash_collect();
}

DEATH(a_free_inside_a_block_is_seen_when_the_list_goes_back) {
    char *inside = small_block() + 16;
    wrong_start("free", inside);
    ash_free(inside);
    (void)ash_collect();
}

DEATH(a_foreign_free_inside_a_block_is_seen_when_it_is_published) {
    char *inside = small_block() + 16;
    wrong_start("free", inside);
    player_enter(1);
    expect(player_heap() != NULL);
    ash_free(inside);
    (void)ash_collect();
}

DEATH(a_double_free_by_two_threads_is_seen) {
    char *block = small_block();
    last_words("ASH101: double free of %#jx: it is free already...", (uintmax_t)(uintptr_t)block);
    ash_free(block);
    (void)ash_collect();
    player_enter(1);
    expect(player_heap() != NULL);
    ash_free(block);
    (void)ash_collect();
    player_enter(0);
    (void)ash_collect();
}

DEATH(a_free_of_slices_in_the_store_is_seen) {
    player_enter(0);
    void *block = ash_malloc(SMALL);
    ash_free(block);
    (void)ash_collect();  // retires the span
    nobody_home(block);
    ash_free(block);
}

DEATH(a_double_free_of_a_run_is_seen) {
    player_enter(0);
    void *run = ash_malloc(3 * ASH_SLICE_BYTES);
    ash_free(run);
    nobody_home(run);
    ash_free(run);
}

DEATH(a_free_inside_a_runs_first_slice_is_seen) {
    player_enter(0);
    char *inside = (char *)ash_malloc(3 * ASH_SLICE_BYTES) + 64;
    wrong_start("free", inside);
    ash_free(inside);
}

DEATH(a_free_inside_a_runs_later_slice_is_seen) {
    player_enter(0);
    char *inside = (char *)ash_malloc(3 * ASH_SLICE_BYTES) + ASH_SLICE_BYTES;
    nobody_home(inside);
    ash_free(inside);
}

DEATH(a_realloc_inside_a_run_is_seen) {
    player_enter(0);
    char *inside = (char *)ash_malloc(3 * ASH_SLICE_BYTES) + 64;
    wrong_start("realloc", inside);
    expect(ash_realloc(inside, 10) == NULL);
}

DEATH(a_realloc_inside_a_block_is_seen) {
    player_enter(0);
    char *inside = (char *)ash_malloc(SMALL) + 16;
    wrong_start("realloc", inside);
    expect(ash_realloc(inside, 1000) == NULL);
}

DEATH(a_realloc_of_others_memory_is_seen) {
    static char theirs[64];
    player_enter(0);
    (void)player_heap();
    wrong_start("realloc", theirs);
    expect(ash_realloc(theirs, 10) == NULL);
}

DEATH(a_realloc_of_a_freed_run_is_seen) {
    player_enter(0);
    char *run = ash_malloc(3 * ASH_SLICE_BYTES);
    wrong_start("realloc", run);
    ash_free(run);
    expect(ash_realloc(run, 10) == NULL);
}

DEATH(a_write_after_a_foreign_free_is_seen) {
    player_enter(0);
    char *first = ash_malloc(SMALL), *second = ash_malloc(SMALL);
    player_enter(1);
    (void)player_heap();
    ash_free(first);
    ash_free(second);
    ash_thread_idle();
    memset(first, 0, SMALL);  // which holds where the second is
    last_words("ASH111: a list of freed blocks was overwritten (write after free?)...");
    player_enter(0);
    (void)ash_collect();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_is_had_aligned_and_whole),
        cmocka_unit_test(no_two_blocks_overlap),
        cmocka_unit_test(calloc_is_zero_even_where_memory_was_used),
        cmocka_unit_test(a_product_that_overflows_is_refused),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(free_keeps_errno),
        cmocka_unit_test(blocks_come_home_from_other_threads),
        cmocka_unit_test(memory_of_others_is_let_alone_and_reported_once),
        cmocka_unit_test(somebodys_mapping_inside_the_window_is_let_alone),
        cmocka_unit_test(a_double_free_is_seen_when_the_list_goes_back),
        cmocka_unit_test(a_double_free_after_the_list_went_back_is_seen),
        cmocka_unit_test(a_free_inside_a_block_is_seen_when_the_list_goes_back),
        cmocka_unit_test(a_foreign_free_inside_a_block_is_seen_when_it_is_published),
        cmocka_unit_test(a_double_free_by_two_threads_is_seen),
        cmocka_unit_test(a_free_of_slices_in_the_store_is_seen),
        cmocka_unit_test(a_double_free_of_a_run_is_seen),
        cmocka_unit_test(a_free_inside_a_runs_first_slice_is_seen),
        cmocka_unit_test(a_free_inside_a_runs_later_slice_is_seen),
        cmocka_unit_test(a_realloc_inside_a_run_is_seen),
        cmocka_unit_test(a_realloc_inside_a_block_is_seen),
        cmocka_unit_test(a_realloc_of_others_memory_is_seen),
        cmocka_unit_test(a_realloc_of_a_freed_run_is_seen),
        cmocka_unit_test(a_write_after_a_foreign_free_is_seen),
    };
    return RUN_TESTS(tests);
}
