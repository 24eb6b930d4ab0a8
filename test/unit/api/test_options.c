#include "api/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/boot.h"
#include "ashlar/ashlar.h"
#include "os_fake.h"
#include "platform/report.h"
#include "support.h"

enum { DELAY = 500, UNTOUCHED = 77 };  // the default

// A value that is wrong for each option, and all that is said of it.
struct bad {
    const char *value;
    const char *complaint;
};

static const struct bad golden[ASH_OPTION_COUNT] = {
    [ASH_OPTION_PURGE_DELAY] = {"soon", "'soon' is no value for purge_delay; it wants 0 to 3600000 "
                                        "milliseconds, such as 500ms or 2s"},
    [ASH_OPTION_HELPER_THREAD] = {"2", "'2' is no value for helper_thread; it wants on or off"},
    [ASH_OPTION_HELPER_THREAD_MIN] = {"2G", "'2G' is no value for helper_thread_min; it wants 0 to "
                                            "1073741824 bytes, such as 64K or 1M"},
    [ASH_OPTION_HUGE_PAGES] = {"always", "'always' is no value for huge_pages; it wants on or off"},
    [ASH_OPTION_LIMIT_SOFT] =
        {"half",
         "'half' is no value for limit_soft; it wants any number of bytes, such as 64K or 1M"},
    [ASH_OPTION_LIMIT_HARD] =
        {"1T", "'1T' is no value for limit_hard; it wants any number of bytes, such as 64K or 1M"},
    [ASH_OPTION_SHOW_WARNINGS] = {"-1", "'-1' is no value for show_warnings; it wants on or off"},
    [ASH_OPTION_ABORT_ON_ERROR] = {"no!",
                                   "'no!' is no value for abort_on_error; it wants on or off"},
    [ASH_OPTION_ABORT_ON_WARNING] = {"", "'' is no value for abort_on_warning; it wants on or off"},
    [ASH_OPTION_SHOW_STATS] = {"stderr", "'stderr' is no value for show_stats; it wants on or off"},
    [ASH_OPTION_VERBOSE] = {"3", "'3' is no value for verbose; it wants on or off"},
    [ASH_OPTION_HARDEN] = {"5", "'5' is no value for harden; it wants 0 to 4"},
    [ASH_OPTION_GUARD_SAMPLE] = {"1/100", "'1/100' is no value for guard_sample; it wants 0 to "
                                          "1000000000"},
    [ASH_OPTION_GUARD_SLOTS] = {"0", "'0' is no value for guard_slots; it wants 1 to 1024"},
    [ASH_OPTION_ENVIRONMENT] = {"none", "'none' is no value for environment; it wants on or off"},
};

static void boot(void) {
    os_fake_set_quiet(true);
    os_fake_forget_text();
    ash_options_boot();
}

static void expect_options(size_t purge_delay, size_t huge_pages) {
    boot();
    expect_text(os_fake_text(), "");
    expect_equal(ash_option_value(ASH_OPTION_PURGE_DELAY), purge_delay);
    expect_equal(ash_option_value(ASH_OPTION_HUGE_PAGES), huge_pages);
}

// The line is written, and the defaults kept.
static void expect_complaint(const char *line) {
    boot();
    expect_text(os_fake_text(), line);
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        expect_equal(ash_option_value((enum ash_option)i), ash_option_rows[i].fallback);
    }
}

// Where values come from ----------------------------------------------------------------

CLAIM(an_empty_environment_means_the_defaults) {
    expect_options(DELAY, 1);
}

CLAIM(each_option_has_a_variable) {
    os_fake_set_env("ASHLAR_PURGE_DELAY", "0");
    os_fake_set_env("ASHLAR_HUGE_PAGES", "off");
    expect_options(0, 0);
    os_fake_set_env("ASHLAR_PURGE_DELAY", "3600s");
    os_fake_set_env("ASHLAR_HUGE_PAGES", "yes");
    expect_options(3600000, 1);
}

CLAIM(a_list_sets_several) {
    os_fake_set_env("ASHLAR_OPTIONS", "huge_pages=0,purge_delay=12ms");
    expect_options(12, 0);
    os_fake_set_env("ASHLAR_OPTIONS", ",,Purge-Delay=0012,");
    expect_options(12, 1);
    os_fake_set_env("ASHLAR_OPTIONS", "");
    expect_options(DELAY, 1);
}

CLAIM(the_own_variable_comes_after_the_list) {
    os_fake_set_env("ASHLAR_OPTIONS", "purge_delay=12,purge_delay=14");
    expect_options(14, 1);
    os_fake_set_env("ASHLAR_PURGE_DELAY", "13");
    expect_options(13, 1);
}

CLAIM(a_privileged_process_ignores_its_environment) {
    os_fake_set_privileged(true);
    os_fake_set_env("ASHLAR_PURGE_DELAY", "13");
    os_fake_set_env("ASHLAR_PURGE_DELY", "13");
    os_fake_set_env("ASHLAR_OPTIONS", "huge_pages=0,nonsense");
    expect_options(DELAY, 1);
}

CLAIM(the_environment_can_end_itself) {
    os_fake_set_env("ASHLAR_ENVIRONMENT", "off");
    os_fake_set_env("ASHLAR_PURGE_DELAY", "13");
    os_fake_set_env("ASHLAR_OPTIONS", "huge_pages=0,nonsense");
    expect_options(DELAY, 1);
}

// What is wrong ---------------------------------------------------------------------------

CLAIM(each_option_names_its_bad_value) {
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        char line[300];
        (void)snprintf(line, sizeof line, "ashlar: ASH302: %s is ignored: %s\n",
                       ash_option_rows[i].variable, golden[i].complaint);
        os_fake_set_env(ash_option_rows[i].variable, golden[i].value);
        expect_complaint(line);
        os_fake_set_env(ash_option_rows[i].variable, NULL);
    }
}

CLAIM(each_option_names_its_bad_value_in_a_list) {
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        char line[300], list[100];
        (void)snprintf(line, sizeof line,
                       "ashlar: ASH302: an entry of ASHLAR_OPTIONS is ignored: %s\n",
                       golden[i].complaint);
        (void)snprintf(list, sizeof list, "%s=%s", ash_option_rows[i].name, golden[i].value);
        os_fake_set_env("ASHLAR_OPTIONS", list);
        expect_complaint(line);
    }
}

CLAIM(a_bad_value_in_the_list_spoils_no_other) {
    os_fake_set_env("ASHLAR_OPTIONS", "huge_pages=an,purge_delay=9");
    boot();
    expect_text(os_fake_text(),
                "ashlar: ASH302: an entry of ASHLAR_OPTIONS is ignored: 'an' is no value "
                "for huge_pages; it wants on or off\n");
    expect_equal(ash_option_value(ASH_OPTION_PURGE_DELAY), 9);
    expect_equal(ash_option_value(ASH_OPTION_HUGE_PAGES), 1);
}

CLAIM(a_name_without_a_value_is_named) {
    os_fake_set_env("ASHLAR_OPTIONS", "huge_pages");
    expect_complaint("ashlar: ASH302: an entry of ASHLAR_OPTIONS is ignored: '' is no value for "
                     "huge_pages; it wants on or off\n");
}

CLAIM(an_unknown_option_is_told_the_nearest) {
    os_fake_set_env("ASHLAR_OPTIONS", "hugepages=1");
    expect_complaint("ashlar: ASH301: an entry of ASHLAR_OPTIONS is ignored: there is no option "
                     "'hugepages'; the nearest is huge_pages\n");
    os_fake_set_env("ASHLAR_OPTIONS", "purge_delay_ms=1");
    expect_complaint("ashlar: ASH301: an entry of ASHLAR_OPTIONS is ignored: there is no option "
                     "'purge_delay_ms'; the nearest is purge_delay\n");
    os_fake_set_env("ASHLAR_OPTIONS", "=1");
    boot();
    expect(strstr(os_fake_text(), "there is no option ''; the nearest is ") != NULL);
}

CLAIM(a_mistyped_variable_is_told_the_nearest) {
    os_fake_set_env("ASHLAR_PURGE_DELAY_MS", "100");
    expect_complaint(
        "ashlar: ASH303: ASHLAR_PURGE_DELAY_MS is ignored: no option has this variable; the "
        "nearest is ASHLAR_PURGE_DELAY\n");
    os_fake_set_env("ASHLAR_PURGE_DELAY_MS", NULL);
    os_fake_set_env("ASHLAR_huge_pages", "0");
    expect_complaint(
        "ashlar: ASH303: ASHLAR_huge_pages is ignored: no option has this variable; the "
        "nearest is ASHLAR_HUGE_PAGES\n");
}

CLAIM(variables_of_others_are_let_alone) {
    const char *const others[] = {"ASHLAR_LIBRARY", "ASHLAR_BIN",     "ASHLAR_OPTIONS",
                                  "ASHLAR_",        "ASHLAR_VERSION", "ASHLAR_STATS",
                                  "ASHLAR",         "ASH_VERBOSE"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        os_fake_set_env(others[i], "");
    }
    expect_options(DELAY, 1);
}

CLAIM(a_very_long_value_is_cut) {
    os_fake_set_env("ASHLAR_HUGE_PAGES",
                    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    expect_complaint("ashlar: ASH302: ASHLAR_HUGE_PAGES is ignored: "
                     "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' is no value for huge_pages; it "
                     "wants on or off\n");
}

// What some of them do -------------------------------------------------------------------

CLAIM(verbose_says_what_is_set_and_by_whom) {
    os_fake_set_process(4711);
    os_fake_set_env("ASHLAR_OPTIONS", "helper_thread_min=1M,purge_delay=2s");
    os_fake_set_env("ASHLAR_VERBOSE", "on");
    boot();
    char version[60];
    (void)snprintf(version, sizeof version, "ashlar: version %d.%d.%d serves process 4711\n",
                   ASH_VERSION_MAJOR, ASH_VERSION_MINOR, ASH_VERSION_PATCH);
    const char *text = os_fake_text();
    expect(strncmp(text, version, strlen(version)) == 0);
    expect_text(text + strlen(version), "ashlar: purge_delay=2000ms (ASHLAR_OPTIONS)\n"
                                        "ashlar: helper_thread_min=1M (ASHLAR_OPTIONS)\n"
                                        "ashlar: verbose=on (environment)\n");
}

CLAIM(what_is_wrong_is_said_once_whatever_boot_does) {
    os_fake_set_quiet(true);
    os_fake_set_env("ASHLAR_HUGE_PAGES", "x");
    os_fake_fail_from(OS_FAKE_ANY, 1);
    expect(!ash_boot());
    expect(os_fake_text()[0] != '\0');
    os_fake_forget_text();
    os_fake_fail_never();
    expect(ash_boot());
    expect_text(os_fake_text(), "");
}

CLAIM(warnings_can_be_turned_off) {
    os_fake_set_quiet(true);
    expect_equal(ash_option_set(ASH_OPTION_SHOW_WARNINGS, 0), 0);
    ash_report(ASH_E_ID_CHANGED);
    expect_text(os_fake_text(), "");
    expect_equal(ash_option_set(ASH_OPTION_SHOW_WARNINGS, 1), 0);
    ash_report(ASH_E_ID_CHANGED);
    expect_text(os_fake_text(),
                "ashlar: ASH203: the id of a thread has changed; using the kernel's; "
                "docs/thread-identity.md says why\n");
}

DEATH(a_warning_can_end_the_process) {
    expect_equal(ash_option_set(ASH_OPTION_SHOW_WARNINGS, 0), 0);
    expect_equal(ash_option_set(ASH_OPTION_ABORT_ON_WARNING, 1), 0);
    last_words("ASH403: the option abort_on_warning ends the process; the line before says why");
    static char not_ours[64];
    ash_free(not_ours);
}

// At run time -----------------------------------------------------------------------------

static void expect_set(const char *name, const char *value, int error, const char *message) {
    char text[200] = "unwritten";
    errno = UNTOUCHED;
    expect_equal(ash_option_set_text(name, value, text, sizeof text), error);
    expect_text(text, message);
    expect_equal(errno, UNTOUCHED);
}

CLAIM(a_value_that_is_set_is_read_back) {
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        enum ash_option option = (enum ash_option)i;
        const struct ash_option_row *row = &ash_option_rows[i];
        if (row->at_start || option == ASH_OPTION_ABORT_ON_WARNING) {
            continue;
        }
        expect_equal(ash_option_get(option), row->fallback);
        expect_equal(ash_option_set(option, (int64_t)row->lowest), 0);
        expect_equal(ash_option_get(option), row->lowest);
        expect_equal(ash_option_set(option, (int64_t)row->highest), 0);
        expect_equal(ash_option_get(option), row->highest);
        expect_equal(ash_option_set(option, (int64_t)((uint64_t)row->highest + 1)), EINVAL);
        expect_equal(ash_option_set(option, -1), EINVAL);
        expect_equal(ash_option_set(option, INT64_MIN), EINVAL);
        expect(row->highest == INT64_MAX || ash_option_set(option, INT64_MAX) == EINVAL);
        expect_equal(ash_option_get(option), row->highest);
    }
}

CLAIM(no_such_option_is_no_such_option) {
    struct ash_option_details info;
    expect_equal(ash_option_get(ASH_OPTION_COUNT), (uintmax_t)-1);
    expect_equal(ash_option_get((enum ash_option) - 1), (uintmax_t)-1);
    expect_equal(ash_option_set(ASH_OPTION_COUNT, 1), EINVAL);
    expect_equal(ash_option_set_default((enum ash_option) - 1, 1), EINVAL);
    expect_equal(ash_option_info(ASH_OPTION_COUNT, &info, sizeof info), EINVAL);
    expect_equal(ash_option_by_name("nonsense"), (uintmax_t)-1);
}

CLAIM(what_is_for_the_start_alone_cannot_be_set) {
    expect_equal(ash_option_set(ASH_OPTION_ENVIRONMENT, 0), EPERM);
    expect_equal(ash_option_get(ASH_OPTION_ENVIRONMENT), 1);
    expect_set("environment", "off", EPERM,
               "environment can be set at the start alone, in ash_options_default or as "
               "ASHLAR_ENVIRONMENT");
}

CLAIM(text_is_set_as_in_the_environment) {
    expect_set("purge_delay", "3s", 0, "");
    expect_equal(ash_option_get(ASH_OPTION_PURGE_DELAY), 3000);
    expect_set("HUGE-PAGES", "no", 0, "");
    expect_equal(ash_option_get(ASH_OPTION_HUGE_PAGES), 0);
    expect_set("purge", "3s", ENOENT, "there is no option 'purge'; the nearest is purge_delay");
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        expect_set(ash_option_rows[i].name, golden[i].value, EINVAL, golden[i].complaint);
    }
    expect_equal(ash_option_get(ASH_OPTION_PURGE_DELAY), 3000);
}

CLAIM(a_message_fits_where_it_goes) {
    char small[8] = "1234567";
    expect_equal(ash_option_set_text("x", "y", small, sizeof small), ENOENT);
    expect_text(small, "there i");
    expect_equal(ash_option_set_text("x", "y", small, 0), ENOENT);
    expect_text(small, "there i");
    expect_equal(ash_option_set_text("x", "y", NULL, 100), ENOENT);
}

CLAIM(defaults_give_way_to_what_is_set) {
    os_fake_set_env("ASHLAR_PURGE_DELAY", "500");  // the default, but said
    expect_equal(ash_option_set_default(ASH_OPTION_PURGE_DELAY, 7), 0);
    expect_equal(ash_option_get(ASH_OPTION_PURGE_DELAY), 500);
    expect_equal(ash_option_set_default(ASH_OPTION_HUGE_PAGES, 0), 0);
    expect_equal(ash_option_get(ASH_OPTION_HUGE_PAGES), 0);
    expect_equal(ash_option_set_default(ASH_OPTION_HUGE_PAGES, 1), 0);
    expect_equal(ash_option_get(ASH_OPTION_HUGE_PAGES), 0);
    expect_equal(ash_option_set_default(ASH_OPTION_VERBOSE, 2), EINVAL);
}

CLAIM(what_is_known_of_an_option) {
    os_fake_set_env("ASHLAR_PURGE_DELAY", "2s");
    struct ash_option_details info;
    expect_equal(ash_option_info(ASH_OPTION_PURGE_DELAY, &info, sizeof info), 0);
    expect_text(info.name, "purge_delay");
    expect_text(info.variable, "ASHLAR_PURGE_DELAY");
    expect_text(info.source, "environment");
    expect_equal(info.value, 2000);
    expect_equal(info.fallback, DELAY);
    expect_equal(info.highest, 3600000);
    expect_equal(info.kind, ASH_OPTION_KIND_MILLISECONDS);
    expect_equal(info.at_start, 0);
    expect_equal(ash_option_set(ASH_OPTION_PURGE_DELAY, 1), 0);
    info.value = UNTOUCHED;  // a caller that knows less than we do
    expect_equal(
        ash_option_info(ASH_OPTION_PURGE_DELAY, &info, offsetof(struct ash_option_details, value)),
        0);
    expect_text(info.source, "call");
    expect_equal(info.value, UNTOUCHED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_environment_means_the_defaults),
        cmocka_unit_test(each_option_has_a_variable),
        cmocka_unit_test(a_list_sets_several),
        cmocka_unit_test(the_own_variable_comes_after_the_list),
        cmocka_unit_test(a_privileged_process_ignores_its_environment),
        cmocka_unit_test(the_environment_can_end_itself),
        cmocka_unit_test(each_option_names_its_bad_value),
        cmocka_unit_test(each_option_names_its_bad_value_in_a_list),
        cmocka_unit_test(a_bad_value_in_the_list_spoils_no_other),
        cmocka_unit_test(a_name_without_a_value_is_named),
        cmocka_unit_test(an_unknown_option_is_told_the_nearest),
        cmocka_unit_test(a_mistyped_variable_is_told_the_nearest),
        cmocka_unit_test(variables_of_others_are_let_alone),
        cmocka_unit_test(a_very_long_value_is_cut),
        cmocka_unit_test(verbose_says_what_is_set_and_by_whom),
        cmocka_unit_test(what_is_wrong_is_said_once_whatever_boot_does),
        cmocka_unit_test(warnings_can_be_turned_off),
        cmocka_unit_test(a_warning_can_end_the_process),
        cmocka_unit_test(a_value_that_is_set_is_read_back),
        cmocka_unit_test(no_such_option_is_no_such_option),
        cmocka_unit_test(what_is_for_the_start_alone_cannot_be_set),
        cmocka_unit_test(text_is_set_as_in_the_environment),
        cmocka_unit_test(a_message_fits_where_it_goes),
        cmocka_unit_test(defaults_give_way_to_what_is_set),
        cmocka_unit_test(what_is_known_of_an_option),
    };
    return RUN_TESTS(tests);
}
