#include "say.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool paint_wanted(FILE *out) {
    const char *off = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    if (off != NULL && off[0] != '\0') {
        return false;
    }
    if (term != NULL && strcmp(term, "dumb") == 0) {
        return false;
    }
    return isatty(fileno(out)) == 1;
}

const char *paint_start(FILE *out, enum paint paint) {
    static const char *const sequences[] = {
        [PAINT_NONE] = "",           [PAINT_STRONG] = "\033[1m", [PAINT_FAINT] = "\033[2m",
        [PAINT_GOOD] = "\033[32m",   [PAINT_WARN] = "\033[33m",  [PAINT_BAD] = "\033[31m",
        [PAINT_OURS] = "\033[1;36m",
    };
    return paint_wanted(out) ? sequences[paint] : "";
}

const char *paint_end(FILE *out) {
    return paint_wanted(out) ? "\033[0m" : "";
}

void say_error(const char *format, ...) {
    fflush(stdout);
    fprintf(stderr, "%sashlar:%s ", paint_start(stderr, PAINT_BAD), paint_end(stderr));
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void say_fix(const char *format, ...) {
    fprintf(stderr, "        %sto fix:%s ", paint_start(stderr, PAINT_STRONG), paint_end(stderr));
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

// Levenshtein's distance, with one row kept; words longer than the row are far.
static size_t word_distance(const char *a, const char *b) {
    enum { LONGEST = 32 };
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    size_t row[LONGEST + 1];
    if (a_length > LONGEST || b_length > LONGEST) {
        return LONGEST;
    }
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t above = row[j];
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            row[j] = least(least(above, row[j - 1]) + 1, replaced);
            diagonal = above;
        }
    }
    return row[b_length];
}

const char *nearest_word(const char *given, const char *const *words, size_t count) {
    const char *best = NULL;
    size_t best_distance = strlen(given) / 2 + 1;
    for (size_t i = 0; i < count; i++) {
        size_t distance = word_distance(given, words[i]);
        if (distance <= best_distance && distance < strlen(words[i])) {
            if (best == NULL || distance < best_distance) {
                best = words[i];
                best_distance = distance;
            }
        }
    }
    return best;
}
