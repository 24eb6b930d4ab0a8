#include "api/options.h"

#include <stdio.h>

#include "os_fake.h"
#include "support.h"

enum { DELAY = 500 };  // the default

static void boot(void) {
    os_fake_set_quiet(true);
    os_fake_forget_text();
    ash_options.purge_delay_ms = 1;
    ash_options.huge_pages = 7;
    ash_options_boot();
}

static void expect_options(uint32_t purge_delay_ms, uint32_t huge_pages) {
    boot();
    expect_text(os_fake_text(), "");
    expect_equal(ash_options.purge_delay_ms, purge_delay_ms);
    expect_equal(ash_options.huge_pages, huge_pages);
}

// The line is written, and the default kept.
static void expect_complaint(const char *line) {
    boot();
    expect_text(os_fake_text(), line);
    expect_equal(ash_options.purge_delay_ms, DELAY);
    expect_equal(ash_options.huge_pages, 1);
}

CLAIM(an_empty_environment_means_the_defaults) {
    expect_options(DELAY, 1);
}

CLAIM(each_option_has_a_variable) {
    os_fake_set_env("ASHLAR_PURGE_DELAY_MS", "0");
    os_fake_set_env("ASHLAR_HUGE_PAGES", "0");
    expect_options(0, 0);
    os_fake_set_env("ASHLAR_PURGE_DELAY_MS", "3600000");
    os_fake_set_env("ASHLAR_HUGE_PAGES", "1");
    expect_options(3600000, 1);
}

CLAIM(a_list_sets_several) {
    os_fake_set_env("ASHLAR_OPTIONS", "huge_pages=0,purge_delay_ms=12");
    expect_options(12, 0);
    os_fake_set_env("ASHLAR_OPTIONS", ",,purge_delay_ms=0012,");
    expect_options(12, 1);
    os_fake_set_env("ASHLAR_OPTIONS", "");
    expect_options(DELAY, 1);
}

CLAIM(the_own_variable_comes_after_the_list) {
    os_fake_set_env("ASHLAR_OPTIONS", "purge_delay_ms=12");
    os_fake_set_env("ASHLAR_PURGE_DELAY_MS", "13");
    expect_options(13, 1);
}

CLAIM(a_bad_value_is_named_and_the_default_kept) {
    const char *const bad[] = {"soon", "-1", "3600001", "1.5", " 1", "1 ", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[200];
        (void)snprintf(line, sizeof line,
                       "ashlar: value '%s' ignored: ASHLAR_PURGE_DELAY_MS wants milliseconds "
                       "from 0 to 3600000\n",
                       bad[i]);
        os_fake_set_env("ASHLAR_PURGE_DELAY_MS", bad[i]);
        expect_complaint(line);
    }
    os_fake_set_env("ASHLAR_PURGE_DELAY_MS", NULL);
    os_fake_set_env("ASHLAR_HUGE_PAGES", "yes");
    expect_complaint("ashlar: value 'yes' ignored: ASHLAR_HUGE_PAGES wants 0 or 1\n");
    os_fake_set_env("ASHLAR_HUGE_PAGES", "2");
    expect_complaint("ashlar: value '2' ignored: ASHLAR_HUGE_PAGES wants 0 or 1\n");
    os_fake_set_env("ASHLAR_HUGE_PAGES", "");
    expect_complaint("ashlar: value '' ignored: ASHLAR_HUGE_PAGES wants 0 or 1\n");
}

CLAIM(a_bad_value_in_the_list_spoils_no_other) {
    os_fake_set_env("ASHLAR_OPTIONS", "huge_pages=on,purge_delay_ms=9");
    boot();
    expect_text(os_fake_text(), "ashlar: value 'on' ignored: ASHLAR_HUGE_PAGES wants 0 or 1\n");
    expect_equal(ash_options.purge_delay_ms, 9);
    expect_equal(ash_options.huge_pages, 1);
}

CLAIM(a_name_without_a_value_is_named) {
    os_fake_set_env("ASHLAR_OPTIONS", "huge_pages");
    expect_complaint("ashlar: value '' ignored: ASHLAR_HUGE_PAGES wants 0 or 1\n");
}

CLAIM(an_unknown_option_is_told_the_nearest) {
    os_fake_set_env("ASHLAR_OPTIONS", "hugepages=1");
    expect_complaint("ashlar: option 'hugepages' in ASHLAR_OPTIONS is unknown; "
                     "the nearest is huge_pages\n");
    os_fake_set_env("ASHLAR_OPTIONS", "purge_delay=1");
    expect_complaint("ashlar: option 'purge_delay' in ASHLAR_OPTIONS is unknown; "
                     "the nearest is purge_delay_ms\n");
    os_fake_set_env("ASHLAR_OPTIONS", "huge_pages_=1");
    expect_complaint("ashlar: option 'huge_pages_' in ASHLAR_OPTIONS is unknown; "
                     "the nearest is huge_pages\n");
}

CLAIM(a_very_long_value_is_cut) {
    os_fake_set_env("ASHLAR_HUGE_PAGES",
                    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    expect_complaint("ashlar: value 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' ignored: "
                     "ASHLAR_HUGE_PAGES wants 0 or 1\n");
}

CLAIM(a_privileged_process_ignores_its_environment) {
    os_fake_set_privileged(true);
    os_fake_set_env("ASHLAR_PURGE_DELAY_MS", "13");
    os_fake_set_env("ASHLAR_OPTIONS", "huge_pages=0,nonsense");
    expect_options(DELAY, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_environment_means_the_defaults),
        cmocka_unit_test(each_option_has_a_variable),
        cmocka_unit_test(a_list_sets_several),
        cmocka_unit_test(the_own_variable_comes_after_the_list),
        cmocka_unit_test(a_bad_value_is_named_and_the_default_kept),
        cmocka_unit_test(a_bad_value_in_the_list_spoils_no_other),
        cmocka_unit_test(a_name_without_a_value_is_named),
        cmocka_unit_test(an_unknown_option_is_told_the_nearest),
        cmocka_unit_test(a_very_long_value_is_cut),
        cmocka_unit_test(a_privileged_process_ignores_its_environment),
    };
    return RUN_TESTS(tests);
}
