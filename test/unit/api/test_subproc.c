#include <errno.h>

#include "ashlar/ashlar.h"
#include "heap/realm.h"
#include "os_fake.h"
#include "players.h"
#include "support.h"

enum { HEAPS = 5 };

static bool count_heap(ash_heap_t *heap, void *count) {
    expect(heap != NULL);
    ++*(int *)count;
    return true;
}

static int heaps_of(ash_subproc_t *subproc) {
    int count = 0;
    expect(ash_subproc_visit_heaps(subproc, count_heap, &count));
    return count;
}

CLAIM(a_thread_that_joins_allocates_from_its_sub_process) {
    player_enter(0);
    void *before = ash_malloc(24);
    ash_subproc_t *subproc = ash_subproc_new();
    expect(ash_subproc_current() == ash_subproc_main() && subproc != NULL);
    player_enter(1);
    expect_equal(ash_subproc_add_current_thread(subproc), 0);
    expect_equal(ash_subproc_add_current_thread(subproc), 0);
    expect(ash_subproc_current() == subproc);
    expect(ash_heap_main() != NULL && ash_heap_main() != ash_heap_of(before));
    void *small = ash_malloc(24);
    void *large = ash_malloc(ASH_BLOCK_MAX + 1);
    ash_heap_t *heap = ash_heap_new();
    void *of_heap = ash_heap_malloc(heap, 24);
    expect(ash_heap_of(small) == ash_heap_main() && ash_heap_of(large) == ash_heap_main());
    expect_equal(heaps_of(subproc), 2);
    ash_heap_delete(heap);
    expect(ash_heap_of(of_heap) == ash_heap_main());  // of the sub-process
    player_enter(0);
    expect(ash_heap_of(small) != ash_heap_main());
    ash_free(small);
    ash_free(large);
    ash_free(of_heap);
    ash_free(before);
    player_enter(1);
    (void)ash_collect();
    player_end();
    player_enter(0);
    players_expect_all_free();
}

CLAIM(destroying_ends_all_heaps_once_its_threads_have_ended) {
    player_enter(0);
    ash_subproc_t *subproc = ash_subproc_new();
    player_enter(1);
    expect_equal(ash_subproc_add_current_thread(subproc), 0);
    for (int i = 0; i < HEAPS; i++) {
        ash_heap_t *heap = ash_heap_new();
        expect(ash_heap_malloc(heap, 100) != NULL);
        expect(ash_heap_malloc(heap, ASH_BLOCK_MAX + 1) != NULL);
        expect(ash_malloc((size_t)ASH_RUN_MAX + 1) != NULL);
        expect(ash_malloc(100) != NULL);
    }
    expect_equal(heaps_of(subproc), HEAPS + 1);
    player_enter(0);
    expect_equal(ash_subproc_destroy(subproc), EBUSY);
    expect_equal(heaps_of(subproc), HEAPS + 1);
    player_enter(1);
    player_end();
    player_enter(0);
    expect_equal(ash_subproc_destroy(subproc), 0);
    players_audit();
    players_expect_all_free();
}

CLAIM(a_thread_with_blocks_or_in_another_sub_process_cannot_join) {
    player_enter(0);
    ash_subproc_t *one = ash_subproc_new();
    ash_subproc_t *two = ash_subproc_new();
    void *block = ash_malloc(24);
    errno = 7;
    expect_equal(ash_subproc_add_current_thread(one), EBUSY);
    expect_equal(errno, 7);
    ash_free(block);
    expect_equal(ash_subproc_add_current_thread(one), 0);
    expect_equal(ash_subproc_add_current_thread(two), EBUSY);
    expect_equal(ash_subproc_add_current_thread(ash_subproc_main()), EBUSY);
    expect_equal(ash_subproc_destroy(two), 0);
}

CLAIM(the_main_one_and_none_do_not_end) {
    player_enter(0);
    void *block = ash_malloc(24);
    expect_equal(ash_subproc_destroy(ash_subproc_main()), 0);
    expect_equal(ash_subproc_destroy(NULL), 0);
    ash_free(block);
    expect_equal(heaps_of(ash_subproc_main()), 1);
    ash_heap_t *heap = ash_heap_new();
    expect_equal(heaps_of(ash_subproc_main()), 2);
    ash_heap_destroy(heap);
    expect_equal(heaps_of(ash_subproc_main()), 1);
}

CLAIM(orphans_stay_in_their_sub_process) {
    player_enter(0);
    ash_subproc_t *subproc = ash_subproc_new();
    player_enter(1);
    expect_equal(ash_subproc_add_current_thread(subproc), 0);
    void *left = ash_malloc(24);
    player_end();
    player_enter(2);  // a new thread of the main sub-process does not get its heap
    void *other = ash_malloc(24);
    expect(ash_heap_of(other) == ash_heap_main());
    expect(ash_heap_of(left) != ash_heap_main());
    player_enter(3);
    expect_equal(ash_subproc_add_current_thread(subproc), 0);
    void *next = ash_malloc(24);
    expect(ash_heap_of(next) == ash_heap_of(left));
    expect_equal((uintptr_t)next / ASH_SLICE_BYTES, (uintptr_t)left / ASH_SLICE_BYTES);  // adopted
}

static bool end_heap(ash_heap_t *heap, void *count) {
    ++*(int *)count;
    ash_heap_destroy(heap);
    return *(int *)count < HEAPS;
}

CLAIM(a_visitor_may_end_heaps_and_the_visit) {
    player_enter(0);
    for (int i = 0; i < 2 * HEAPS; i++) {
        expect(ash_heap_new() != NULL);
    }
    int count = 0;
    expect(!ash_subproc_visit_heaps(ash_subproc_main(), end_heap, &count));
    expect_equal(count, HEAPS);
    expect_equal(heaps_of(ash_subproc_main()), 2 * HEAPS + 1 - (HEAPS - 1));  // not the main one
}

DEATH(a_sub_process_that_is_ended_twice_is_seen) {
    player_enter(0);
    ash_subproc_t *subproc = ash_subproc_new();
    expect_equal(ash_subproc_destroy(subproc), 0);
    last_words("ASH105: ash_subproc_destroy of %#jx: that sub-process has ended before...",
               (uintmax_t)(uintptr_t)subproc);
    (void)ash_subproc_destroy(subproc);
}

CLAIM(a_thread_that_joined_is_on_one_list_alone) {
    player_enter(0);
    ash_heap_t *main_heap = ash_heap_main();
    ash_subproc_t *a = ash_subproc_new();
    ash_subproc_t *b = ash_subproc_new();
    // B has a heap of player 4, who is of A.
    player_start(3);
    expect_equal(ash_subproc_add_current_thread(b), 0);
    ash_heap_t *b_heap = ash_heap_main();
    player_start(4);
    expect_equal(ash_subproc_add_current_thread(a), 0);
    void *in_b = ash_heap_malloc(b_heap, 24);
    expect(ash_heap_of(in_b) == b_heap);
    // Another thread of A has a heap in the main realm, which is left to others.
    player_start(1);
    expect_equal(ash_subproc_add_current_thread(a), 0);
    ash_free(ash_heap_malloc(main_heap, 24));
    player_end();
    // A new thread gets the heap that was left, and takes it to B.
    player_start(2);
    expect(ash_subproc_current() == ash_subproc_main());
    expect_equal(ash_subproc_add_current_thread(b), 0);
    player_enter(4);
    void *in_main = ash_heap_malloc(main_heap, 24);
    expect(ash_heap_of(in_main) == main_heap);
}

CLAIM(a_fresh_thread_can_join_in_spite_of_an_orphan) {
    player_enter(0);
    ash_subproc_t *subproc = ash_subproc_new();
    player_start(1);
    void *left = ash_malloc(24);
    player_end();
    player_start(2);
    expect_equal(ash_subproc_add_current_thread(subproc), 0);
    ash_free(left);
}

CLAIM(a_huge_block_moves_to_the_named_heap) {
    player_enter(0);
    ash_heap_t *one = ash_heap_new(), *two = ash_heap_new();
    os_fake_set_remap_moves(true);
    void *block = ash_heap_malloc(one, 2 * (size_t)ASH_RUN_MAX);
    void *moved = ash_heap_realloc(two, block, 4 * (size_t)ASH_RUN_MAX);
    expect(moved != NULL && moved != block);
    expect(ash_heap_of(moved) == two);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_that_joined_is_on_one_list_alone),
        cmocka_unit_test(a_fresh_thread_can_join_in_spite_of_an_orphan),
        cmocka_unit_test(a_huge_block_moves_to_the_named_heap),
        cmocka_unit_test(a_thread_that_joins_allocates_from_its_sub_process),
        cmocka_unit_test(destroying_ends_all_heaps_once_its_threads_have_ended),
        cmocka_unit_test(a_thread_with_blocks_or_in_another_sub_process_cannot_join),
        cmocka_unit_test(the_main_one_and_none_do_not_end),
        cmocka_unit_test(orphans_stay_in_their_sub_process),
        cmocka_unit_test(a_visitor_may_end_heaps_and_the_visit),
        cmocka_unit_test(a_sub_process_that_is_ended_twice_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
