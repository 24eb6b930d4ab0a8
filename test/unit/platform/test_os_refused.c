// The real system where a sandbox refuses what the platform floor asks: each claim is a process
// with a filter of its own. An emulator has no filters, and so shows nothing.

#include <errno.h>
#include <stdatomic.h>

#include "platform/os.h"
#include "refuse.h"
#include "support.h"

// Whether the calls are refused from now on. Only where there are no filters they are not.
static bool refuse(const char *name) {
    const struct refusal *refusal = refusal_find(name);
    bool begun = refusal_begin(refusal);
    expect(begun || errno == EINVAL || errno == ENOSYS);
    expect(!begun || refusal_holds(refusal));
    errno = 77;
    return begun;
}

CLAIM(pages_are_brought_in_where_the_advice_is_unknown) {
    size_t bytes = 8 * ash_os_page_bytes();
    unsigned char *start = ash_os_map(bytes, ash_os_page_bytes());
    expect(start != NULL);
    start[ash_os_page_bytes()] = 9;
    if (refuse("unknown-advice")) {
        expect(ash_os_populate(start, bytes));
        expect_equal(ash_os_resident_pages(start, bytes), 8);
        expect_equal(start[ash_os_page_bytes()], 9);
        expect_equal(errno, 77);
    }
}

CLAIM(a_purge_that_is_refused_says_so) {
    size_t bytes = ash_os_page_bytes();
    unsigned char *start = ash_os_map(bytes, bytes);
    expect(start != NULL);
    start[0] = 9;
    if (refuse("advice")) {
        expect(!ash_os_purge(start, bytes));
        expect_equal(start[0], 9);
        expect_equal(errno, 77);
    }
}

CLAIM(questions_that_are_refused_have_other_answers) {
    if (refuse("questions")) {
        ash_os_barrier();
        uint64_t first = ash_os_random();
        bool differs = false;
        for (int i = 0; i < 1000; i++) {
            differs |= ash_os_random() != first;
        }
        expect(differs);
        expect(ash_os_nodes() != 0);
        expect(ash_os_thread_lives(ash_os_thread_id(), ash_os_process_id()));
        expect_equal(errno, 77);
    }
}

CLAIM(what_the_kernel_does_not_say_is_0) {
    if (refuse("files")) {
        struct ash_os_usage usage;
        ash_os_usage(&usage);
        expect_equal(usage.elapsed_ms, 0);
        expect_equal(usage.resident_bytes, 0);
        expect_equal(errno, 77);
    }
}

CLAIM(marks_that_are_refused_are_not_there) {
    if (refuse("unknown-advice")) {
        size_t page = ash_os_page_bytes();
        char *start = ash_os_map(page, page);
        expect(!ash_os_check_guards());
        expect(!ash_os_guard(start, page, true));
        expect(ash_os_guard(start, page, false) && ash_os_unguard(start, page, false));
        start[0] = 1;
        expect_equal(errno, 77);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_brought_in_where_the_advice_is_unknown),
        cmocka_unit_test(a_purge_that_is_refused_says_so),
        cmocka_unit_test(questions_that_are_refused_have_other_answers),
        cmocka_unit_test(what_the_kernel_does_not_say_is_0),
        cmocka_unit_test(marks_that_are_refused_are_not_there),
    };
    return RUN_TESTS(tests);
}
