// The catalogue against test/golden/errors.txt, where each error has its code, its kind and the
// words of its line: all three are for good.

#include "base/errors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static const char *const kinds[] = {"FATAL", "SURVIVABLE", "WARNING", "SETTING", "REFUSED"};

static char golden[8000];

static void read_golden(void) {
    FILE *file = fopen(UNIT_GOLDEN_ERRORS, "r");
    expect(file != NULL);
    size_t length = fread(golden, 1, sizeof golden - 1, file);
    expect(length > 0 && length < sizeof golden - 1);
    golden[length] = '\0';
    (void)fclose(file);
}

// All of the catalogue, as the file has it.
static void print_all(char *text, size_t bytes) {
    const struct ash_error_row *row;
    size_t length = 0;
    for (unsigned i = 0; (row = ash_error_at(i)) != NULL; i++) {
        const char *why = ash_error_why(row), *next = ash_error_next(row);
        const char *gap = next[0] != '\0' ? "; " : "";
        length += (size_t)snprintf(text + length, bytes - length, "%s %s%s%s%s%s\n", row->code,
                                   kinds[row->kind], why[0] != '\0' ? " " : "", why, gap, next);
        expect(length < bytes);
    }
}

CLAIM(every_error_line_is_as_agreed) {
    static char now[8000];
    read_golden();
    print_all(now, sizeof now);
    expect_text(now, golden);
}

static void planted_word(void) {
    static char now[8000];
    read_golden();
    char *word = strstr(golden, "free already");
    expect(word != NULL);
    word[0] = 'F';
    print_all(now, sizeof now);
    expect_text(now, golden);
}

static void planted_row(void) {
    static char now[8000];
    read_golden();
    *strrchr(golden, 'A') = '\0';
    print_all(now, sizeof now);
    expect_text(now, golden);
}

static void planted_changes_are_found(void **state) {
    (void)state;
    support_set_silent(true);
    assert_false(support_passes(planted_word));
    assert_non_null(strstr(support_text(), "instead of"));
    assert_false(support_passes(planted_row));
    support_set_silent(false);
}

CLAIM(a_code_is_its_number) {
    const struct ash_error_row *row;
    for (unsigned i = 0; (row = ash_error_at(i)) != NULL; i++) {
        expect(strncmp(row->code, "ASH", 3) == 0);
        expect_equal(atoi(row->code + 3), row->error);
        expect(ash_error_row(row->error) == row);
        expect(i == 0 || ash_error_at(i - 1)->error < row->error);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_line_is_as_agreed),
        cmocka_unit_test(planted_changes_are_found),
        cmocka_unit_test(a_code_is_its_number),
    };
    return RUN_TESTS(tests);
}
