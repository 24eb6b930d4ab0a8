#include "heap/registry.h"

#include "heap/orphan.h"
#include "heap/realm.h"
#include "os_fake.h"
#include "support.h"

enum { HEAPS = 4, PROCESS = 1 };

static struct ash_heap heaps[HEAPS];

static void start(void) {
    for (uint32_t i = 0; i < HEAPS; i++) {
        ash_heap_init(&heaps[i]);
        ash_registry_set_thread(&heaps[i], i + 1, PROCESS);
        ash_registry_add(&heaps[i]);
    }
}

static void make_orphan(struct ash_heap *heap) {
    heap->tid = 0;
    ash_registry_put_orphan(heap);
    ash_orphan_leave(heap);
}

CLAIM(the_walk_meets_every_heap_once) {
    expect(ash_registry_next(NULL) == NULL);
    start();
    unsigned met = 0;
    struct ash_heap *heap = NULL;
    while ((heap = ash_registry_next(heap)) != NULL) {
        met += 1u << (unsigned)(heap - heaps);
    }
    expect_equal(met, (1u << HEAPS) - 1);
}

CLAIM(a_heap_is_found_by_its_threads_id) {
    expect(ash_registry_find(1, PROCESS) == NULL);
    start();
    for (uint32_t i = 0; i < HEAPS; i++) {
        expect(ash_registry_find(i + 1, PROCESS) == &heaps[i]);
    }
    expect(ash_registry_find(HEAPS + 1, PROCESS) == NULL);
    expect(ash_registry_find(1, PROCESS + 1) == NULL);  // made in a child of vfork
}

CLAIM(a_heap_is_found_by_its_new_threads_id_alone) {
    enum { SAME_BUCKET = 64 };
    start();
    ash_registry_set_thread(&heaps[1], 1 + SAME_BUCKET, PROCESS);
    ash_registry_set_thread(&heaps[2], 2 + SAME_BUCKET, PROCESS);
    expect(ash_registry_find(1, PROCESS) == &heaps[0]);
    expect(ash_registry_find(1 + SAME_BUCKET, PROCESS) == &heaps[1]);
    expect(ash_registry_find(2 + SAME_BUCKET, PROCESS) == &heaps[2]);
    expect(ash_registry_find(2, PROCESS) == NULL);
    expect(ash_registry_find(3, PROCESS) == NULL);
    ash_registry_set_thread(&heaps[0], 4 + SAME_BUCKET, PROCESS);
    expect(ash_registry_find(1, PROCESS) == NULL);
    expect(ash_registry_find(4, PROCESS) == &heaps[3]);
    expect(ash_registry_find(4 + SAME_BUCKET, PROCESS) == &heaps[0]);
}

CLAIM(the_heap_of_a_thread_that_vanished_is_taken_over) {
    start();
    os_fake_set_thread(77);
    expect(ash_registry_reap(PROCESS) == NULL);
    os_fake_kill_thread(3);
    struct ash_heap *heap = NULL;
    for (int i = 0; i < HEAPS && heap == NULL; i++) {
        heap = ash_registry_reap(PROCESS);  // it looks at a few each time
    }
    expect(heap == &heaps[2]);
    expect_equal(ash_registry_reaped(), 1);
    expect(ash_registry_find(77, PROCESS) == heap);
    expect(ash_registry_find(3, PROCESS) == NULL);
}

CLAIM(an_ended_threads_heap_is_its_own_until_it_is_gone) {
    start();
    ash_orphan_end(&heaps[2]);
    expect_equal(heaps[2].state, ASH_HEAP_ORPHAN);
    expect(ash_registry_find(3, PROCESS) == &ash_heap_done);
    expect(ash_registry_take_orphan(&ash_realm_main) == NULL);
    for (int i = 0; i < HEAPS; i++) {
        expect(ash_registry_reap(PROCESS) == NULL);
    }
    os_fake_kill_thread(3);
    os_fake_set_thread(77);
    heaps[2].state = ASH_HEAP_TENDED;
    for (int i = 0; i < HEAPS; i++) {
        expect(ash_registry_reap(PROCESS) == NULL);
    }
    ash_orphan_leave(&heaps[2]);
    struct ash_heap *heap = NULL;
    for (int i = 0; i < HEAPS && heap == NULL; i++) {
        heap = ash_registry_reap(PROCESS);
    }
    expect(heap == &heaps[2]);
    expect_equal(heap->state, ASH_HEAP_ACTIVE);
    expect_equal(ash_registry_reaped(), 0);  // it had not vanished
    expect(ash_registry_find(77, PROCESS) == heap);
    expect(ash_registry_find(3, PROCESS) == NULL);
}

CLAIM(a_heap_without_a_thread_is_not_taken_for_one_that_was_left_behind) {
    start();
    os_fake_kill_thread(3);
    make_orphan(&heaps[2]);
    for (int i = 0; i < HEAPS; i++) {
        expect(ash_registry_reap(PROCESS) == NULL);
    }
    expect(ash_registry_take_orphan(&ash_realm_main) == &heaps[2]);
}

CLAIM(an_orphan_is_taken_once_the_newest_first) {
    start();
    expect(ash_registry_take_orphan(&ash_realm_main) == NULL);
    make_orphan(&heaps[2]);
    make_orphan(&heaps[0]);
    expect(ash_registry_take_orphan(&ash_realm_main) == &heaps[0]);
    expect_equal(heaps[0].state, ASH_HEAP_ACTIVE);
    expect(ash_registry_take_orphan(&ash_realm_main) == &heaps[2]);
    expect(ash_registry_take_orphan(&ash_realm_main) == NULL);
    make_orphan(&heaps[2]);
    expect(ash_registry_take_orphan(&ash_realm_main) == &heaps[2]);
}

CLAIM(an_orphan_of_the_same_processor_goes_first) {
    start();
    for (int i = 0; i < HEAPS; i++) {
        os_fake_set_processor(i % 2);
        make_orphan(&heaps[i]);
    }
    os_fake_set_processor(0);
    expect(ash_registry_take_orphan(&ash_realm_main) == &heaps[2]);
    expect(ash_registry_take_orphan(&ash_realm_main) == &heaps[0]);
    expect(ash_registry_take_orphan(&ash_realm_main) == &heaps[3]);
    expect(ash_registry_take_orphan(&ash_realm_main) == &heaps[1]);
}

CLAIM(a_tended_orphan_is_passed_over) {
    start();
    make_orphan(&heaps[0]);
    make_orphan(&heaps[1]);
    heaps[1].state = ASH_HEAP_TENDED;
    expect(ash_registry_take_orphan(&ash_realm_main) == &heaps[0]);
    expect_equal(os_fake_sleeps(), 0);
    ash_orphan_leave(&heaps[1]);
    expect(ash_registry_take_orphan(&ash_realm_main) == &heaps[1]);
    make_orphan(&heaps[3]);  // both ends are right after all of that
    make_orphan(&heaps[1]);
    expect(ash_registry_take_orphan(&ash_realm_main) == &heaps[1]);
    expect(ash_registry_take_orphan(&ash_realm_main) == &heaps[3]);
    expect(ash_registry_take_orphan(&ash_realm_main) == NULL);
}

// It may be for good: where a child of fork has lost who tended it.
CLAIM(where_all_orphans_are_tended_one_is_waited_for_not_for_ever) {
    start();
    make_orphan(&heaps[0]);
    heaps[0].state = ASH_HEAP_TENDED;
    expect(ash_registry_take_orphan(&ash_realm_main) == NULL);
    expect(os_fake_sleeps() > 0);
}

CLAIM(tending_goes_round) {
    start();
    expect(ash_registry_tend_orphan(&ash_realm_main) == NULL);
    for (int i = 0; i < HEAPS; i++) {
        make_orphan(&heaps[i]);
    }
    for (int i = 0; i < 3 * HEAPS; i++) {
        struct ash_heap *heap = ash_registry_tend_orphan(&ash_realm_main);
        expect(heap == &heaps[i % HEAPS]);
        expect_equal(heap->state, ASH_HEAP_TENDED);
        ash_orphan_leave(heap);
        expect_equal(heap->state, ASH_HEAP_ORPHAN);
    }
    expect(ash_registry_tend_orphan(&ash_realm_main) == &heaps[0]);
    ash_orphan_leave(&heaps[0]);
    heaps[2].state = ASH_HEAP_TENDED;
    expect(ash_registry_tend_orphan(&ash_realm_main) == &heaps[1]);
    ash_orphan_leave(&heaps[1]);
    ash_orphan_leave(&heaps[2]);
    expect(ash_registry_take_orphan(&ash_realm_main) == &heaps[3]);  // whose turn it is not yet
    expect(ash_registry_take_orphan(&ash_realm_main) == &heaps[2]);  // whose turn it is
    expect(ash_realm_main.next_tended == NULL);
    expect(ash_registry_tend_orphan(&ash_realm_main) == &heaps[0]);
}

CLAIM(a_forks_child_loses_the_other_threads_heaps) {
    start();
    ash_orphan_end(&heaps[3]);
    make_orphan(&heaps[2]);
    heaps[2].state = ASH_HEAP_TENDED;  // by a thread that the child has not got
    ash_registry_enter();
    os_fake_set_thread(55);
    os_fake_set_process(55);
    ash_registry_fork_child(&heaps[0]);
    ash_registry_leave();
    expect_equal(heaps[0].state, ASH_HEAP_ACTIVE);
    expect(ash_registry_find(55, 55) == &heaps[0]);
    expect(ash_registry_find(1, PROCESS) == NULL);
    expect_equal(heaps[1].state, ASH_HEAP_LOST);
    expect_equal(heaps[2].state, ASH_HEAP_LOST);
    expect_equal(heaps[3].state, ASH_HEAP_ORPHAN);
    expect(ash_registry_find(2, PROCESS) == NULL);
    expect(ash_registry_take_orphan(&ash_realm_main) == &heaps[3]);
    expect(ash_registry_take_orphan(&ash_realm_main) == NULL);
}

CLAIM(a_lost_heap_does_not_hide_the_orphans_behind_it) {
    start();
    make_orphan(&heaps[2]);
    make_orphan(&heaps[3]);
    heaps[2].state = ASH_HEAP_TENDED;  // while the process forks
    ash_registry_fork_child(&heaps[0]);
    expect_equal(heaps[2].state, ASH_HEAP_LOST);
    struct ash_heap *tended = NULL;
    for (int i = 0; i < HEAPS && tended == NULL; i++) {
        tended = ash_registry_tend_orphan(&ash_realm_main);
    }
    expect(tended == &heaps[3]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_walk_meets_every_heap_once),
        cmocka_unit_test(a_heap_is_found_by_its_threads_id),
        cmocka_unit_test(a_heap_is_found_by_its_new_threads_id_alone),
        cmocka_unit_test(the_heap_of_a_thread_that_vanished_is_taken_over),
        cmocka_unit_test(an_ended_threads_heap_is_its_own_until_it_is_gone),
        cmocka_unit_test(a_heap_without_a_thread_is_not_taken_for_one_that_was_left_behind),
        cmocka_unit_test(an_orphan_is_taken_once_the_newest_first),
        cmocka_unit_test(an_orphan_of_the_same_processor_goes_first),
        cmocka_unit_test(a_tended_orphan_is_passed_over),
        cmocka_unit_test(where_all_orphans_are_tended_one_is_waited_for_not_for_ever),
        cmocka_unit_test(tending_goes_round),
        cmocka_unit_test(a_forks_child_loses_the_other_threads_heaps),
        cmocka_unit_test(a_lost_heap_does_not_hide_the_orphans_behind_it),
    };
    return RUN_TESTS(tests);
}
