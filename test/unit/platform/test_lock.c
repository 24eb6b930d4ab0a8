#define _GNU_SOURCE

#include "platform/lock.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "base/config.h"
#include "support.h"

enum { THREADS = 4, TURNS = 5000 };

static struct ash_lock low = ASH_LOCK(ASH_RANK_REGISTRY);
static struct ash_lock also_low = ASH_LOCK(ASH_RANK_REGISTRY);
static struct ash_lock high = ASH_LOCK(ASH_RANK_META);
static uint64_t turns;

static void nap(void) {
    nanosleep(&(struct timespec){0, 20 * 1000 * 1000}, NULL);
}

static void *take_turns(void *unused) {
    for (int i = 0; i < TURNS; i++) {
        ash_lock_take(&low);
        turns++;
        ash_lock_drop(&low);
    }
    return unused;
}

static void *try_once(void *got) {
    *(bool *)got = ash_lock_try(&low);
    if (*(bool *)got) {
        ash_lock_drop(&low);
    }
    return NULL;
}

static bool another_thread_gets_it(void) {
    bool got = false;
    pthread_t thread;
    expect(pthread_create(&thread, NULL, try_once, &got) == 0);
    pthread_join(thread, NULL);
    return got;
}

CLAIM(a_held_lock_is_not_had_by_another_thread) {
    expect(another_thread_gets_it());
    ash_lock_take(&low);
    expect(!another_thread_gets_it());
    ash_lock_drop(&low);
    expect(another_thread_gets_it());
    expect(ash_lock_try(&low));
    expect(!another_thread_gets_it());
    ash_lock_drop(&low);
}

CLAIM(no_turn_is_lost_among_threads) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        expect(pthread_create(&threads[i], NULL, take_turns, NULL) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    expect_equal(turns, THREADS * TURNS);
    expect_equal(low.word, 0);
}

CLAIM(sleepers_are_woken_one_after_the_other) {
    pthread_t threads[THREADS];
    ash_lock_take(&low);
    for (int i = 0; i < THREADS; i++) {
        expect(pthread_create(&threads[i], NULL, take_turns, NULL) == 0);
    }
    nap();  // by now they have spun long enough to sleep
    expect_equal(turns, 0);
    ash_lock_drop(&low);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    expect_equal(turns, THREADS * TURNS);
}

CLAIM(locks_are_taken_upwards_and_dropped_in_any_order) {
    for (int i = 0; i < 3; i++) {
        ash_lock_take(&low);
        ash_lock_take(&high);
        ash_lock_drop(&low);
        ash_lock_drop(&high);
    }
}

// Asserted in debug builds alone, so these run in those alone.
static void assertion_words(const char *condition) {
    last_words("ASH901: assertion failed: %s at ...", condition);
}

DEATH(a_lower_rank_after_a_higher_one_is_seen) {
    assertion_words("lock_is_in_order(lock)");
    ash_lock_take(&high);
    ash_lock_take(&low);
}

DEATH(two_locks_of_one_rank_are_seen) {
    assertion_words("lock_is_in_order(lock)");
    ash_lock_take(&low);
    ash_lock_take(&also_low);
}

DEATH(a_lock_taken_twice_is_seen_instead_of_waited_for) {
    assertion_words("lock_is_in_order(lock)");
    (void)alarm(5);
    ash_lock_take(&low);
    ash_lock_take(&low);
}

DEATH(dropping_a_lock_of_others_is_seen) {
    assertion_words("lock_is_held_by_me(&lock_holders[lock->rank])");
    ash_lock_drop(&low);
}

// The kernel refuses to sleep on other words. Only m68k's ABI would give it such.
CLAIM(a_lock_lies_where_threads_can_sleep_on_it) {
    expect_equal(_Alignof(struct ash_lock) % 4, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lock_lies_where_threads_can_sleep_on_it),
        cmocka_unit_test(a_held_lock_is_not_had_by_another_thread),
        cmocka_unit_test(no_turn_is_lost_among_threads),
        cmocka_unit_test(sleepers_are_woken_one_after_the_other),
        cmocka_unit_test(locks_are_taken_upwards_and_dropped_in_any_order),
    };
    const struct CMUnitTest debug_tests[] = {
        cmocka_unit_test(a_lower_rank_after_a_higher_one_is_seen),
        cmocka_unit_test(two_locks_of_one_rank_are_seen),
        cmocka_unit_test(a_lock_taken_twice_is_seen_instead_of_waited_for),
        cmocka_unit_test(dropping_a_lock_of_others_is_seen),
    };
    return RUN_TESTS(tests) + (ASH_DEBUG ? RUN_TESTS(debug_tests) : 0);
}
