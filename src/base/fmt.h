// Text without allocation, locale or libc: builds a line in a caller's buffer.

#ifndef ASH_BASE_FMT_H
#define ASH_BASE_FMT_H

#include <stddef.h>
#include <stdint.h>

// What does not fit is cut off; `text` always ends with a zero byte.
struct ash_fmt {
    char *text;
    size_t room;    // bytes of `text`, the zero byte included
    size_t length;  // written so far, without the zero byte
};

// `room` is at least 1.
void ash_fmt_init(struct ash_fmt *fmt, char *text, size_t room);
void ash_fmt_text(struct ash_fmt *fmt, const char *text);
void ash_fmt_uint(struct ash_fmt *fmt, uint64_t value);
void ash_fmt_hex(struct ash_fmt *fmt, uint64_t value);  // as 0x7f..

#endif
