#include "api/large.h"

#include <stdint.h>

#include "base/config.h"
#include "os_fake.h"
#include "supply/huge.h"
#include "supply/region.h"
#include "support.h"

static size_t huge_count(void) {
    size_t count;
    (void)ash_huge_total(&count);
    return count;
}

CLAIM(up_to_the_limit_it_is_a_run_above_it_is_huge) {
    bool zero = false;
    void *block = ash_large_take(&ash_realm_main, ASH_RUN_MAX, 16, &zero);
    expect(block != NULL && zero && ash_region_contains(block));
    block = ash_large_take(&ash_realm_main, (size_t)ASH_RUN_MAX + 1, 16, &zero);
    expect(block != NULL && zero && !ash_region_contains(block));
    expect_equal(ash_huge_find(block).bytes >= (size_t)ASH_RUN_MAX + 1, 1);
    expect_equal(huge_count(), 1);
}

CLAIM(alignment_beyond_a_unit_makes_it_huge) {
    bool zero;
    for (size_t align = 16; align <= 8 * (size_t)ASH_UNIT_BYTES; align *= 2) {
        void *block = ash_large_take(&ash_realm_main, 1, align, &zero);
        expect(block != NULL);
        expect_equal((uintptr_t)block % align, 0);
        expect_equal(ash_region_contains(block), align <= ASH_UNIT_BYTES);
    }
    expect_equal(huge_count(), 3);
}

CLAIM(nothing_at_all_is_a_block_as_well) {
    bool zero;
    void *run = ash_large_take(&ash_realm_main, 0, 16, &zero);
    void *huge = ash_large_take(&ash_realm_main, 0, 2 * (size_t)ASH_UNIT_BYTES, &zero);
    expect(run != NULL && huge != NULL);
    expect(ash_huge_find(huge).bytes > 0);
}

CLAIM(what_cannot_be_is_refused) {
    bool zero;
    expect(ash_large_take(&ash_realm_main, PTRDIFF_MAX, 16, &zero) == NULL);
    expect(ash_large_take(&ash_realm_main, SIZE_MAX, 16, &zero) == NULL);
    expect(ash_large_take(&ash_realm_main, 1, SIZE_MAX / 2 + 1, &zero) == NULL);
    expect_equal(huge_count(), 0);
}

CLAIM(what_the_system_refuses_is_not_gathered_unit_by_unit) {
    bool zero;
    expect(ash_large_take(&ash_realm_main, 1, 16, &zero) != NULL);
    size_t active = ash_region.active;
    os_fake_fail_above(8 * (size_t)ASH_UNIT_BYTES);
    os_fake_fail_from(1 << OS_FAKE_CLAIM, 50);  // so that it ends
    expect(ash_large_take(&ash_realm_main, (size_t)PTRDIFF_MAX - 2 * (size_t)ASH_UNIT_BYTES, 16,
                          &zero) == NULL);
    expect_equal(ash_region.active, active);
}

CLAIM(where_the_region_has_no_room_a_mapping_does) {
    bool zero;
    expect(ash_large_take(&ash_realm_main, 1, 16, &zero) != NULL);
    os_fake_fail_from(1 << OS_FAKE_CLAIM, 1);
    void *block = ash_large_take(&ash_realm_main, 2 * (size_t)ASH_UNIT_BYTES, 16, &zero);
    expect(block != NULL && !ash_region_contains(block));
    expect_equal(huge_count(), 1);
    os_fake_fail_from(OS_FAKE_ANY, 1);
    expect(ash_large_take(&ash_realm_main, 2 * (size_t)ASH_UNIT_BYTES, 16, &zero) == NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(up_to_the_limit_it_is_a_run_above_it_is_huge),
        cmocka_unit_test(alignment_beyond_a_unit_makes_it_huge),
        cmocka_unit_test(nothing_at_all_is_a_block_as_well),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(what_the_system_refuses_is_not_gathered_unit_by_unit),
        cmocka_unit_test(where_the_region_has_no_room_a_mapping_does),
    };
    return RUN_TESTS(tests);
}
