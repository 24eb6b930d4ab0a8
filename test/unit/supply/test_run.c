#include "supply/run.h"

#include <string.h>

#include "api/boot.h"
#include "base/bits.h"
#include "os_fake.h"
#include "platform/os.h"
#include "supply/region.h"
#include "supply/store.h"
#include "support.h"

enum { SLICE = ASH_SLICE_BYTES };
#define PAGE ash_os_page_bytes()

static char *take(size_t bytes, size_t align) {
    bool zero = false;
    expect(ash_boot());
    struct ash_record *run = ash_run_take(NULL, bytes, align, &zero);
    expect(run != NULL && zero);
    char *start = ash_record_start(run);
    expect_equal((uintptr_t)start % align, 0);
    return start;
}

static size_t free_bytes(void) {
    return ash_store_measure().free_bytes;
}

CLAIM(a_run_holds_what_was_asked_for_in_whole_pages) {
    const size_t sizes[] = {1,         PAGE,      PAGE + 1,       SLICE - 1,  SLICE,
                            SLICE + 1, 5 * SLICE, 40 * SLICE + 1, ASH_RUN_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *start = take(sizes[i], 16);
        struct ash_record *run = ash_record_of(start);
        expect(ash_record_start(run) == start);
        expect_equal(run->kind, ASH_KIND_RUN);
        expect_equal(run->run_bytes, ash_round_up(sizes[i], PAGE));
        expect_equal(run->slices, (sizes[i] + SLICE - 1) / SLICE);
        expect_equal(ash_run_total(), run->run_bytes);
        start[0] = start[run->run_bytes - 1] = 1;
        ash_run_give(run);
        expect_equal(ash_run_total(), 0);
        expect_equal(free_bytes(), ash_store_measure().active_bytes);
        expect(ash_store_purge(true));  // the next one is zero again
        ash_store_audit();
    }
}

CLAIM(runs_are_aligned_as_asked) {
    for (size_t align = PAGE; align <= ASH_UNIT_BYTES; align *= 2) {
        (void)take(1, 16);  // puts the next free slice at an odd place
        (void)take(align, align);
        (void)take(1, align);
    }
    ash_store_audit();
}

CLAIM(used_slices_are_not_called_zero) {
    char *start = take(2 * SLICE, 16);
    memset(start, 1, SLICE);
    ash_run_give(ash_record_of(start));
    bool zero = true;
    expect(ash_run_take(NULL, 2 * SLICE, 16, &zero) == ash_record_of(start));
    expect(!zero);
}

CLAIM(a_run_grows_over_free_neighbours) {
    char *start = take(SLICE, 16);
    struct ash_record *run = ash_record_of(start);
    size_t before = free_bytes();
    expect(ash_run_resize(run, 3 * SLICE - 100));
    expect_equal(run->run_bytes, ash_round_up(3 * SLICE - 100, PAGE));
    expect_equal(before - free_bytes(), 2 * SLICE);
    start[run->run_bytes - 1] = 1;
    char *next = take(SLICE, 16);
    expect(next == start + 3 * SLICE);
    expect(ash_run_resize(run, 3 * SLICE));
    expect(!ash_run_resize(run, 3 * SLICE + 1));
    expect_equal(run->slices, 3);
    expect_equal(ash_run_total(), 4 * SLICE);
    ash_store_audit();
}

CLAIM(a_run_that_shrinks_gives_slices_back) {
    char *start = take(5 * SLICE, 16);
    struct ash_record *run = ash_record_of(start);
    size_t before = free_bytes();
    start[0] = 7;
    expect(ash_run_resize(run, 4 * SLICE + 1));
    expect_equal(free_bytes(), before);
    expect(ash_run_resize(run, SLICE + 1));
    expect_equal(free_bytes() - before, 3 * SLICE);
    expect_equal(run->run_bytes, SLICE + PAGE);
    expect_equal(start[0], 7);
    bool zero;
    expect(ash_run_take(NULL, 3 * SLICE, 16, &zero) == ash_record_of(start + 2 * SLICE));
    expect(!zero);
    ash_store_audit();
}

CLAIM(a_run_grows_across_units) {
    char *start = take(ASH_UNIT_BYTES + SLICE, 16);
    struct ash_record *run = ash_record_of(start);
    expect(ash_run_resize(run, 2 * ASH_UNIT_BYTES));
    size_t active = ash_store_measure().active_bytes;  // it ends where the region ends
    expect_equal(active, 2 * ASH_UNIT_BYTES);
    expect(!ash_run_resize(run, active + 1));
    expect_equal(run->run_bytes, 2 * ASH_UNIT_BYTES);
    ash_run_give(run);
    expect_equal(free_bytes(), ash_store_measure().active_bytes);
    ash_store_audit();
}

CLAIM(without_memory_there_is_no_run) {
    expect(ash_boot());
    os_fake_fail_from(OS_FAKE_ANY, 1);
    bool zero;
    expect(ash_run_take(NULL, SLICE, 16, &zero) == NULL);
    expect(ash_run_take(NULL, ASH_RUN_MAX, 16, &zero) == NULL);
    expect_equal(ash_run_total(), 0);
    os_fake_fail_never();
    (void)take(ASH_RUN_MAX, 16);
}

CLAIM(larger_pages_are_kept_to) {
    const size_t page = ash_min(65536, SLICE);
    os_fake_set_page_bytes(page);
    char *start = take(SLICE + 1, page);
    expect_equal(ash_record_of(start)->run_bytes, SLICE + page);
    ash_run_give(ash_record_of(start));
    expect(ash_store_purge(true));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_holds_what_was_asked_for_in_whole_pages),
        cmocka_unit_test(runs_are_aligned_as_asked),
        cmocka_unit_test(used_slices_are_not_called_zero),
        cmocka_unit_test(a_run_grows_over_free_neighbours),
        cmocka_unit_test(a_run_that_shrinks_gives_slices_back),
        cmocka_unit_test(a_run_grows_across_units),
        cmocka_unit_test(without_memory_there_is_no_run),
        cmocka_unit_test(larger_pages_are_kept_to),
    };
    return RUN_TESTS(tests);
}
