// The part of cmocka's interface that the unit tests use, for targets for which Debian has no
// cmocka: 32-bit and foreign builds. Elsewhere the real one is used, so a test that compiles with
// both is right. A failed assertion ends its test by a long jump, as it does there.

#ifndef ASHLAR_TEST_SHIM_CMOCKA_H
#define ASHLAR_TEST_SHIM_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*CMUnitTestFunction)(void **state);
typedef int (*CMFixtureFunction)(void **state);

struct CMUnitTest {
    const char *name;
    CMUnitTestFunction test_func;
    CMFixtureFunction setup_func;
    CMFixtureFunction teardown_func;
    void *initial_state;
};

enum shim_end { SHIM_PASSED, SHIM_FAILED, SHIM_SKIPPED };

// Where a failed assertion of the running test goes.
static jmp_buf shim_running;

#define cmocka_unit_test(test) \
    { #test, (test), NULL, NULL, NULL }
#define cmocka_unit_test_setup(test, setup) \
    { #test, (test), (setup), NULL, NULL }
#define cmocka_unit_test_teardown(test, teardown) \
    { #test, (test), NULL, (teardown), NULL }
#define cmocka_unit_test_setup_teardown(test, setup, teardown) \
    { #test, (test), (setup), (teardown), NULL }
#define cmocka_unit_test_prestate(test, state) \
    { #test, (test), NULL, NULL, (state) }
#define cmocka_unit_test_prestate_setup_teardown(test, setup, teardown, state) \
    { #test, (test), (setup), (teardown), (state) }

#define cmocka_run_group_tests(tests, setup, teardown) \
    shim_run(#tests, (tests), sizeof(tests) / sizeof(tests)[0], (setup), (teardown))
#define cmocka_run_group_tests_name(name, tests, setup, teardown) \
    shim_run((name), (tests), sizeof(tests) / sizeof(tests)[0], (setup), (teardown))

#define skip() longjmp(shim_running, SHIM_SKIPPED)
#define fail() shim_require(0, __FILE__, __LINE__, "fail()")
#define fail_msg(...) (print_error(__VA_ARGS__), shim_require(0, __FILE__, __LINE__, "fail_msg"))
#define print_message(...) ((void)printf(__VA_ARGS__))
#define print_error(...) ((void)fprintf(stderr, __VA_ARGS__), (void)fputc('\n', stderr))

#define assert_true(c) shim_require((c) ? 1 : 0, __FILE__, __LINE__, #c)
#define assert_false(c) shim_require((c) ? 0 : 1, __FILE__, __LINE__, "not " #c)
#define assert_null(p) shim_require((p) == NULL, __FILE__, __LINE__, #p " is NULL")
#define assert_non_null(p) shim_require((p) != NULL, __FILE__, __LINE__, #p " is not NULL")
#define assert_ptr_equal(a, b) \
    shim_compare((uintmax_t)(uintptr_t)(a), (uintmax_t)(uintptr_t)(b), 1, __FILE__, __LINE__)
#define assert_ptr_not_equal(a, b) \
    shim_compare((uintmax_t)(uintptr_t)(a), (uintmax_t)(uintptr_t)(b), 0, __FILE__, __LINE__)
#define assert_int_equal(a, b) shim_compare((uintmax_t)(a), (uintmax_t)(b), 1, __FILE__, __LINE__)
#define assert_int_not_equal(a, b) \
    shim_compare((uintmax_t)(a), (uintmax_t)(b), 0, __FILE__, __LINE__)
#define assert_in_range(x, low, high) \
    shim_range((uintmax_t)(x), (uintmax_t)(low), (uintmax_t)(high), 1, __FILE__, __LINE__)
#define assert_not_in_range(x, low, high) \
    shim_range((uintmax_t)(x), (uintmax_t)(low), (uintmax_t)(high), 0, __FILE__, __LINE__)
#define assert_string_equal(a, b) \
    shim_require(strcmp((a), (b)) == 0, __FILE__, __LINE__, #a " is " #b)
#define assert_string_not_equal(a, b) \
    shim_require(strcmp((a), (b)) != 0, __FILE__, __LINE__, #a " is not " #b)
#define assert_memory_equal(a, b, bytes) \
    shim_require(memcmp((a), (b), (bytes)) == 0, __FILE__, __LINE__, #a " is as " #b)
#define assert_memory_not_equal(a, b, bytes) \
    shim_require(memcmp((a), (b), (bytes)) != 0, __FILE__, __LINE__, #a " is not as " #b)

static inline void shim_require(int holds, const char *file, int line, const char *what) {
    if (!holds) {
        print_error("%s:%d: does not hold: %s", file, line, what);
        longjmp(shim_running, SHIM_FAILED);
    }
}

static inline void shim_compare(uintmax_t a, uintmax_t b, int equal, const char *file, int line) {
    if ((a == b) != equal) {
        print_error("%s:%d: %#jx and %#jx must %s", file, line, a, b, equal ? "agree" : "differ");
        longjmp(shim_running, SHIM_FAILED);
    }
}

static inline void shim_range(uintmax_t x, uintmax_t low, uintmax_t high, int inside,
                              const char *file, int line) {
    if ((x >= low && x <= high) != inside) {
        print_error("%s:%d: %ju must be %s %ju to %ju", file, line, x,
                    inside ? "inside" : "outside", low, high);
        longjmp(shim_running, SHIM_FAILED);
    }
}

static inline enum shim_end shim_run_one(const struct CMUnitTest *test, void *state) {
    int end = setjmp(shim_running);
    if (end != SHIM_PASSED) {
        return (enum shim_end)end;
    }
    if (test->initial_state != NULL) {
        state = test->initial_state;
    }
    if (test->setup_func != NULL && test->setup_func(&state) != 0) {
        return SHIM_FAILED;
    }
    test->test_func(&state);
    if (test->teardown_func != NULL && test->teardown_func(&state) != 0) {
        return SHIM_FAILED;
    }
    return SHIM_PASSED;
}

// Returns the number of failed tests, for main to return.
static inline int shim_run(const char *group, const struct CMUnitTest *tests, size_t count,
                           CMFixtureFunction setup, CMFixtureFunction teardown) {
    static const char *const words[] = {"ok", "FAILED", "skipped"};
    void *state = NULL;
    int failed = 0;
    if (setup != NULL && setup(&state) != 0) {
        print_error("%s: the group's set-up failed", group);
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        enum shim_end end = shim_run_one(&tests[i], state);
        print_message("[%s] %s\n", words[end], tests[i].name);
        failed += end == SHIM_FAILED;
    }
    if (teardown != NULL && teardown(&state) != 0) {
        failed++;
    }
    return failed;
}

#endif
