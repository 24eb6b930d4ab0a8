#include "api/helper.h"

#include <string.h>

#include "api/stats.h"
#include "ashlar/ashlar.h"
#include "base/options.h"
#include "heap/hold.h"
#include "os_fake.h"
#include "platform/os.h"
#include "players.h"
#include "supply/store.h"
#include "support.h"

enum { MIB = 1 << 20, BLOCKS = 16 };

static void *blocks[BLOCKS];

// 16 MiB in use, which is enough for a helper.
static void fill(void) {
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = ash_malloc(MIB);
        expect(blocks[i] != NULL);
    }
}

static void empty(void) {
    for (int i = 0; i < BLOCKS; i++) {
        ash_free(blocks[i]);
    }
}

static void become_threaded(void) {
    player_enter(0);
    (void)player_heap();
    player_enter(1);
    (void)player_heap();
}

static uint64_t threads_started(void) {
    return os_fake_tally().calls[OS_FAKE_THREAD];
}

CLAIM(a_program_without_threads_gets_none) {
    player_enter(0);
    fill();
    empty();
    expect_equal(threads_started(), 0);
}

CLAIM(a_small_heap_has_no_helper) {
    become_threaded();
    ash_free(ash_malloc(MIB));
    expect(ash_malloc(100) != NULL);
    expect_equal(threads_started(), 0);
}

CLAIM(a_large_heap_of_a_threaded_program_gets_one) {
    become_threaded();
    fill();
    expect_equal(threads_started(), 1);
    expect(os_fake_started() != NULL);
    empty();
    fill();
    expect_equal(threads_started(), 1);
    empty();
}

CLAIM(the_option_turns_it_off) {
    os_fake_set_env("ASHLAR_HELPER_THREAD", "0");
    become_threaded();
    fill();
    empty();
    expect_equal(threads_started(), 0);
}

CLAIM(the_least_use_is_an_option) {
    os_fake_set_env("ASHLAR_HELPER_THREAD_MIN", "17M");
    become_threaded();
    fill();
    expect_equal(threads_started(), 0);
    expect_equal(ash_option_set(ASH_OPTION_HELPER_THREAD_MIN, 1 << 20), 0);
    ash_free(ash_malloc(MIB));
    expect_equal(threads_started(), 1);
    empty();
}

CLAIM(turned_off_at_run_time_no_other_is_started) {
    become_threaded();
    expect_equal(ash_option_set(ASH_OPTION_HELPER_THREAD, 0), 0);
    fill();
    expect_equal(threads_started(), 0);
    expect_equal(ash_option_set(ASH_OPTION_HELPER_THREAD, 1), 0);
    ash_free(ash_malloc(MIB));
    expect_equal(threads_started(), 1);
    expect_equal(ash_option_set(ASH_OPTION_HELPER_THREAD, 0), 0);
    os_fake_started()();  // finds itself unwanted, and ends
    expect_equal(ash_option_set(ASH_OPTION_HELPER_THREAD, 1), 0);
    ash_free(ash_malloc(MIB));
    expect_equal(threads_started(), 2);
    empty();
}

CLAIM(a_refused_thread_is_asked_for_again) {
    os_fake_fail_from(1 << OS_FAKE_THREAD, 1);
    become_threaded();
    fill();
    expect(os_fake_started() == NULL);
    os_fake_fail_never();
    ash_free(ash_malloc(MIB));
    expect(os_fake_started() != NULL);
    empty();
}

CLAIM(a_step_gives_back_what_has_fallen_due) {
    become_threaded();
    fill();
    empty();
    expect(ash_store_dirty_bytes() >= BLOCKS * (size_t)MIB);
    expect(ash_helper_step());  // too early
    expect(ash_store_dirty_bytes() >= BLOCKS * (size_t)MIB);
    os_fake_pass_ms(ash_option_value(ASH_OPTION_PURGE_DELAY));
    (void)ash_helper_step();
    expect_equal(ash_store_dirty_bytes(), 0);
}

// Rounds until nothing is left, far fewer than a hundred.
static void step_until_quiet(void) {
    int steps = 0;
    while (ash_helper_step() && ++steps < 100) {
        os_fake_pass_ms(100);
    }
    expect(steps < 100);
}

CLAIM(a_sleeping_threads_spans_are_tended) {
    enum { COUNT = 1000, BYTES = 1000 };
    static void *mine[COUNT];
    become_threaded();
    for (int i = 0; i < COUNT; i++) {
        mine[i] = memset(ash_malloc(BYTES), 1, BYTES);
    }
    struct ash_heap *sleeper = player_heap();
    uint32_t spans = sleeper->span_count;
    player_enter(0);
    for (int i = 0; i < COUNT; i++) {
        ash_free(mine[i]);  // they land in the sleeper's inbox
    }
    ash_thread_idle();
    expect_equal(sleeper->span_count, spans);
    step_until_quiet();
    expect(sleeper->span_count < 3);
    expect_equal(sleeper->state, ASH_HEAP_ACTIVE);
    expect_equal(sleeper->inbox, 0);
}

CLAIM(free_pages_inside_of_a_sleeping_threads_spans_go_back) {
    enum { COUNT = 200, BYTES = 4096, KEPT_EVERY = 10 };
    static char *mine[COUNT];
    become_threaded();
    for (int i = 0; i < COUNT; i++) {
        mine[i] = memset(ash_malloc(BYTES), i, BYTES);
    }
    for (int i = 0; i < COUNT; i++) {
        if (i % KEPT_EVERY != 0) {
            ash_free(mine[i]);
        }
    }
    uint64_t purges = os_fake_tally().calls[OS_FAKE_PURGE];
    step_until_quiet();
    if (ash_os_page_bytes() <= BYTES) {
        expect(os_fake_tally().calls[OS_FAKE_PURGE] >= purges + COUNT / KEPT_EVERY / 2);
    }
    for (int i = 0; i < COUNT; i += KEPT_EVERY) {
        expect_equal(mine[i][0], (char)i);
        expect_equal(mine[i][BYTES - 1], (char)i);
        ash_free(mine[i]);
    }
    player_enter(0);
    step_until_quiet();
}

CLAIM(a_heap_that_is_at_work_is_left_alone) {
    become_threaded();
    struct ash_heap *heap = player_heap();
    player_enter(0);
    ash_hold(heap);  // as its thread does on a slow path
    step_until_quiet();
    expect_equal(heap->state, ASH_HEAP_BUSY);
    ash_hold_end(heap);
}

CLAIM(the_helper_ends_when_hardly_anything_is_in_use) {
    become_threaded();
    fill();
    empty();
    os_fake_started()();  // it returns, and the clock has gone on by its naps
    expect_equal(ash_store_dirty_bytes(), 0);
    fill();
    expect_equal(threads_started(), 2);
    empty();
}

CLAIM(a_forks_child_starts_its_own) {
    become_threaded();
    fill();
    os_fake_fork_prepare();
    os_fake_fork_child();
    ash_free(ash_malloc(MIB));
    expect_equal(threads_started(), 1);  // the child has no second thread yet
    player_enter(2);
    (void)player_heap();
    ash_free(ash_malloc(MIB));
    expect_equal(threads_started(), 2);
    empty();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_without_threads_gets_none),
        cmocka_unit_test(a_small_heap_has_no_helper),
        cmocka_unit_test(a_large_heap_of_a_threaded_program_gets_one),
        cmocka_unit_test(the_option_turns_it_off),
        cmocka_unit_test(the_least_use_is_an_option),
        cmocka_unit_test(turned_off_at_run_time_no_other_is_started),
        cmocka_unit_test(a_refused_thread_is_asked_for_again),
        cmocka_unit_test(a_step_gives_back_what_has_fallen_due),
        cmocka_unit_test(a_sleeping_threads_spans_are_tended),
        cmocka_unit_test(free_pages_inside_of_a_sleeping_threads_spans_go_back),
        cmocka_unit_test(a_heap_that_is_at_work_is_left_alone),
        cmocka_unit_test(the_helper_ends_when_hardly_anything_is_in_use),
        cmocka_unit_test(a_forks_child_starts_its_own),
    };
    return RUN_TESTS(tests);
}
