#include "fault.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static const char *fault_operation = "start";
static unsigned fault_step;

void fuzz_note(const char *operation, unsigned step) {
    fault_operation = operation;
    fault_step = step;
}

_Noreturn void fuzz_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "fuzz: FAIL: step %u, %s: ", fault_step, fault_operation);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    fflush(stderr);
    abort();
}

// The unit tests' players expect as claims do; here there is no claim whose process could end.

void support_expect(bool holds, const char *what, const char *file, int line) {
    if (!holds) {
        fuzz_fail("does not hold: %s at %s:%d", what, file, line);
    }
}

void support_expect_equal(uintmax_t a, uintmax_t b, const char *what, const char *file, int line) {
    if (a != b) {
        fuzz_fail("does not hold: %s: %#jx and %#jx at %s:%d", what, a, b, file, line);
    }
}

void support_expect_text(const char *a, const char *b, const char *what, const char *file,
                         int line) {
    if (strcmp(a, b) != 0) {
        fuzz_fail("%s is '%s' instead of '%s' at %s:%d", what, a, b, file, line);
    }
}
