#include "platform/report.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "ashlar/control.h"
#include "base/assert.h"
#include "base/options.h"
#include "os_fake.h"
#include "support.h"

static const void *const beef = (const void *)0xbeef0;

static void set_option(enum ash_option option, size_t value) {
    atomic_store_explicit(&ash_options.values[option], value, memory_order_relaxed);
}

CLAIM(a_report_is_one_line_with_our_name_its_code_and_the_next_step) {
    static const char line[] = "ashlar: ASH203: the id of a thread has changed; using the "
                               "kernel's; docs/thread-identity.md says why\n";
    char twice[2 * sizeof line];
    os_fake_set_quiet(true);
    ash_report(ASH_E_ID_CHANGED);
    expect_text(os_fake_text(), line);
    ash_report(ASH_E_ID_CHANGED);
    (void)snprintf(twice, sizeof twice, "%s%s", line, line);
    expect_text(os_fake_text(), twice);
}

CLAIM(a_line_that_is_cut_off_still_ends) {
    char what[1000];
    memset(what, 'x', sizeof what - 1);
    what[sizeof what - 1] = '\0';
    os_fake_set_quiet(true);
    ash_say(what);
    const char *text = os_fake_text();
    expect(strlen(text) > 100);
    expect_text(text + strlen(text) - 2, "x\n");
}

DEATH(a_bad_pointer_is_named_with_the_next_step) {
    last_words("ASH101: double free of 0xbeef0: it is free already; valgrind shows both frees");
    ash_report_bad_pointer(ASH_E_DOUBLE_FREE, "double free", beef);
}

DEATH(what_is_refused_ends_the_process) {
    last_words("ASH102: free of 0xbeef0: no block lives there (freed before?); valgrind shows who "
               "freed it");
    ash_report_refused(ASH_E_NO_BLOCK, "free", beef);
}

CLAIM(what_is_refused_is_survived_if_the_option_says_so) {
    os_fake_set_quiet(true);
    set_option(ASH_OPTION_ABORT_ON_ERROR, 0);
    ash_report_refused(ASH_E_NO_BLOCK, "free", beef);
    expect_text(os_fake_text(), "ashlar: ASH102: free of 0xbeef0: no block lives there (freed "
                                "before?); valgrind shows who freed it\n");
}

DEATH(a_fatal_error_says_why) {
    last_words("ASH112: two threads resize or free one huge block; valgrind --tool=helgrind shows "
               "the threads");
    ash_fatal(ASH_E_HUGE_RACE);
}

DEATH(a_fatal_error_ends_the_process_whatever_the_option) {
    set_option(ASH_OPTION_ABORT_ON_ERROR, 0);
    last_words("ASH112: two threads...");
    ash_fatal(ASH_E_HUGE_RACE);
}

DEATH(a_failed_check_dies_in_every_build) {
    last_words("ASH111: a list of freed blocks was overwritten (write after free?); valgrind shows "
               "who wrote");
    ash_check(1 + 1 == 2, ASH_E_HUGE_RACE);
    ash_check(1 + 1 == 3, ASH_E_LIST_OVERWRITTEN);
}

DEATH(a_failed_assertion_says_where) {
    last_words("ASH901: assertion failed: a == b at unit.c:17; please report it, with the line");
    ash_assert_failed("a == b", "unit.c", 17);
}

// What the program sets -------------------------------------------------------------------

struct heard {
    int calls;
    enum ash_error error;
    const void *pointer;
    char text[320];
};

static void hear(enum ash_error error, const char *text, const void *pointer, void *argument) {
    struct heard *heard = argument;
    heard->calls++;
    heard->error = error;
    heard->pointer = pointer;
    (void)snprintf(heard->text, sizeof heard->text, "%s", text);
}

CLAIM(the_handler_hears_the_code_the_line_and_the_pointer) {
    struct heard heard = {0};
    os_fake_set_quiet(true);
    set_option(ASH_OPTION_ABORT_ON_ERROR, 0);
    ash_set_error_handler(hear, &heard);
    ash_report_refused(ASH_E_NOT_A_START, "realloc", beef);
    expect_equal(heard.calls, 1);
    expect_equal(heard.error, ASH_E_NOT_A_START);
    expect(heard.pointer == beef);
    expect_text(heard.text, "ashlar: ASH103: realloc of 0xbeef0: it does not point to the start of "
                            "a block; free and realloc want the pointer that malloc returned");
    ash_report_setting(ASH_E_OPTION_VALUE, "x is ignored");
    expect_equal(heard.error, ASH_E_OPTION_VALUE);
    expect(heard.pointer == NULL);
    expect_text(heard.text, "ashlar: ASH302: x is ignored");
    ash_set_error_handler(NULL, NULL);
    ash_report(ASH_E_ID_CHANGED);
    expect_equal(heard.calls, 2);
}

CLAIM(the_handler_hears_warnings_that_are_not_shown) {
    struct heard heard = {0};
    set_option(ASH_OPTION_SHOW_WARNINGS, 0);
    ash_set_error_handler(hear, &heard);
    ash_report(ASH_E_FOREIGN_FREE);
    expect_equal(heard.error, ASH_E_FOREIGN_FREE);
    expect_text(os_fake_text(), "");
}

static void say_it(enum ash_error error, const char *text, const void *pointer, void *argument) {
    (void)argument, (void)error, (void)pointer, (void)text;
    ash_say("heard");
}

DEATH(the_handler_hears_what_ends_the_process) {
    ash_set_error_handler(say_it, NULL);
    last_words("heard");
    ash_fatal(ASH_E_HUGE_RACE);
}

static void leap(enum ash_error error, const char *text, const void *pointer, void *argument) {
    (void)error, (void)text, (void)pointer;
    longjmp(*(jmp_buf *)argument, 1);
}

CLAIM(the_handler_may_leave_where_nothing_was_done) {
    jmp_buf back;
    os_fake_set_quiet(true);
    ash_set_error_handler(leap, &back);
    if (setjmp(back) == 0) {
        ash_report_refused(ASH_E_NO_BLOCK, "free", beef);
        expect(false);
    }
}

static void gather(const char *text, void *argument) {
    char *all = argument;
    (void)strncat(all, text, 500 - strlen(all));
}

CLAIM(lines_go_where_the_program_says) {
    char all[501] = "";
    os_fake_set_quiet(true);
    ash_set_output(gather, all);
    ash_say("one");
    ash_report(ASH_E_ID_CHANGED);
    expect_text(os_fake_text(), "");
    expect_text(all, "ashlar: one\nashlar: ASH203: the id of a thread has changed; using the "
                     "kernel's; docs/thread-identity.md says why\n");
    ash_set_output(NULL, NULL);
    ash_say("two");
    expect_text(os_fake_text(), "ashlar: two\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_one_line_with_our_name_its_code_and_the_next_step),
        cmocka_unit_test(a_line_that_is_cut_off_still_ends),
        cmocka_unit_test(a_bad_pointer_is_named_with_the_next_step),
        cmocka_unit_test(what_is_refused_ends_the_process),
        cmocka_unit_test(what_is_refused_is_survived_if_the_option_says_so),
        cmocka_unit_test(a_fatal_error_says_why),
        cmocka_unit_test(a_fatal_error_ends_the_process_whatever_the_option),
        cmocka_unit_test(a_failed_check_dies_in_every_build),
        cmocka_unit_test(a_failed_assertion_says_where),
        cmocka_unit_test(the_handler_hears_the_code_the_line_and_the_pointer),
        cmocka_unit_test(the_handler_hears_warnings_that_are_not_shown),
        cmocka_unit_test(the_handler_hears_what_ends_the_process),
        cmocka_unit_test(the_handler_may_leave_where_nothing_was_done),
        cmocka_unit_test(lines_go_where_the_program_says),
    };
    return RUN_TESTS(tests);
}
