#include "base/options.h"

#include <string.h>

#include "support.h"

// Kinds and ranges that no option of the table need have.
static const struct ash_option_row number = {
    .name = "number", .lowest = 3, .highest = 40, .kind = ASH_OPTION_KIND_NUMBER};
static const struct ash_option_row bytes = {
    .name = "bytes", .highest = SIZE_MAX, .kind = ASH_OPTION_KIND_BYTES};
static const struct ash_option_row delay = {
    .name = "delay", .highest = SIZE_MAX, .kind = ASH_OPTION_KIND_MILLISECONDS};
static const struct ash_option_row flag = {
    .name = "flag", .highest = 1, .kind = ASH_OPTION_KIND_SWITCH};

struct parse_case {
    const char *text;
    size_t value;
};

static void expect_read(const struct ash_option_row *row, const char *text, size_t wanted) {
    size_t value = 77;
    support_expect(ash_option_parse(row, ash_piece_of(text), &value), text, __FILE__, __LINE__);
    support_expect_equal(value, wanted, text, __FILE__, __LINE__);
}

static void expect_refused(const struct ash_option_row *row, const char *text) {
    size_t value = 77;
    support_expect(!ash_option_parse(row, ash_piece_of(text), &value), text, __FILE__, __LINE__);
    expect_equal(value, 77);
}

CLAIM(bytes_have_units_of_1024) {
    const struct parse_case cases[] = {
        {"0", 0},        {"1", 1},          {"007", 7},      {"64K", 65536},
        {"64k", 65536},  {"64KiB", 65536},  {"1M", 1 << 20}, {"3mib", 3 << 20},
        {"1G", 1 << 30}, {"1GIB", 1 << 30}, {"0G", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_read(&bytes, cases[i].text, cases[i].value);
    }
}

CLAIM(times_are_milliseconds_or_seconds) {
    expect_read(&delay, "500", 500);
    expect_read(&delay, "500ms", 500);
    expect_read(&delay, "2s", 2000);
    expect_read(&delay, "2S", 2000);
}

CLAIM(a_switch_has_four_words_for_each_side) {
    const char *const on[] = {"on", "ON", "1", "yes", "true", "True"};
    const char *const off[] = {"off", "0", "no", "false", "OFF"};
    for (size_t i = 0; i < sizeof on / sizeof on[0]; i++) {
        expect_read(&flag, on[i], 1);
    }
    for (size_t i = 0; i < sizeof off / sizeof off[0]; i++) {
        expect_read(&flag, off[i], 0);
    }
}

CLAIM(anything_else_is_no_value) {
    const char *const bad[] = {"",
                               "x",
                               "-1",
                               "+1",
                               " 1",
                               "1 ",
                               "1.5",
                               "1e3",
                               "0x10",
                               "K",
                               "ms",
                               "1KB",
                               "1 K",
                               "1kK",
                               "5h",
                               "1\n",
                               "1,2",
                               "\xc3\xa9",
                               "18446744073709551616",
                               "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_refused(&bytes, bad[i]);
        expect_refused(&delay, bad[i]);
        expect_refused(&number, bad[i]);
    }
    const char *const no_switch[] = {"", "2", "o", "onn", "of", "01", "10", "y", "on "};
    for (size_t i = 0; i < sizeof no_switch / sizeof no_switch[0]; i++) {
        expect_refused(&flag, no_switch[i]);
    }
    expect_refused(&number, "4K");
    expect_refused(&bytes, "5s");
    expect_refused(&delay, "5K");
}

CLAIM(an_overflow_is_no_value) {
    char text[40];
    struct ash_fmt out;
    ash_fmt_init(&out, text, sizeof text);
    ash_fmt_uint(&out, SIZE_MAX);
    expect_read(&bytes, text, SIZE_MAX);
    ash_fmt_text(&out, "0");
    expect_refused(&bytes, text);
    ash_fmt_init(&out, text, sizeof text);
    ash_fmt_uint(&out, (uint64_t)(SIZE_MAX >> 30));
    ash_fmt_text(&out, "G");
    expect_read(&bytes, text, SIZE_MAX >> 30 << 30);
    ash_fmt_init(&out, text, sizeof text);
    ash_fmt_uint(&out, (uint64_t)(SIZE_MAX >> 30) + 1);
    ash_fmt_text(&out, "G");
    expect_refused(&bytes, text);
}

CLAIM(both_ends_of_the_range_are_in_it) {
    expect_read(&number, "3", 3);
    expect_read(&number, "40", 40);
    expect_refused(&number, "2");
    expect_refused(&number, "41");
}

static void expect_printed(const struct ash_option_row *row, size_t value, const char *wanted) {
    char text[100];
    struct ash_fmt out;
    ash_fmt_init(&out, text, sizeof text);
    ash_option_print(&out, row, value);
    expect_text(text, wanted);
    expect_read(row, text, value);  // and reads back
}

CLAIM(what_is_printed_reads_back) {
    expect_printed(&bytes, 0, "0");
    expect_printed(&bytes, 1023, "1023");
    expect_printed(&bytes, 1024, "1K");
    expect_printed(&bytes, 1536 << 10, "1536K");
    expect_printed(&bytes, 8 << 20, "8M");
    expect_printed(&bytes, (size_t)3 << 30, "3G");
    expect_printed(&delay, 2000, "2000ms");
    expect_printed(&number, 7, "7");
    expect_printed(&flag, 1, "on");
    expect_printed(&flag, 0, "off");
}

static void expect_wants(const struct ash_option_row *row, const char *wanted) {
    char text[100];
    struct ash_fmt out;
    ash_fmt_init(&out, text, sizeof text);
    ash_option_print_wants(&out, row);
    expect_text(text, wanted);
}

CLAIM(each_kind_says_what_it_wants) {
    struct ash_option_row kib = bytes;
    kib.highest = 65536;
    expect_wants(&kib, "0 to 65536 bytes, such as 64K or 1M");
    expect_wants(&number, "3 to 40");
    expect_wants(&flag, "on or off");
    struct ash_option_row second = delay;
    second.highest = 1000;
    expect_wants(&second, "0 to 1000 milliseconds, such as 500ms or 2s");
}

CLAIM(the_table_is_sound) {
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        const struct ash_option_row *row = &ash_option_rows[i];
        expect(row->lowest <= row->fallback && row->fallback <= row->highest);
        expect(row->highest <= PTRDIFF_MAX);
        expect(strlen(row->name) <= 40);
        expect_equal(ash_option_find(ash_piece_of(row->name)), i);
        expect_equal(ash_option_value((enum ash_option)i), row->fallback);
        expect_equal(strncmp(row->variable, "ASHLAR_", 7), 0);
        expect_equal(ash_option_find(ash_piece_of(row->variable + 7)), i);
        expect(strlen(row->help) <= 90 && row->help[strlen(row->help) - 1] == '.');
        expect(row->when[0] != '\0' && row->since[0] != '\0');
        expect(row->kind != ASH_OPTION_KIND_SWITCH || row->highest == 1);
    }
}

CLAIM(names_are_found_in_either_case_and_with_dashes) {
    expect_equal(ash_option_find(ash_piece_of("Purge-DELAY")), ASH_OPTION_PURGE_DELAY);
    expect_equal(ash_option_find(ash_piece_of("purge_dela")), ASH_OPTION_COUNT);
    expect_equal(ash_option_find(ash_piece_of("purge_delay_")), ASH_OPTION_COUNT);
    expect_equal(ash_option_find(ash_piece_of("")), ASH_OPTION_COUNT);
}

CLAIM(the_nearest_name_needs_the_fewest_changes) {
    const struct {
        const char *text;
        enum ash_option nearest;
        size_t changes;
    } cases[] = {
        {"huge_pages", ASH_OPTION_HUGE_PAGES, 0},        {"hugepages", ASH_OPTION_HUGE_PAGES, 1},
        {"hgue_pages", ASH_OPTION_HUGE_PAGES, 2},        {"verbosity", ASH_OPTION_VERBOSE, 3},
        {"HELPER_THREADS", ASH_OPTION_HELPER_THREAD, 1}, {"delay", ASH_OPTION_PURGE_DELAY, 6},
        {"show_stat", ASH_OPTION_SHOW_STATS, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t changes;
        enum ash_option nearest = ash_option_nearest(ash_piece_of(cases[i].text), &changes);
        support_expect_equal(nearest, cases[i].nearest, cases[i].text, __FILE__, __LINE__);
        expect_equal(changes, cases[i].changes);
    }
}

CLAIM(a_text_of_megabytes_is_cut) {
    static char text[1 << 20];
    memset(text, 'x', sizeof text - 1);
    char line[200];
    struct ash_fmt out;
    ash_fmt_init(&out, line, sizeof line);
    ash_option_print_unknown(&out, ash_piece_of(text));
    expect(strncmp(line, "there is no option 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'; the", 65) ==
           0);
}

CLAIM(what_a_terminal_would_obey_is_not_repeated) {
    char line[200];
    struct ash_fmt out;
    ash_fmt_init(&out, line, sizeof line);
    ash_option_print_bad(&out, &flag, ash_piece_of("a\x1b[1mb\n\x7f\xc3\xa9"));
    expect_text(line, "'a?[1mb??\xc3\xa9' is no value for flag; it wants on or off");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_have_units_of_1024),
        cmocka_unit_test(times_are_milliseconds_or_seconds),
        cmocka_unit_test(a_switch_has_four_words_for_each_side),
        cmocka_unit_test(anything_else_is_no_value),
        cmocka_unit_test(an_overflow_is_no_value),
        cmocka_unit_test(both_ends_of_the_range_are_in_it),
        cmocka_unit_test(what_is_printed_reads_back),
        cmocka_unit_test(each_kind_says_what_it_wants),
        cmocka_unit_test(the_table_is_sound),
        cmocka_unit_test(names_are_found_in_either_case_and_with_dashes),
        cmocka_unit_test(the_nearest_name_needs_the_fewest_changes),
        cmocka_unit_test(a_text_of_megabytes_is_cut),
        cmocka_unit_test(what_a_terminal_would_obey_is_not_repeated),
    };
    return RUN_TESTS(tests);
}
