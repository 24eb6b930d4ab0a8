#include "api/thread.h"

#include <pthread.h>

#include "ashlar/ashlar.h"
#include "heap/registry.h"
#include "os_fake.h"
#include "platform/thread.h"
#include "players.h"
#include "supply/meta.h"
#include "support.h"

CLAIM(the_first_threads_heap_costs_no_mapping) {
    player_enter(0);
    struct ash_heap *heap = player_heap();
    expect(heap != NULL);
    expect_equal(ash_meta_bytes(), 0);
    expect_equal(heap->tid, PLAYER_TID);
    expect_equal(os_fake_tally().calls[OS_FAKE_HOOK], 0);  // it lives as long as the process
    expect(player_heap() == heap);
}

CLAIM(every_thread_has_its_own) {
    struct ash_heap *heaps[5];
    for (unsigned i = 0; i < 5; i++) {
        player_enter(i);
        heaps[i] = player_heap();
        for (unsigned k = 0; k < i; k++) {
            expect(heaps[k] != heaps[i]);
        }
    }
    player_enter(2);
    expect(player_heap() == heaps[2]);
    expect_equal(os_fake_tally().calls[OS_FAKE_HOOK], 4);
}

CLAIM(a_wiped_slot_leads_to_the_same_heap) {
    for (unsigned i = 0; i < 3; i++) {
        player_enter(i);
        struct ash_heap *heap = player_heap();
        void *block = ash_malloc(50);
        uint64_t hooks = os_fake_tally().calls[OS_FAKE_HOOK];
        ash_thread_set_heap(NULL);
        expect(player_heap() == heap);
        ash_thread_set_heap(NULL);
        ash_free(block);  // found again by a free as well
        expect_equal(ash_record_first(block)->remote, 0);
        ash_thread_set_heap(NULL);
        expect(ash_record_first(ash_malloc(50))->owner == heap);
        expect_equal(os_fake_tally().calls[OS_FAKE_HOOK], hooks);
    }
}

CLAIM(an_ended_thread_has_the_heap_that_owns_nothing) {
    player_enter(1);
    struct ash_heap *heap = player_heap();
    player_end();
    expect(ash_thread_heap() == &ash_heap_done);
    expect(player_heap() == &ash_heap_done);
    expect_equal(heap->state, ASH_HEAP_ORPHAN);
    expect_equal(heap->tid, 0);
}

CLAIM(a_new_thread_takes_an_ended_ones_heap) {
    player_enter(0);
    (void)player_heap();
    player_enter(1);
    struct ash_heap *heap = player_heap();
    size_t meta = ash_meta_bytes();
    player_end();
    for (unsigned round = 2; round < 8; round++) {
        player_start(round);
        expect(player_heap() == heap);
        expect_equal(heap->tid, PLAYER_TID + round);
        player_end();
    }
    expect_equal(ash_meta_bytes(), meta);
}

CLAIM(an_id_used_again_finds_the_heap_that_was_left_behind) {
    os_fake_fail_from(1 << OS_FAKE_HOOK, 1);
    player_enter(1);
    struct ash_heap *heap = player_heap();
    expect(heap != NULL);
    player_end();  // no hook: nothing happens
    expect_equal(heap->state, ASH_HEAP_ACTIVE);
    player_start(1);
    expect(player_heap() == heap);
}

CLAIM(without_memory_there_is_no_heap_and_no_harm) {
    player_enter(0);
    void *block = ash_malloc(100);
    player_enter(1);
    os_fake_fail_from(OS_FAKE_ANY, 1);
    while (ash_meta_take(1) != NULL) {  // what is at hand
    }
    expect(player_heap() == NULL);
    expect(ash_thread_heap() == NULL);
    expect(ash_malloc(1) == NULL);
    expect(!ash_collect());
    ash_free(block);  // published at once, since there is nowhere to gather
    player_enter(0);
    os_fake_fail_never();
    players_expect_all_free();
}

static void *allocate_and_end(void *heap) {
    void *block = ash_malloc(100);
    *(struct ash_heap **)heap = ash_thread_heap();
    ash_free(block);
    return block == NULL ? NULL : heap;
}

CLAIM(real_threads_leave_their_heaps_to_the_next) {
    struct ash_heap *first = NULL, *second = NULL;
    pthread_t thread;
    expect(ash_malloc(1) != NULL);
    expect(pthread_create(&thread, NULL, allocate_and_end, &first) == 0);
    pthread_join(thread, NULL);
    expect(first != NULL);
    expect_equal(first->state, ASH_HEAP_ORPHAN);
    expect(pthread_create(&thread, NULL, allocate_and_end, &second) == 0);
    pthread_join(thread, NULL);
    expect(second == first);
}

DEATH(another_threads_heap_in_the_slot_is_seen) {
    last_words("ASH901: assertion failed: ash_thread_is_mine(heap)...");
    player_enter(1);
    struct ash_heap *heap = player_heap();
    player_enter(2);
    ash_thread_set_heap(heap);
    (void)player_heap();
}

// Played threads share one real thread's id, so what follows is found by the kernel's, which is
// asked on each 16th slow path.
static void make_slow_paths(void) {
    for (int i = 0; i < 16; i++) {
        (void)ash_collect();
    }
}

static struct ash_thread_identity identity(void) {
    struct ash_thread_identity now;
    ash_thread_identity(&now, sizeof now);
    return now;
}

CLAIM(identities_are_told_in_the_callers_size) {
    struct ash_thread_identity now = {.chosen = "untouched"};
    ash_thread_identity(&now, offsetof(struct ash_thread_identity, chosen));
    expect_text(now.slot_now, now.slot);
    expect_text(now.id_now, now.id);
    expect_text(now.chosen, "untouched");
    ash_thread_identity(&now, sizeof now);
    expect_text(now.chosen, ASH_SLOT_FORCED ? "forced" : "detected");
    expect_equal(ash_thread_id(), ash_thread_id());
}

CLAIM(a_heap_found_again_is_counted) {
    player_enter(1);
    struct ash_heap *heap = player_heap();
    expect_equal(identity().rebound, 0);
    ash_thread_set_heap(NULL);
    expect(player_heap() == heap);
    expect_equal(identity().rebound, 1);
    expect_text(identity().slot_now, identity().slot);
}

CLAIM(checks_of_all_threads_are_counted) {
    size_t before = identity().checks;
    for (unsigned player = 1; player < 4; player++) {
        player_enter(player);
        (void)player_heap();
        make_slow_paths();
    }
    expect(ASH_SLOT == ASH_SLOT_MAP || identity().checks >= before + 3);
    before = identity().checks;
    make_slow_paths();
    expect(ASH_SLOT == ASH_SLOT_MAP || identity().checks > before);
}

CLAIM(with_another_threads_heap_in_the_slot_a_key_serves) {
    player_enter(1);
    struct ash_heap *first = player_heap();
    player_enter(2);
    struct ash_heap *second = player_heap();
    void *block = ash_malloc(100);
    ash_thread_set_heap(first);
    make_slow_paths();
    expect_equal(identity().foreign, 1);
    expect_text(identity().slot_now, "key");
    expect_text(os_fake_text(),
                "ashlar: ASH202: a thread was given another thread's heap (raw clone?); "
                "going on more slowly; docs/thread-identity.md says why\n");
    expect(ash_thread_heap() == NULL);
    expect(player_heap() == second);
    ash_free(block);
    expect_equal(ash_record_first(block)->remote, 0);
    player_enter(1);  // a thread that had nothing to do with it
    expect(player_heap() == first);
    expect(ash_thread_heap() == NULL);
    player_end();
    expect(player_heap() == &ash_heap_done);
    void *late = ash_malloc(100);  // the C library's own, after the last exit handler
    expect(late != NULL);
    ash_free(late);
    expect(ash_os_key_get() == NULL);
    player_start(3);
    expect(player_heap() != first);
    os_fake_kill_thread(PLAYER_TID + 1);
    for (unsigned player = 4; player < 8 && first->tid == PLAYER_TID + 1; player++) {
        player_start(player);
        (void)player_heap();
    }
    expect(first->tid != PLAYER_TID + 1);
}

CLAIM(with_another_threads_heap_under_the_key_the_registry_serves) {
    player_enter(1);
    struct ash_heap *first = player_heap();
    player_enter(2);
    struct ash_heap *second = player_heap();
    ash_thread_set_heap(first);
    make_slow_paths();
    expect(ash_os_key_set(first));
    expect(player_heap() == second);
    expect_text(identity().slot_now, "map");
    expect_equal(identity().foreign, 2);
    size_t rebound = identity().rebound;
    for (unsigned player = 1; player < 4; player++) {
        player_enter(player);
        struct ash_heap *heap = player_heap();
        void *block = ash_malloc(100);
        expect(player < 3 ? heap == (player == 1 ? first : second) : heap != NULL);
        expect(player_heap() == heap && ash_record_first(block)->owner == heap);
        ash_free(block);
    }
    expect_equal(identity().rebound, rebound);
    players_audit();
}

CLAIM(a_changed_id_is_counted_and_the_kernels_used) {
    player_enter(1);
    struct ash_heap *heap = player_heap();
    uintptr_t id = ash_thread_id();
    heap->thread_id = id + 1;  // as if the id had been another when the heap was made
    expect(player_heap() == heap);
    expect_equal(identity().changed, 1);
    expect_equal(identity().foreign, 0);
    expect_text(identity().id_now, "kernel");
    expect_text(identity().slot_now, identity().slot);
    expect_equal(ash_thread_id(), PLAYER_TID + 1);
    expect(player_heap() == heap);
    expect_equal(identity().changed, 1);
}

CLAIM(a_vanished_threads_heap_serves_the_next_new_thread) {
    player_enter(0);
    (void)player_heap();
    player_enter(1);
    struct ash_heap *heap = player_heap();
    os_fake_kill_thread(PLAYER_TID + 1);
    player_enter(2);
    expect(player_heap() == heap);
    expect_equal(identity().reaped, 1);
}

CLAIM(a_child_of_vfork_may_borrow_its_parents_heap) {
    player_enter(0);
    struct ash_heap *heap = player_heap();
    os_fake_set_thread(PLAYER_TID + 5);
    os_fake_set_process(4711);
    expect(player_heap() == heap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_threads_heap_costs_no_mapping),
        cmocka_unit_test(every_thread_has_its_own),
        cmocka_unit_test(a_wiped_slot_leads_to_the_same_heap),
        cmocka_unit_test(an_ended_thread_has_the_heap_that_owns_nothing),
        cmocka_unit_test(a_new_thread_takes_an_ended_ones_heap),
        cmocka_unit_test(an_id_used_again_finds_the_heap_that_was_left_behind),
        cmocka_unit_test(without_memory_there_is_no_heap_and_no_harm),
        cmocka_unit_test(real_threads_leave_their_heaps_to_the_next),
        cmocka_unit_test(identities_are_told_in_the_callers_size),
        cmocka_unit_test(a_heap_found_again_is_counted),
        cmocka_unit_test(checks_of_all_threads_are_counted),
        cmocka_unit_test(a_vanished_threads_heap_serves_the_next_new_thread),
        cmocka_unit_test(a_child_of_vfork_may_borrow_its_parents_heap),
    };
    // In debug builds these end in an assertion instead.
    const struct CMUnitTest release_tests[] = {
        cmocka_unit_test(with_another_threads_heap_in_the_slot_a_key_serves),
        cmocka_unit_test(with_another_threads_heap_under_the_key_the_registry_serves),
        cmocka_unit_test(a_changed_id_is_counted_and_the_kernels_used),
    };
    const struct CMUnitTest debug_tests[] = {
        cmocka_unit_test(another_threads_heap_in_the_slot_is_seen),
    };
    return RUN_TESTS(tests) + (ASH_DEBUG ? RUN_TESTS(debug_tests) : RUN_TESTS(release_tests));
}
