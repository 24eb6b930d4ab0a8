// What the unit tests are written in. Each claim runs in a process of its own, because the core
// keeps its state for the life of a process:
//
//     CLAIM(a_free_slice_is_found) {
//         expect(...);
//     }
//
// A DEATH is a claim whose process must end by SIGABRT, and whose last line on standard error must
// be "ashlar: " and what it announced with last_words().

#ifndef ASHLAR_TEST_SUPPORT_H
#define ASHLAR_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CLAIM(name) \
    static void name##_body(void); \
    static void name(void **state) { \
        (void)state; \
        assert_true(support_passes(name##_body)); \
    } \
    static void name##_body(void)

#define DEATH(name) \
    static void name##_body(void); \
    static void name(void **state) { \
        (void)state; \
        assert_true(support_dies(name##_body)); \
    } \
    static void name##_body(void)

#define RUN_TESTS(tests) cmocka_run_group_tests(tests, NULL, NULL)

// End the process with a message unless it holds. For claims only.
#define expect(c) support_expect((c) ? true : false, #c, __FILE__, __LINE__)
#define expect_equal(a, b) \
    support_expect_equal((uintmax_t)(a), (uintmax_t)(b), #a " == " #b, __FILE__, __LINE__)
#define expect_text(a, b) support_expect_text((a), (b), #a, __FILE__, __LINE__)

void support_expect(bool holds, const char *what, const char *file, int line);
void support_expect_equal(uintmax_t a, uintmax_t b, const char *what, const char *file, int line);
void support_expect_text(const char *a, const char *b, const char *what, const char *file,
                         int line);

// Runs `body` in a new process. Whether that ended well, or by SIGABRT with the last words. What
// the process wrote is shown if not; support_text() keeps it.
bool support_passes(void (*body)(void));
bool support_dies(void (*body)(void));
const char *support_text(void);

// While it is set, what unexpected ends are about is not shown: for planted failures.
void support_set_silent(bool silent);

// Announces the line that the process will die with, without "ashlar: ". A line that ends with
// "..." may go on.
__attribute__((format(printf, 1, 2))) void last_words(const char *format, ...);

// A sequence that is the same for every run. Failing claims that use it show `seed`.
struct sequence {
    uint64_t seed, state;
};

struct sequence sequence_from(uint64_t seed);
uint64_t sequence_next(struct sequence *sequence);
size_t sequence_below(struct sequence *sequence, size_t limit);

#endif
