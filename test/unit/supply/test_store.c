#include "supply/store.h"

#include <string.h>

#include "api/boot.h"
#include "base/options.h"
#include "os_fake.h"
#include "supply/region.h"
#include "support.h"

enum {
    UNIT = ASH_UNIT_SLICES,
    SLICE = ASH_SLICE_BYTES,
    DELAY = 500,
    IDLE_UNITS = (16 << 20) / ASH_UNIT_BYTES,  // always excused
    BATCH = 8,                                 // units purged in one go
};

static void start(void) {
    expect(ash_boot());
    ash_options.values[ASH_OPTION_PURGE_DELAY] = DELAY;
}

static struct ash_record *take(size_t slices) {
    bool zero;
    struct ash_record *first = ash_store_take(NULL, slices, 1, &zero);
    expect(first != NULL);
    ash_store_audit();
    return first;
}

static void give(struct ash_record *first, size_t slices) {
    ash_store_give(first, slices);
    ash_store_audit();
}

// Enters and leaves the store, which purges what is due, and changes nothing else.
static void visit(void) {
    expect(!ash_store_take_at(&ash_region.records[ash_region.unit_max * UNIT - 1], 1));
    ash_store_audit();
}

static size_t free_slices(void) {
    return ash_store_measure().free_bytes / SLICE;
}

static size_t dirty_slices(void) {
    return ash_store_measure().dirty_bytes / SLICE;
}

CLAIM(the_lowest_slices_are_taken_first) {
    start();
    for (uint32_t i = 0; i < 3 * UNIT; i++) {
        expect_equal(ash_record_slice(take(1)), i);
    }
    expect_equal(free_slices() % UNIT, 0);
}

CLAIM(give_makes_neighbours_one_run) {
    start();
    struct ash_record *unit = take(UNIT);
    give(unit + 4, 3);
    give(unit + 9, 1);
    give(unit + 7, 2);
    expect(take(6) == unit + 4);
    give(unit, UNIT);
    expect(take(UNIT) == unit);
}

CLAIM(short_runs_stay_within_a_unit) {
    start();
    struct ash_record *first = take(20);
    expect_equal(ash_record_slice(take(20)), UNIT);
    expect(take(12) == first + 20);
}

CLAIM(alignment_is_met_inside_a_unit) {
    start();
    for (size_t align = 1; align <= UNIT; align *= 2) {
        bool zero;
        (void)take(1);
        struct ash_record *first = ash_store_take(NULL, 2, align, &zero);
        expect_equal(ash_record_slice(first) % align, 0);
        expect_equal((uintptr_t)ash_record_start(first) % (align * SLICE), 0);
        ash_store_audit();
    }
}

CLAIM(long_runs_take_whole_units_and_leave_the_rest) {
    start();
    (void)take(6);
    struct ash_record *run = take(2 * UNIT + 5);
    expect_equal(ash_record_slice(run), UNIT);
    expect_equal(ash_record_slice(take(UNIT - 5)), 3 * UNIT + 5);
    give(run, 2 * UNIT + 5);
    expect(take(2 * UNIT) == run);
}

CLAIM(a_long_run_uses_free_units_at_the_end_of_the_region) {
    start();
    struct ash_record *first = take(4 * UNIT);
    give(first + 2 * UNIT, 2 * UNIT);
    size_t active = ash_region.active;
    expect(take(3 * UNIT) == first + 2 * UNIT);
    expect_equal(ash_region.active, active + 1);
}

CLAIM(a_long_run_goes_around_somebodys_mapping) {
    start();
    char *base = (char *)ash_region.base;
    os_fake_occupy(base + 2 * (size_t)ASH_UNIT_BYTES, SLICE);
    expect_equal(ash_record_slice(take(3 * UNIT)), 3 * UNIT);
    expect_equal(ash_record_slice(take(2 * UNIT)), 0);
}

CLAIM(take_at_takes_all_or_nothing) {
    start();
    struct ash_record *first = take(3 * UNIT);
    give(first + 10, 60);
    size_t before = free_slices();
    expect(!ash_store_take_at(first + 9, 2));
    expect(!ash_store_take_at(first + 60, 11));
    expect(!ash_store_take_at(first + 3 * UNIT, 2 * UNIT * UNIT));
    expect_equal(free_slices(), before);
    expect(ash_store_take_at(first + 20, 50));  // across units, to the last free one
    expect_equal(free_slices(), before - 50);
    ash_store_audit();
    expect(take(10) == first + 10);
}

CLAIM(what_was_given_back_is_not_called_zero) {
    start();
    bool zero = false;
    struct ash_record *run = ash_store_take(NULL, 4, 1, &zero);
    expect(zero);
    ash_record_start(run + 1)[7] = 1;
    give(run + 1, 1);
    give(run, 1);
    expect(ash_store_take(NULL, 2, 1, &zero) == run && !zero);
    give(run, 2);
    expect(ash_store_purge(true));
    expect(ash_store_take(NULL, 2, 1, &zero) == run && zero);
    expect_equal(ash_record_start(run + 1)[7], 0);
}

CLAIM(a_spans_records_are_reset) {
    start();
    struct ash_record *span = take(3);
    for (uint32_t i = 0; i < 3; i++) {
        span[i].kind = ASH_KIND_SPAN;
        span[i].back = i;
        span[i].owner = (struct ash_heap *)(void *)&span;
    }
    give(span, 3);  // the audit looks at kinds and owners
    for (uint32_t i = 0; i < 3; i++) {
        expect_equal(span[i].back, 0);
    }
}

CLAIM(units_are_purged_after_the_delay_the_longest_unused_first) {
    start();
    struct ash_record *first = take(3 * UNIT);
    give(first + 2 * UNIT, UNIT);
    os_fake_pass_ms(100);
    give(first, UNIT);
    os_fake_pass_ms(DELAY - 101);
    visit();
    expect_equal(dirty_slices(), 2 * UNIT);
    os_fake_pass_ms(1);
    visit();
    expect_equal(dirty_slices(), UNIT);
    expect_equal(ash_region.units[2].dirty, 0);
    os_fake_pass_ms(99);
    visit();
    expect_equal(dirty_slices(), UNIT);
    os_fake_pass_ms(1);
    visit();
    expect_equal(dirty_slices(), 0);
    expect_equal(os_fake_tally().purged_bytes, 2 * ASH_UNIT_BYTES);
}

// Threads read the clock before they take the store's lock, and may take it in another order.
CLAIM(a_clock_that_another_thread_read_earlier_is_no_long_wait) {
    start();
    os_fake_set_clock_ms(1000);
    struct ash_record *first = take(UNIT);
    give(first, UNIT);
    os_fake_set_clock_ms(996);
    visit();
    expect_equal(dirty_slices(), UNIT);
    os_fake_set_clock_ms(1000 + DELAY);
    visit();
    expect_equal(dirty_slices(), 0);
}

CLAIM(a_unit_in_use_is_not_purged) {
    start();
    struct ash_record *first = take(UNIT);
    for (uint32_t i = 0; i < UNIT; i++) {
        give(first + i, 1);
        os_fake_pass_ms(DELAY - 1);
    }
    expect_equal(dirty_slices(), UNIT);
    os_fake_pass_ms(1);
    visit();
    expect_equal(dirty_slices(), 0);
}

CLAIM(what_is_due_is_looked_for_once_in_a_millisecond) {
    start();
    give(take((BATCH + 2) * UNIT), (BATCH + 2) * UNIT);
    ash_store_purge_now_and_then();
    expect_equal(dirty_slices(), (BATCH + 2) * UNIT);
    os_fake_pass_ms(DELAY);
    for (int i = 0; i < 3; i++) {
        ash_store_purge_now_and_then();
        expect_equal(dirty_slices(), 2 * UNIT);
    }
    os_fake_pass_ms(1);
    ash_store_purge_now_and_then();
    expect_equal(dirty_slices(), 0);
}

CLAIM(only_dirty_runs_are_purged) {
    start();
    struct ash_record *first = take(9);
    give(first + 1, 2);
    give(first + 5, 3);
    expect(ash_store_purge(true));
    expect_equal(os_fake_tally().purged_bytes, 5 * SLICE);
    expect_equal(os_fake_tally().calls[OS_FAKE_PURGE], 2);
    expect(!ash_store_purge(true));
    ash_store_audit();
}

CLAIM(above_the_budget_there_is_haste_in_batches) {
    start();
    size_t units = IDLE_UNITS + BATCH + 1;
    struct ash_record *first = take(units * UNIT);
    give(first, IDLE_UNITS * UNIT);
    os_fake_pass_ms(DELAY / 4);
    visit();
    expect_equal(dirty_slices(), IDLE_UNITS * UNIT);  // excused
    give(first + IDLE_UNITS * UNIT, UNIT);
    size_t least = IDLE_UNITS > BATCH ? IDLE_UNITS - BATCH : 0;
    expect(dirty_slices() <= IDLE_UNITS * UNIT);
    expect(dirty_slices() >= least * UNIT);
    give(first + (IDLE_UNITS + 1) * UNIT, BATCH * UNIT);
    os_fake_pass_ms(DELAY);
    for (int i = 0; i < 8; i++) {
        visit();
    }
    expect_equal(dirty_slices(), 0);
}

CLAIM(a_refused_purge_is_tried_again_after_the_delay) {
    start();
    struct ash_record *first = take(UNIT);
    ash_record_start(first)[0] = 1;
    give(first, UNIT);
    os_fake_fail_once(1 << OS_FAKE_PURGE, 1);
    os_fake_pass_ms(DELAY);
    visit();
    expect_equal(dirty_slices(), UNIT);
    os_fake_pass_ms(DELAY - 1);
    visit();
    expect_equal(dirty_slices(), UNIT);
    os_fake_pass_ms(1);
    visit();
    expect_equal(dirty_slices(), 0);
}

CLAIM(a_system_that_always_refuses_is_not_asked_for_ever) {
    start();
    struct ash_record *first = take(3 * UNIT);
    give(first, 3 * UNIT);
    os_fake_fail_from(1 << OS_FAKE_PURGE, 1);
    expect(!ash_store_purge(true));
    ash_store_audit();
    expect_equal(dirty_slices(), 3 * UNIT);
    expect_equal(os_fake_tally().calls[OS_FAKE_PURGE], 1);
    expect(take(3 * UNIT) == first);
}

CLAIM(without_memory_nothing_changes) {
    start();
    struct ash_record *first = take(3);
    os_fake_fail_from(OS_FAKE_ANY, 1);
    bool zero;
    expect(ash_store_take(NULL, UNIT, 1, &zero) == NULL);
    expect(ash_store_take(NULL, 3 * UNIT, 1, &zero) == NULL);
    ash_store_audit();
    expect(take(UNIT - 3) == first + 3);
    os_fake_fail_never();
    (void)take(3 * UNIT);
}

CLAIM(huge_pages_are_asked_for_in_large_dense_heaps) {
    start();
    ash_options.values[ASH_OPTION_HUGE_PAGES] = 1;
    os_fake_set_resident_pages(SIZE_MAX);
    (void)take(2 * UNIT);
    expect_equal(os_fake_tally().advised_bytes, 0);  // small heaps keep small pages
    (void)take(UNIT);
    expect_equal(os_fake_tally().advised_bytes, ASH_UNIT_BYTES);
    expect_equal(ash_region.units[2].huge, 1);
    os_fake_set_resident_pages(1);  // sparse
    (void)take(UNIT);
    expect_equal(os_fake_tally().advised_bytes, ASH_UNIT_BYTES);
    os_fake_set_resident_pages(SIZE_MAX);
    ash_options.values[ASH_OPTION_HUGE_PAGES] = 0;
    (void)take(UNIT);
    expect_equal(os_fake_tally().advised_bytes, ASH_UNIT_BYTES);
}

CLAIM(slice_by_slice_a_heap_is_large_later) {
    start();
    ash_options.values[ASH_OPTION_HUGE_PAGES] = 1;
    os_fake_set_resident_pages(SIZE_MAX);
    for (int i = 0; i < 16 * UNIT; i++) {
        (void)take(1);
    }
    expect_equal(os_fake_tally().advised_bytes, 0);
    (void)take(1);
    expect_equal(os_fake_tally().advised_bytes, ASH_UNIT_BYTES);
    expect_equal(ash_region.units[16].huge, 1);
}

CLAIM(large_runs_have_huge_pages_once_one_is_filled) {
    start();
    ash_options.values[ASH_OPTION_HUGE_PAGES] = 1;
    os_fake_set_resident_pages(1);
    (void)take(2 * UNIT);
    struct ash_record *sparse = take(4 * UNIT);
    expect_equal(os_fake_tally().advised_bytes, 0);
    os_fake_set_resident_pages(SIZE_MAX);
    (void)take(4 * UNIT);
    expect_equal(os_fake_tally().advised_bytes, 4 * ASH_UNIT_BYTES);
    expect_equal(ash_region.units[6].huge, 1);
    expect_equal(ash_region.units[9].huge, 1);
    os_fake_set_resident_pages(1);
    give(sparse, 4 * UNIT);
    expect(take(4 * UNIT) == sparse);
    expect_equal(os_fake_tally().advised_bytes, 4 * ASH_UNIT_BYTES);
}

CLAIM(a_large_run_that_comes_back_filled_tells_of_the_next) {
    start();
    ash_options.values[ASH_OPTION_HUGE_PAGES] = 1;
    os_fake_set_resident_pages(1);
    (void)take(2 * UNIT);
    struct ash_record *run = take(4 * UNIT);
    os_fake_set_resident_pages(SIZE_MAX);
    give(run, 4 * UNIT);
    os_fake_set_resident_pages(1);
    expect_equal(os_fake_tally().advised_bytes, 0);
    expect(take(4 * UNIT) == run);
    expect_equal(os_fake_tally().advised_bytes, 4 * ASH_UNIT_BYTES);
}

CLAIM(a_run_in_which_no_unit_need_lie_whole_tells_nothing) {
    start();
    ash_options.values[ASH_OPTION_HUGE_PAGES] = 1;
    os_fake_set_resident_pages(1);
    (void)take(2 * UNIT);
    struct ash_record *run = take(2 * UNIT - 1);
    os_fake_set_resident_pages(SIZE_MAX);
    give(run, 2 * UNIT - 1);
    os_fake_set_resident_pages(1);
    (void)take(4 * UNIT);
    expect_equal(os_fake_tally().advised_bytes, 0);
}

CLAIM(a_unit_that_fills_and_empties_is_asked_for_once_in_a_while) {
    start();
    ash_options.values[ASH_OPTION_HUGE_PAGES] = 1;
    os_fake_set_resident_pages(1);
    (void)take(2 * UNIT);
    ash_store_give(take(2), 2);  // refused
    os_fake_set_resident_pages(SIZE_MAX);
    ash_store_give(take(2), 2);
    expect_equal(ash_region.units[2].huge, 0);
    os_fake_pass_ms(501);
    ash_store_give(take(2), 2);
    expect_equal(ash_region.units[2].huge, 1);
}

CLAIM(the_first_touch_of_a_huge_page_dirties_all_of_it) {
    start();
    ash_options.values[ASH_OPTION_HUGE_PAGES] = 1;
    os_fake_set_resident_pages(SIZE_MAX);
    (void)take(2 * UNIT);
    bool zero = false;
    struct ash_record *first = ash_store_take(NULL, 2, 1, &zero);
    expect(zero);
    expect_equal(dirty_slices(), UNIT - 2);
    ash_store_audit();
    struct ash_record *second = ash_store_take(NULL, 1, 1, &zero);
    expect(zero);  // dirty, but never written to
    give(first, 2);
    give(second, 1);
    expect_equal(dirty_slices(), UNIT);
    expect(ash_store_purge(true));
    expect_equal(dirty_slices(), 0);
    expect_equal(ash_region.units[2].huge, 0);  // else one touch would bring all of it back
    os_fake_set_resident_pages(1);              // sparse by now: small pages
    expect(take(2) == first);
    expect_equal(dirty_slices(), 0);
    give(first, 2);
    expect(ash_store_purge(true));
    os_fake_set_resident_pages(SIZE_MAX);  // dense again
    os_fake_pass_ms(501);
    expect(take(2) == first);
    expect_equal(ash_region.units[2].huge, 1);
}

DEATH(giving_a_slice_twice_is_seen) {
    last_words("ASH901: assertion failed: (u->free & mask) == 0 at ...");
    start();
    struct ash_record *run = take(4);
    give(run, 4);
    ash_store_give(run + 1, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lowest_slices_are_taken_first),
        cmocka_unit_test(give_makes_neighbours_one_run),
        cmocka_unit_test(short_runs_stay_within_a_unit),
        cmocka_unit_test(alignment_is_met_inside_a_unit),
        cmocka_unit_test(long_runs_take_whole_units_and_leave_the_rest),
        cmocka_unit_test(a_long_run_uses_free_units_at_the_end_of_the_region),
        cmocka_unit_test(a_long_run_goes_around_somebodys_mapping),
        cmocka_unit_test(take_at_takes_all_or_nothing),
        cmocka_unit_test(what_was_given_back_is_not_called_zero),
        cmocka_unit_test(a_spans_records_are_reset),
        cmocka_unit_test(units_are_purged_after_the_delay_the_longest_unused_first),
        cmocka_unit_test(a_clock_that_another_thread_read_earlier_is_no_long_wait),
        cmocka_unit_test(a_unit_in_use_is_not_purged),
        cmocka_unit_test(what_is_due_is_looked_for_once_in_a_millisecond),
        cmocka_unit_test(only_dirty_runs_are_purged),
        cmocka_unit_test(above_the_budget_there_is_haste_in_batches),
        cmocka_unit_test(a_refused_purge_is_tried_again_after_the_delay),
        cmocka_unit_test(a_system_that_always_refuses_is_not_asked_for_ever),
        cmocka_unit_test(without_memory_nothing_changes),
        cmocka_unit_test(huge_pages_are_asked_for_in_large_dense_heaps),
        cmocka_unit_test(slice_by_slice_a_heap_is_large_later),
        cmocka_unit_test(large_runs_have_huge_pages_once_one_is_filled),
        cmocka_unit_test(a_large_run_that_comes_back_filled_tells_of_the_next),
        cmocka_unit_test(a_run_in_which_no_unit_need_lie_whole_tells_nothing),
        cmocka_unit_test(a_unit_that_fills_and_empties_is_asked_for_once_in_a_while),
        cmocka_unit_test(the_first_touch_of_a_huge_page_dirties_all_of_it),
    };
    const struct CMUnitTest debug_tests[] = {
        cmocka_unit_test(giving_a_slice_twice_is_seen),
    };
    return RUN_TESTS(tests) + (ASH_DEBUG ? RUN_TESTS(debug_tests) : 0);
}
