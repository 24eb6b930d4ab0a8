// Each claim here was written for a planted fault that no other test caught (test/mutation), or for
// lines that no other test ran (test/coverage).

#include <errno.h>
#include <string.h>

#include "api/helper.h"
#include "api/options.h"
#include "arenas.h"
#include "ashlar/ashlar.h"
#include "os_fake.h"
#include "platform/os.h"
#include "players.h"
#include "supply/huge.h"
#include "support.h"

enum { BLOCKS = 8, STILL_TICKS = 5 };

struct visit {
    ash_heap_t *heaps[2];
    int seen;
};

// Ends the heap that comes next.
static bool end_the_other(ash_heap_t *heap, void *argument) {
    struct visit *visit = argument;
    if (heap != visit->heaps[0] && heap != visit->heaps[1]) {
        return true;
    }
    visit->seen++;
    ash_heap_destroy(visit->heaps[heap == visit->heaps[0] ? 1 : 0]);
    return true;
}

CLAIM(a_heap_that_ended_during_the_visit_is_left_out) {
    player_enter(0);
    struct visit visit = {.heaps = {ash_heap_new(), ash_heap_new()}};
    expect(ash_subproc_visit_heaps(ash_subproc_main(), end_the_other, &visit));
    expect_equal(visit.seen, 1);
}

CLAIM(a_variable_far_from_ours_is_somebody_elses) {
    os_fake_set_quiet(true);
    os_fake_set_env("ASHLAR_PURGE_DELAYABCD", "1");
    ash_options_boot();
    expect_text(os_fake_text(), "");
    os_fake_set_env("ASHLAR_PURGE_DELAYABC", "1");
    ash_options_boot();
    expect(strstr(os_fake_text(), "the nearest is ASHLAR_PURGE_DELAY\n") != NULL);
}

CLAIM(what_other_bins_hold_is_used_before_memory_is_said_to_be_out) {
    player_enter(0);
    ash_free(ash_malloc(48));
    struct ash_heap *mine = player_heap();
    expect(mine->shelves[ash_class_of(48)].current != NULL);
    os_fake_fail_from(OS_FAKE_ANY, 1);
    while (ash_malloc(ASH_BLOCK_MAX) != NULL) {
    }
    expect(mine->shelves[ash_class_of(48)].current == NULL);
}

CLAIM(a_huge_block_beyond_the_limit_is_not_left_mapped) {
    player_enter(0);
    size_t count;
    expect(ash_malloc(1) != NULL);
    ash_heap_set_limit(ash_heap_main(), ASH_RUN_MAX);
    errno = 0;
    expect(ash_malloc_aligned_at((size_t)ASH_RUN_MAX + 1, 64, 8) == NULL);
    expect_equal(errno, ENOMEM);
    expect_equal(ash_huge_total(&count), 0);
    expect_equal(count, 0);
}

CLAIM(a_heap_is_purged_when_it_has_been_still_for_long) {
    player_enter(0);
    void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = ash_malloc(ash_os_page_bytes());
    }
    ash_free(blocks[BLOCKS / 2]);
    ash_thread_idle();
    uint64_t calls = os_fake_tally().calls[OS_FAKE_PURGE];
    for (int i = 0; i <= STILL_TICKS; i++) {
        expect_equal(os_fake_tally().calls[OS_FAKE_PURGE], calls);
        (void)ash_helper_step();
    }
    (void)ash_helper_step();
    expect(os_fake_tally().calls[OS_FAKE_PURGE] > calls);
}

CLAIM(without_memory_there_is_no_heap_and_no_sub_process) {
    player_enter(0);
    expect(ash_malloc(1) != NULL);
    os_fake_fail_from(OS_FAKE_ANY, 1);
    errno = 0;
    while (ash_heap_new() != NULL) {
    }
    expect_equal(errno, ENOMEM);
    errno = 0;
    expect(ash_subproc_new() == NULL);
    expect_equal(errno, ENOMEM);
}

CLAIM(a_run_at_an_offset_that_finds_no_memory_is_not_charged) {
    player_enter(0);
    expect(ash_malloc(1) != NULL);
    size_t bytes;
    os_fake_fail_from(OS_FAKE_ANY, 1);
    do {
        bytes = ash_heap_bytes(ash_heap_main());
    } while (ash_malloc_aligned_at(ASH_SLICE_BYTES, 64, 8) != NULL);
    expect(ash_heap_bytes(ash_heap_main()) <= bytes);
    expect_equal(errno, ENOMEM);
}

CLAIM(a_heap_ends_with_full_and_with_roomy_spans) {
    player_enter(0);
    ash_heap_t *own = ash_heap_new();
    for (size_t i = 0; i < 3 * (size_t)ASH_SLICE_BYTES / 512; i++) {
        void *block = ash_heap_malloc(own, 512);
        expect(block != NULL);
        if (i % 7 == 0) {
            ash_free(block);
        }
    }
    ash_heap_destroy(own);
    players_expect_all_free();
}

CLAIM(a_huge_block_that_shrinks_where_it_is_stays_in_its_heap) {
    player_enter(0);
    ash_heap_t *other = ash_heap_new();
    size_t bytes = ASH_RUN_MAX + 4 * (size_t)ASH_UNIT_BYTES;
    char *block = ash_malloc(bytes);
    block[0] = 1;
    expect(ash_heap_realloc(other, block, bytes - ASH_UNIT_BYTES) == block);
    expect_equal(ash_heap_bytes(other), 0);
    ash_free(block);
    ash_heap_destroy(other);
    players_expect_all_free();
}

CLAIM(a_huge_block_comes_into_an_arena_as_a_copy) {
    ash_arena_t *arena = arenas_make(RESERVED, ASH_RUN_MAX + 4 * (size_t)UNIT);
    ash_heap_t *heap = ash_heap_new_in_arena(arena);
    size_t bytes = ASH_RUN_MAX + (size_t)UNIT;
    char *block = ash_malloc(bytes);
    block[bytes - 1] = 7;
    os_fake_fail_once(1u << OS_FAKE_REMAP, 1);  // it cannot grow where it is
    block = ash_heap_realloc(heap, block, bytes + (size_t)UNIT);
    expect(block != NULL && ash_arena_contains(arena, block));
    expect_equal(block[bytes - 1], 7);
    ash_free(block);
    ash_heap_destroy(heap);
    arenas_unload(arena);
    errno = 0;
    expect(ash_heap_new_in_arena(arena) == NULL);
    expect_equal(errno, ENOMEM);
}

CLAIM(the_least_arena_is_as_large_as_is_said) {
    char *memory = arenas_memory(4 * (size_t)UNIT, ash_arena_min_alignment());
    ash_arena_t *arena = arenas_manage(memory, ash_arena_min_size(), 0);
    expect(ash_arena_contains(arena, memory));
    expect(!ash_arena_contains(arena, memory + ash_arena_min_size()));
    arenas_unload(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_heap_that_ended_during_the_visit_is_left_out),
        cmocka_unit_test(a_variable_far_from_ours_is_somebody_elses),
        cmocka_unit_test(what_other_bins_hold_is_used_before_memory_is_said_to_be_out),
        cmocka_unit_test(a_huge_block_beyond_the_limit_is_not_left_mapped),
        cmocka_unit_test(a_heap_is_purged_when_it_has_been_still_for_long),
        cmocka_unit_test(without_memory_there_is_no_heap_and_no_sub_process),
        cmocka_unit_test(a_run_at_an_offset_that_finds_no_memory_is_not_charged),
        cmocka_unit_test(a_heap_ends_with_full_and_with_roomy_spans),
        cmocka_unit_test(a_huge_block_that_shrinks_where_it_is_stays_in_its_heap),
        cmocka_unit_test(a_huge_block_comes_into_an_arena_as_a_copy),
        cmocka_unit_test(the_least_arena_is_as_large_as_is_said),
    };
    return RUN_TESTS(tests);
}
