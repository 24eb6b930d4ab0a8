// Where a unit of the supply has room for one more, or for none: each claim here was written for a
// planted fault that no other test caught (test/mutation).

#include <string.h>

#include "api/boot.h"
#include "base/options.h"
#include "heap/realm.h"
#include "os_fake.h"
#include "platform/os.h"
#include "platform/report.h"
#include "supply/huge.h"
#include "supply/region.h"
#include "supply/store.h"
#include "support.h"

enum { HUGE_SLOTS_MOST = 4096 };

static struct ash_record *take(size_t slices, bool *zero) {
    struct ash_record *first = ash_store_take(NULL, slices, 1, zero);
    expect(first != NULL);
    return first;
}

CLAIM(what_the_system_did_not_purge_is_not_zero) {
    expect(ash_boot());
    bool zero = false;
    struct ash_record *first = take(1, &zero);
    char *start = ash_record_start(first);
    memset(start, 'x', ASH_SLICE_BYTES);
    ash_store_give(first, 1);
    os_fake_fail_once(1 << OS_FAKE_PURGE, 1);
    expect(!ash_store_purge(true));
    first = take(1, &zero);
    expect(ash_record_start(first) == start);
    expect(!zero);
}

CLAIM(the_region_ends_with_its_window) {
    expect(ash_boot());
    bool zero;
    (void)take(1, &zero);
    ash_region.unit_max = ash_region.mapped + 1;  // as if the window were so small
    size_t units = 0;
    while (ash_region_activate(ash_store_owner) != SIZE_MAX) {
        expect(++units <= ash_region.unit_max);
    }
    expect_equal(ash_region.mapped, ash_region.unit_max);
    expect_equal(ash_region.active, ash_region.unit_max);
}

// A search for what is not there ends at an empty slot.
CLAIM(the_index_of_huge_blocks_always_has_an_empty_slot) {
    char local = 0;
    size_t page = ash_os_page_bytes();
    for (size_t i = 0; i < HUGE_SLOTS_MOST; i++) {
        expect(ash_huge_take(&ash_realm_main, page, page) != NULL);
        expect_equal(ash_huge_find(&local).bytes, 0);
    }
}

CLAIM(a_huge_block_beyond_all_addresses_is_none) {
    size_t page = ash_os_page_bytes();
    expect(ash_huge_take_at(&ash_realm_main, SIZE_MAX - 2 * page, 4 * page, page) == NULL);
    expect_equal(os_fake_tally().mapped_bytes, 0);
}

CLAIM(a_warning_that_is_not_wanted_is_not_shown) {
    os_fake_set_quiet(true);
    ash_options.values[ASH_OPTION_SHOW_WARNINGS] = 0;
    ash_report(ASH_E_ID_CHANGED);
    expect_text(os_fake_text(), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_system_did_not_purge_is_not_zero),
        cmocka_unit_test(the_region_ends_with_its_window),
        cmocka_unit_test(the_index_of_huge_blocks_always_has_an_empty_slot),
        cmocka_unit_test(a_huge_block_beyond_all_addresses_is_none),
        cmocka_unit_test(a_warning_that_is_not_wanted_is_not_shown),
    };
    return RUN_TESTS(tests);
}
