// What the tool says: exit codes, colour, errors and their next step.

#ifndef ASHLAR_TOOL_SAY_H
#define ASHLAR_TOOL_SAY_H

#include <stdbool.h>
#include <stdio.h>

#include "print.h"

// The exit codes of env(1): the tool failed, CMD cannot be executed, CMD is
// not there. Every other status is CMD's own, or the answer to a question.
enum {
    ASH_EXIT_YES = 0,
    ASH_EXIT_NO = 1,
    ASH_EXIT_TOOL = 125,
    ASH_EXIT_NOT_EXECUTABLE = 126,
    ASH_EXIT_NOT_FOUND = 127,
};

enum paint {
    PAINT_NONE,
    PAINT_STRONG,
    PAINT_FAINT,
    PAINT_GOOD,
    PAINT_WARN,
    PAINT_BAD,
    PAINT_OURS,
};

// The escape sequence that starts `paint` on `out`, or "" where colour is not
// wanted: not a terminal, TERM=dumb, or NO_COLOR set to anything.
const char *paint_start(FILE *out, enum paint paint);
const char *paint_end(FILE *out);

// "ashlar: ..." on stderr.
void say_error(const char *format, ...) PRINTS(1, 2);
// "        to fix: ..." on stderr, below an error.
void say_fix(const char *format, ...) PRINTS(1, 2);

// The word of `words` (`count` of them) nearest to `given`, NULL when none is
// near enough to be meant.
const char *nearest_word(const char *given, const char *const *words, size_t count);

#endif
