#include "supply/region.h"

#include "base/bits.h"
#include "os_fake.h"
#include "platform/os.h"
#include "players.h"
#include "supply/store.h"
#include "support.h"

enum { STEP_MAX = ASH_HOSTILE ? 2 : (64 << 20) / ASH_UNIT_BYTES };

static const uintptr_t small_top = (uintptr_t)512 << 20;
static const bool is_wide = sizeof(void *) > 4;

static size_t activate(void) {
    return ash_region_activate(ash_store_owner);
}

static char *unit_start(size_t unit) {
    return (char *)ash_region.base + (unit << ASH_UNIT_SHIFT);
}

static void occupy_unit(size_t unit) {
    os_fake_occupy(unit_start(unit) + ASH_UNIT_BYTES / 2, ash_os_page_bytes());
}

// INV-REGION-1 to 3, by use: what the tables should cover is written to.
static void expect_sound(void) {
    const struct ash_region *r = &ash_region;
    expect_equal(r->base % ASH_UNIT_BYTES, 0);
    size_t limit = r->limit >> ASH_UNIT_SHIFT;
    expect(r->active <= limit && limit <= r->mapped && r->mapped <= r->unit_max);
    expect(limit <= r->active + ash_min(r->active / 64, 7));
    for (size_t unit = 0; unit < r->active; unit++) {
        expect_equal(r->units[unit].free, r->units[unit].foreign ? 0 : UINT32_MAX);
        r->best[unit] = 0;
        for (size_t i = 0; i < ASH_UNIT_SLICES; i++) {
            struct ash_record *record = &r->records[unit * ASH_UNIT_SLICES + i];
            expect_equal(record->kind, ASH_KIND_FREE);
            record->run_bytes = 1;
        }
        if (!r->units[unit].foreign) {
            *unit_start(unit) = 1;
            unit_start(unit)[ASH_UNIT_BYTES - 1] = 1;
        }
    }
    expect_equal(os_fake_tally().claimed_bytes, players_claimed_bytes());
}

CLAIM(before_boot_nothing_is_in_the_region) {
    static char outside[64];
    expect(!ash_region_contains(outside));
    expect(!ash_region_contains(NULL));
}

CLAIM(boot_chooses_a_window_and_takes_none_of_it) {
    expect(ash_region_boot());
    expect_equal(os_fake_tally().mapped_bytes, 0);
    expect(!ash_region_contains(unit_start(0)));
    expect_equal(ash_region.active, 0);
    expect_sound();
}

CLAIM(units_come_in_order_and_steps_double) {
    expect(ash_region_boot());
    size_t step = 1, mapped = 0;
    for (size_t unit = 0; unit < 3 * STEP_MAX + 2; unit++) {
        bool grows = unit == mapped;
        expect_equal(activate(), unit);
        if (grows) {
            expect_equal(ash_region.mapped, mapped + step);
            mapped += step;
            step = ash_min(2 * step, STEP_MAX);
        }
        expect_equal(ash_region.mapped, mapped);
    }
    expect_sound();
}

CLAIM(the_limit_is_what_is_active) {
    expect(ash_region_boot());
    for (size_t unit = 0; unit < 5; unit++) {
        expect(!ash_region_contains(unit_start(unit)));
        expect_equal(activate(), unit);
        expect(ash_region_contains(unit_start(unit)));
        expect(ash_region_contains(unit_start(unit + 1) - 1));
        expect(!ash_region_contains(unit_start(unit + 1)));
        expect(!ash_region_contains(unit_start(0) - 1));
    }
}

CLAIM(a_large_heap_raises_its_limit_rarely) {
    enum { SMALL = 128, LARGE = 4 * SMALL };
    expect(ash_region_boot());
    size_t raised = 0;
    while (is_wide && ash_region.unit_max > LARGE && ash_region.active < LARGE) {
        uintptr_t limit = ash_region.limit;
        size_t unit = activate();
        raised += unit >= SMALL && ash_region.limit != limit ? 1 : 0;
        expect(ash_region_contains(unit_start(unit + 1) - 1));
        expect(ash_record_of(unit_start(unit))->owner == ash_store_owner);
    }
    expect(raised <= (LARGE - SMALL) / 2 + 1);  // a step of the window may end between
    expect_sound();
}

CLAIM(records_tickets_and_addresses_lead_to_each_other) {
    expect(ash_region_boot());
    expect_equal(activate(), 0);
    for (uint32_t i = 0; i < ASH_UNIT_SLICES; i++) {
        char *start = unit_start(0) + (size_t)i * ASH_SLICE_BYTES;
        struct ash_record *record = ash_record_of(start + ASH_SLICE_BYTES - 1);
        expect_equal(ash_record_slice(record), i);
        expect(ash_record_start(record) == start);
        expect_equal(ash_record_ticket(record), i + 1);
        expect(ash_record_by_ticket(i + 1) == record);
        record->back = i;
        expect(ash_record_first(start) == ash_region.records);
    }
}

CLAIM(a_new_units_records_have_the_owner) {
    expect(ash_region_boot());
    expect_equal(activate(), 0);
    for (size_t i = 0; i < ASH_UNIT_SLICES; i++) {
        expect(ash_region.records[i].owner == ash_store_owner);
    }
}

CLAIM(foreign_units_are_skipped_for_good) {
    expect(ash_region_boot());
    occupy_unit(0);
    occupy_unit(3);
    occupy_unit(4);
    const size_t wanted[] = {1, 2, 5, 6, 7, 8};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        expect_equal(activate(), wanted[i]);
    }
    for (size_t unit = 0; unit < 9; unit++) {
        expect_equal(ash_region.units[unit].foreign, unit == 0 || unit == 3 || unit == 4);
        expect_equal(ash_region_is_foreign(unit_start(unit)), ash_region.units[unit].foreign);
    }
    expect_sound();
}

CLAIM(a_mapping_in_the_middle_of_a_step_costs_one_unit) {
    expect(ash_region_boot());
    for (size_t unit = 0; unit < 7; unit++) {
        expect_equal(activate(), unit);
    }
    size_t first = ash_region.mapped;
    occupy_unit(first + 1);
    for (size_t unit = 7; unit <= first; unit++) {
        expect_equal(activate(), unit);
    }
    expect_equal(activate(), first + 2);
    expect_sound();
}

// A thread without a heap compares NULL with the owner of whatever it frees.
CLAIM(no_record_below_the_limit_has_null_for_an_owner) {
    expect(ash_region_boot());
    occupy_unit(1);
    expect_equal(activate(), 0);
    expect_equal(activate(), 2);
    for (size_t i = 0; i < ash_region.limit >> ASH_SLICE_SHIFT; i++) {
        expect(ash_region.records[i].owner != NULL);
    }
}

CLAIM(the_limit_stays_right_when_memory_ends_behind_a_foreign_unit) {
    expect(ash_region_boot());
    expect_equal(activate(), 0);
    occupy_unit(1);
    os_fake_fail_above(ASH_UNIT_BYTES - 1);
    for (int i = 0; i < 2; i++) {
        expect_equal(activate(), SIZE_MAX);
        expect_equal(ash_region.limit, ash_region.active << ASH_UNIT_SHIFT);
    }
    os_fake_fail_above(0);
    expect_equal(activate(), 2);
    expect_sound();
}

CLAIM(without_memory_there_is_no_unit_and_later_there_is) {
    expect(ash_region_boot());
    expect_equal(activate(), 0);
    os_fake_fail_from(1 << OS_FAKE_CLAIM, 1);
    for (int i = 0; i < 3; i++) {
        expect_equal(activate(), SIZE_MAX);
    }
    os_fake_fail_never();
    expect_equal(activate(), 1);
    expect_sound();
}

CLAIM(a_step_that_is_too_large_is_tried_as_one_unit) {
    expect(ash_region_boot());
    os_fake_fail_above(ASH_UNIT_BYTES);
    for (size_t unit = 0; unit < 9; unit++) {
        expect_equal(activate(), unit);
    }
    expect_sound();
}

// A 32-bit system's, or one that maps from the bottom up: the window keeps clear of its mappings.
CLAIM(low_mappings_and_the_window_keep_apart) {
    if (!UNIT_LOW_ADDRESSES) {
        return;
    }
    os_fake_set_map_top(small_top);
    expect(ash_region_boot());
    uintptr_t end = ash_region.base + (ash_region.unit_max << ASH_UNIT_SHIFT);
    expect(is_wide ? ash_region.base > small_top : end <= small_top);
    expect_equal(activate(), 0);
    expect_sound();
}

// Each refused placement halves the window of a large address space; after too many there is none.
static void boot_small_window(void) {
    uint64_t refused = is_wide ? ASH_WINDOW_SHIFT - ASH_UNIT_SHIFT - 4 : 0;
    os_fake_set_map_top(is_wide ? 0 : small_top);
    do {
        os_fake_fail_until(1 << OS_FAKE_CLAIM, refused);
    } while (!ash_region_boot() && refused-- > 0);
    os_fake_fail_never();
    expect(ash_region.base != 0);
}

CLAIM(a_full_window_has_no_more_units) {
    boot_small_window();
    size_t units = 0;
    expect(ash_region.unit_max >= 16 && ash_region.unit_max < 2000);
    while (activate() != SIZE_MAX) {
        units++;
    }
    expect(is_wide ? units == ash_region.unit_max : units > 20);
    expect_equal(ash_region.mapped, ash_region.unit_max);
    expect_equal(activate(), SIZE_MAX);
    expect_equal(os_fake_tally().claimed_bytes, players_claimed_bytes());
}

CLAIM(the_last_unit_of_the_window_may_be_somebodys) {
    boot_small_window();
    size_t last = ash_region.unit_max - 1;
    occupy_unit(last);
    while (activate() != SIZE_MAX) {
    }
    expect_equal(ash_region.units[last].foreign, 1);
    expect_equal(activate(), SIZE_MAX);
    expect_equal(os_fake_tally().claimed_bytes, players_claimed_bytes());
}

static uint64_t fail_at;

static void body_one_call_of_boot_fails(void) {
    os_fake_fail_once(OS_FAKE_ANY, fail_at);
    (void)(ash_region_boot() || ash_region_boot());
    for (size_t unit = 0; unit < 4; unit++) {
        expect_equal(activate(), unit);
    }
    expect_sound();
}

static void body_boot_fails_and_is_tried_again(void) {
    os_fake_fail_from(OS_FAKE_ANY, fail_at);
    expect(!ash_region_boot());
    os_fake_fail_never();
    expect(ash_region_boot());
    for (size_t unit = 0; unit < 4; unit++) {
        expect_equal(activate(), unit);
    }
    expect_sound();
}

static void body_one_call_of_growth_fails(void) {
    expect(ash_region_boot());
    os_fake_fail_once(OS_FAKE_ANY, fail_at);
    size_t failed = 0;
    for (size_t unit = 0; unit < 70;) {
        size_t got = activate();
        failed += got == SIZE_MAX;
        expect(got == SIZE_MAX || got == unit++);
    }
    expect(failed <= 1);
    expect_sound();
}

// `body` for every n-th call failing, 1 to `last`, each in a process of its own.
static bool passes_for_each(void (*body)(void), uint64_t last) {
    bool good = true;
    for (fail_at = 1; fail_at <= last; fail_at++) {
        if (!support_passes(body)) {
            print_error("with call %u failing\n", (unsigned)fail_at);
            good = false;
        }
    }
    return good;
}

static void any_one_call_of_boot_may_fail(void **state) {
    (void)state;
    assert_true(passes_for_each(body_one_call_of_boot_fails, 5));
}

static void boot_may_fail_anywhere_and_be_tried_again(void **state) {
    (void)state;
    assert_true(passes_for_each(body_boot_fails_and_is_tried_again, 4));
}

static void tables_may_fail_half_way(void **state) {
    (void)state;
    assert_true(passes_for_each(body_one_call_of_growth_fails, 24));
}

CLAIM(units_are_had_in_one_piece_or_not_at_all) {
    expect(ash_region_boot());
    bool taken = true;
    expect_equal(activate(), 0);
    expect_equal(ash_region_extend(5, ash_store_owner, &taken), 1);
    expect(!taken);
    expect_equal(ash_region.active, 6);
    expect_equal(ash_region.mapped, 6);
    occupy_unit(8);
    expect_equal(ash_region_extend(3, ash_store_owner, &taken), SIZE_MAX);
    expect(taken);
    expect_equal(ash_region.active, 6);
    os_fake_fail_from(1 << OS_FAKE_CLAIM, 1);
    expect_equal(ash_region_extend(2, ash_store_owner, &taken), SIZE_MAX);
    expect(!taken);
    os_fake_fail_never();
    expect_equal(ash_region_extend(2, ash_store_owner, &taken), 6);
    expect_equal(ash_region_extend(ash_region.unit_max, ash_store_owner, &taken), SIZE_MAX);
}

CLAIM(units_set_aside_are_nobodys) {
    expect(ash_region_boot());
    expect_equal(activate(), 0);
    size_t first = ash_region_skip(3, 4, ash_store_owner);
    expect_equal((uintptr_t)unit_start(first) % (4 * (uintptr_t)ASH_UNIT_BYTES), 0);
    for (size_t unit = 1; unit < first + 3; unit++) {
        expect(ash_region_is_foreign(unit_start(unit)));
    }
    expect_equal(ash_region_skip(ash_region.unit_max, 1, ash_store_owner), SIZE_MAX);
    expect_equal(activate(), first + 3);
    expect_sound();
}

CLAIM(tables_cover_what_was_handed_in_for_good) {
    expect(ash_region_boot());
    expect_equal(activate(), 0);
    size_t first = ash_region.arena_first + ASH_ARENA_STEP;
    for (int i = 0; i < 2; i++) {
        expect(ash_region_cover_arena(first, 2 * (size_t)ASH_ARENA_STEP + 1));
        expect_sound();
    }
    size_t end = (first + 3 * (size_t)ASH_ARENA_STEP) * ASH_UNIT_SLICES;
    ash_region.records[first * ASH_UNIT_SLICES].run_bytes = 1;
    ash_region.records[end - 1].run_bytes = 1;
    ash_region.marks[end * ASH_SLICE_MARKS - 1] = 1;
    ash_region.units[end / ASH_UNIT_SLICES - 1].free = 1;
    for (uint64_t n = 1; n <= 2; n++) {  // the records' part, the marks' part
        os_fake_fail_once(1 << OS_FAKE_CLAIM, n);
        expect(!ash_region_cover_arena(ash_region.arena_first, 1));
        expect_sound();
    }
    expect(ash_region_cover_arena(ash_region.arena_first, 5 * (size_t)ASH_ARENA_STEP));
    expect_sound();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_had_in_one_piece_or_not_at_all),
        cmocka_unit_test(units_set_aside_are_nobodys),
        cmocka_unit_test(tables_cover_what_was_handed_in_for_good),
        cmocka_unit_test(before_boot_nothing_is_in_the_region),
        cmocka_unit_test(boot_chooses_a_window_and_takes_none_of_it),
        cmocka_unit_test(units_come_in_order_and_steps_double),
        cmocka_unit_test(the_limit_is_what_is_active),
        cmocka_unit_test(a_large_heap_raises_its_limit_rarely),
        cmocka_unit_test(records_tickets_and_addresses_lead_to_each_other),
        cmocka_unit_test(a_new_units_records_have_the_owner),
        cmocka_unit_test(foreign_units_are_skipped_for_good),
        cmocka_unit_test(a_mapping_in_the_middle_of_a_step_costs_one_unit),
        cmocka_unit_test(no_record_below_the_limit_has_null_for_an_owner),
        cmocka_unit_test(the_limit_stays_right_when_memory_ends_behind_a_foreign_unit),
        cmocka_unit_test(without_memory_there_is_no_unit_and_later_there_is),
        cmocka_unit_test(a_step_that_is_too_large_is_tried_as_one_unit),
        cmocka_unit_test(low_mappings_and_the_window_keep_apart),
        cmocka_unit_test(a_full_window_has_no_more_units),
        cmocka_unit_test(the_last_unit_of_the_window_may_be_somebodys),
        cmocka_unit_test(any_one_call_of_boot_may_fail),
        cmocka_unit_test(boot_may_fail_anywhere_and_be_tried_again),
        cmocka_unit_test(tables_may_fail_half_way),
    };
    return RUN_TESTS(tests);
}
