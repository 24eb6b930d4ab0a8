#include "platform/report.h"

#include <string.h>

#include "base/assert.h"
#include "os_fake.h"
#include "support.h"

CLAIM(a_report_is_one_line_with_our_name) {
    os_fake_set_quiet(true);
    ash_report("ignoring this");
    expect_text(os_fake_text(), "ashlar: ignoring this\n");
    ash_report("and that");
    expect_text(os_fake_text(), "ashlar: ignoring this\nashlar: and that\n");
}

CLAIM(a_line_that_is_cut_off_still_ends) {
    char what[1000];
    memset(what, 'x', sizeof what - 1);
    what[sizeof what - 1] = '\0';
    os_fake_set_quiet(true);
    ash_report(what);
    const char *text = os_fake_text();
    expect(strlen(text) > 100);
    expect_text(text + strlen(text) - 2, "x\n");
}

DEATH(a_bad_pointer_is_named_with_the_next_step) {
    last_words("free of 0xbeef0: it is none");
    ash_report_bad_pointer("free", (const void *)0xbeef0, "it is none");
}

DEATH(a_fatal_error_says_why) {
    last_words("the heap is broken");
    ash_fatal("the heap is broken");
}

DEATH(a_failed_check_dies_in_every_build) {
    last_words("a list was overwritten");
    ash_check(1 + 1 == 2, "never said");
    ash_check(1 + 1 == 3, "a list was overwritten");
}

DEATH(a_failed_assertion_says_where) {
    last_words("assertion failed: a == b at unit.c:17");
    ash_assert_failed("a == b", "unit.c", 17);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_one_line_with_our_name),
        cmocka_unit_test(a_line_that_is_cut_off_still_ends),
        cmocka_unit_test(a_bad_pointer_is_named_with_the_next_step),
        cmocka_unit_test(a_fatal_error_says_why),
        cmocka_unit_test(a_failed_check_dies_in_every_build),
        cmocka_unit_test(a_failed_assertion_says_where),
    };
    return RUN_TESTS(tests);
}
