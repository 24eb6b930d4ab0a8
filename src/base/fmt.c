#include "base/fmt.h"

void ash_fmt_init(struct ash_fmt *fmt, char *text, size_t room) {
    fmt->text = text;
    fmt->room = room;
    fmt->length = 0;
    text[0] = '\0';
}

void ash_fmt_text(struct ash_fmt *fmt, const char *text) {
    while (*text != '\0' && fmt->length + 1 < fmt->room) {
        fmt->text[fmt->length++] = *text++;
    }
    fmt->text[fmt->length] = '\0';
}

static void fmt_number(struct ash_fmt *fmt, uint64_t value, unsigned base) {
    char digits[24];
    size_t at = sizeof digits;
    digits[--at] = '\0';
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    ash_fmt_text(fmt, digits + at);
}

void ash_fmt_uint(struct ash_fmt *fmt, uint64_t value) {
    fmt_number(fmt, value, 10);
}

void ash_fmt_hex(struct ash_fmt *fmt, uint64_t value) {
    ash_fmt_text(fmt, "0x");
    fmt_number(fmt, value, 16);
}
