#include "supply/purge.h"

#include "base/options.h"
#include "supply/region.h"
#include "supply/store.h"
#include "support.h"

enum { UNITS = 6, DELAY = 500, IDLE = 16 << 20, NONE = -1 };

static void start(void) {
    ash_options.values[ASH_OPTION_PURGE_DELAY] = DELAY;
    expect(ash_region_boot());
    for (int i = 0; i < UNITS; i++) {
        expect(ash_region_activate(ash_store_owner) != SIZE_MAX);
    }
}

static int due(uint64_t now_ms) {
    return (int)ash_purge_due(now_ms, 0, 0, false);
}

static int first(void) {
    return (int)ash_purge_due(0, 0, 0, true);
}

CLAIM(an_empty_queue_has_nothing_due) {
    start();
    expect_equal(first(), NONE);
    expect_equal(due(UINT64_MAX), NONE);
    ash_purge_unqueue(3);
    expect_equal(first(), NONE);
}

CLAIM(the_longest_unused_is_first) {
    start();
    ash_purge_queue(4, 10);
    ash_purge_queue(1, 20);
    ash_purge_queue(3, 30);
    expect_equal(first(), 4);
    ash_purge_queue(4, 40);  // used again: to the end
    expect_equal(first(), 1);
    ash_purge_unqueue(1);
    expect_equal(first(), 3);
    ash_purge_unqueue(3);
    expect_equal(first(), 4);
    ash_purge_unqueue(4);
    expect_equal(first(), NONE);
}

CLAIM(a_unit_is_due_after_the_delay) {
    start();
    ash_purge_queue(2, 1000);
    expect_equal(due(1000), NONE);
    expect_equal(due(1000 + DELAY - 1), NONE);
    expect_equal(due(1000 + DELAY), 2);
    ash_purge_queue(2, 1400);
    expect_equal(due(1400 + DELAY - 1), NONE);
    expect_equal(due(1400 + DELAY), 2);
}

CLAIM(a_delay_of_0_waits_for_nothing) {
    start();
    ash_options.values[ASH_OPTION_PURGE_DELAY] = 0;
    ash_purge_queue(2, 1000);
    expect_equal(due(1000), 2);
}

CLAIM(the_clock_may_wrap_around) {
    start();
    uint64_t late = ((uint64_t)5 << 32) - 100;
    ash_purge_queue(2, late);
    expect_equal(due(late + DELAY - 1), NONE);
    expect_equal(due(late + DELAY), 2);
}

CLAIM(more_idle_than_the_program_excuses_makes_haste) {
    start();
    const size_t used = (size_t)400 << 20;
    ash_purge_queue(2, 0);
    expect_equal((int)ash_purge_due(DELAY / 4, 0, IDLE, false), NONE);
    expect_equal((int)ash_purge_due(DELAY / 4 - 1, 0, IDLE + 1, false), NONE);
    expect_equal((int)ash_purge_due(DELAY / 4, 0, IDLE + 1, false), 2);
    expect_equal((int)ash_purge_due(DELAY / 4, used, used / 4, false), NONE);
    expect_equal((int)ash_purge_due(DELAY / 4, used, used / 4 + 1, false), 2);
}

// A queue that is kept in an array, oldest first.
static int model[UNITS];
static int model_count;

static void model_remove(int unit) {
    int kept = 0;
    for (int i = 0; i < model_count; i++) {
        if (model[i] != unit) {
            model[kept++] = model[i];
        }
    }
    model_count = kept;
}

CLAIM(random_queues_agree_with_an_array) {
    struct sequence sequence = sequence_from(41);
    start();
    for (uint64_t now = 0; now < 20000; now++) {
        int unit = (int)sequence_below(&sequence, UNITS);
        bool in = sequence_below(&sequence, 2) != 0;
        model_remove(unit);
        if (in) {
            ash_purge_queue((uint32_t)unit, now);
            model[model_count++] = unit;
        } else {
            ash_purge_unqueue((uint32_t)unit);
        }
        expect_equal(first(), model_count == 0 ? NONE : model[0]);
        expect_equal(ash_region.units[unit].queued, in);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_queue_has_nothing_due),
        cmocka_unit_test(the_longest_unused_is_first),
        cmocka_unit_test(a_unit_is_due_after_the_delay),
        cmocka_unit_test(a_delay_of_0_waits_for_nothing),
        cmocka_unit_test(the_clock_may_wrap_around),
        cmocka_unit_test(more_idle_than_the_program_excuses_makes_haste),
        cmocka_unit_test(random_queues_agree_with_an_array),
    };
    return RUN_TESTS(tests);
}
