#include "platform/tally.h"

#include "support.h"

CLAIM(what_is_mapped_goes_up_and_down) {
    ash_tally_mapped(100);
    ash_tally_mapped(50);
    ash_tally_unmapped(100);
    struct ash_tally tally = ash_tally_read();
    expect_equal(tally.mapped_bytes, 50);
    expect_equal(tally.mapped_peak_bytes, 150);
    expect_equal(tally.maps, 2);
    expect_equal(tally.unmaps, 1);
}

CLAIM(a_resized_mapping_counts_with_its_new_size) {
    ash_tally_mapped(100);
    ash_tally_remapped(100, 300);
    expect_equal(ash_tally_read().mapped_bytes, 300);
    ash_tally_remapped(300, 200);
    struct ash_tally tally = ash_tally_read();
    expect_equal(tally.mapped_bytes, 200);
    expect_equal(tally.mapped_peak_bytes, 300);
    expect_equal(tally.remaps, 2);
}

CLAIM(purged_bytes_add_up) {
    ash_tally_purged(10);
    ash_tally_purged(20);
    expect_equal(ash_tally_read().purges, 2);
    expect_equal(ash_tally_read().purged_bytes, 30);
}

CLAIM(the_peak_of_what_is_active_is_of_all_parts_together) {
    ash_tally_active(ASH_TALLY_SLICES, 100);
    ash_tally_active(ASH_TALLY_HUGE, 30);
    ash_tally_active(ASH_TALLY_SLICES, 20);
    ash_tally_active(ASH_TALLY_HUGE, 30);
    expect_equal(ash_tally_read().active_bytes, 50);
    expect_equal(ash_tally_read().active_peak_bytes, 130);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_mapped_goes_up_and_down),
        cmocka_unit_test(a_resized_mapping_counts_with_its_new_size),
        cmocka_unit_test(purged_bytes_add_up),
        cmocka_unit_test(the_peak_of_what_is_active_is_of_all_parts_together),
    };
    return RUN_TESTS(tests);
}
