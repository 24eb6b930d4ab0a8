#include "base/fmt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

enum { ROOM = 64 };

static char text[ROOM];
static struct ash_fmt line;

static void start(size_t room) {
    memset(text, '#', sizeof text);
    ash_fmt_init(&line, text, room);
}

CLAIM(a_new_line_is_empty) {
    start(1);
    expect_text(text, "");
    expect_equal(line.length, 0);
    expect_equal(text[1], '#');
}

CLAIM(parts_follow_each_other) {
    start(ROOM);
    ash_fmt_text(&line, "used ");
    ash_fmt_uint(&line, 17);
    ash_fmt_text(&line, "");
    ash_fmt_text(&line, " at ");
    ash_fmt_hex(&line, 0xbeef);
    expect_text(text, "used 17 at 0xbeef");
    expect_equal(line.length, strlen(text));
}

CLAIM(what_does_not_fit_is_cut_off) {
    for (size_t room = 1; room < 12; room++) {
        start(room);
        ash_fmt_text(&line, "abcdef");
        ash_fmt_uint(&line, 12345);
        expect_equal(memcmp(text, "abcdef12345", room - 1), 0);
        expect_equal(text[room - 1], '\0');
        expect_equal(line.length, room - 1);
        expect_equal(text[room], '#');
    }
}

CLAIM(numbers_are_written_as_printf_writes_them) {
    struct sequence sequence = sequence_from(4);
    for (int round = 0; round < 300; round++) {
        uint64_t value = sequence_next(&sequence) >> (round % 64);
        value = round == 0 ? 0 : round == 1 ? UINT64_MAX : value;
        char wanted[ROOM];
        start(ROOM);
        ash_fmt_uint(&line, value);
        (void)snprintf(wanted, sizeof wanted, "%" PRIu64, value);
        expect_text(text, wanted);
        start(ROOM);
        ash_fmt_hex(&line, value);
        (void)snprintf(wanted, sizeof wanted, "0x%" PRIx64, value);
        expect_text(text, wanted);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_line_is_empty),
        cmocka_unit_test(parts_follow_each_other),
        cmocka_unit_test(what_does_not_fit_is_cut_off),
        cmocka_unit_test(numbers_are_written_as_printf_writes_them),
    };
    return RUN_TESTS(tests);
}
