// Text is compared letter by letter in ASCII: no locale, no table of the C library. The distance
// of two names is Levenshtein's, in one row of counts that is updated for each letter.

#include "base/options.h"

#include <string.h>

#include "base/bits.h"

// Bytes of a text that messages repeat, and of a name that distances look at.
enum { OPTION_SHOWN_BYTES = 39, OPTION_NAME_BYTES = 40 };

#define ASH_OPTION(ENUM, NAME, KIND, FALLBACK, LOWEST, HIGHEST, SETTABLE, SINCE, HELP, WHEN) \
    [ASH_OPTION_##ENUM] = { \
        .name = #NAME, \
        .variable = "ASHLAR_" #ENUM, \
        .help = HELP, \
        .when = WHEN, \
        .since = SINCE, \
        .fallback = FALLBACK, \
        .lowest = LOWEST, \
        .highest = (HIGHEST) == 0 ? PTRDIFF_MAX : (HIGHEST), \
        .kind = ASH_OPTION_KIND_##KIND, \
        .at_start = OPTION_##SETTABLE, \
    },
enum { OPTION_ANY_TIME, OPTION_AT_START };
const struct ash_option_row ash_option_rows[ASH_OPTION_COUNT] = {
#include "ashlar/options.def"
};
#undef ASH_OPTION

#define ASH_OPTION(ENUM, NAME, KIND, FALLBACK, ...) [ASH_OPTION_##ENUM] = (FALLBACK),
struct ash_options ash_options = {{
#include "ashlar/options.def"
}};
#undef ASH_OPTION

struct ash_piece ash_piece_of(const char *text) {
    return (struct ash_piece){text, text + strlen(text)};
}

static size_t piece_bytes(struct ash_piece piece) {
    return (size_t)(piece.end - piece.start);
}

// Names -------------------------------------------------------------------------------

// '-' reads as '_', and capitals as small letters.
static char option_letter(char letter) {
    if (letter >= 'A' && letter <= 'Z') {
        return (char)(letter - 'A' + 'a');
    }
    return letter == '-' ? '_' : letter;
}

static bool option_same(struct ash_piece text, const char *word) {
    for (; text.start < text.end && *word != '\0'; text.start++, word++) {
        if (option_letter(*text.start) != *word) {
            return false;
        }
    }
    return text.start == text.end && *word == '\0';
}

enum ash_option ash_option_find(struct ash_piece name) {
    unsigned i = 0;
    while (i < ASH_OPTION_COUNT && !option_same(name, ash_option_rows[i].name)) {
        i++;
    }
    return (enum ash_option)i;
}

// Letters to add, remove or replace to get from one to the other.
static size_t option_distance(struct ash_piece text, const char *word) {
    size_t counts[OPTION_NAME_BYTES + 1];
    size_t length = ash_min(strlen(word), OPTION_NAME_BYTES);
    for (size_t i = 0; i <= length; i++) {
        counts[i] = i;
    }
    for (; text.start < text.end; text.start++) {
        size_t diagonal = counts[0]++;
        for (size_t i = 0; i < length; i++) {
            size_t replaced = diagonal + (option_letter(*text.start) != word[i]);
            diagonal = counts[i + 1];
            counts[i + 1] = ash_min(replaced, ash_min(counts[i], counts[i + 1]) + 1);
        }
    }
    return counts[length];
}

// Whether `word` goes on where a text of three letters or more ends.
static bool option_begins(struct ash_piece text, const char *word) {
    size_t length = piece_bytes(text);
    size_t same = 0;
    while (same < length && word[same] != '\0' && option_letter(text.start[same]) == word[same]) {
        same++;
    }
    return same == length && length >= 3;
}

enum ash_option ash_option_nearest(struct ash_piece name, size_t *changes) {
    // A text of megabytes is near nothing; its start tells as much.
    name.end = name.start + ash_min(piece_bytes(name), 2 * (size_t)OPTION_NAME_BYTES);
    unsigned nearest = 0;
    size_t least = SIZE_MAX;
    for (unsigned i = 0; i < ASH_OPTION_COUNT && least > 0; i++) {
        const char *word = ash_option_rows[i].name;
        size_t distance = option_begins(name, word) ? 0 : option_distance(name, word);
        if (distance < least) {
            least = distance;
            nearest = i;
        }
    }
    *changes = option_distance(name, ash_option_rows[nearest].name);
    return (enum ash_option)nearest;
}

// Values ------------------------------------------------------------------------------

struct option_unit {
    const char *word;  // behind the digits, in small letters
    size_t factor;
};

static const struct option_unit option_plain_units[] = {{"", 1}, {NULL, 0}};
static const struct option_unit option_time_units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {NULL, 0}};
static const struct option_unit option_byte_units[] = {
    {"", 1},          {"k", 1 << 10}, {"kib", 1 << 10}, {"m", 1 << 20},
    {"mib", 1 << 20}, {"g", 1 << 30}, {"gib", 1 << 30}, {NULL, 0}};

static const struct option_unit *const option_units[] = {
    [ASH_OPTION_KIND_MILLISECONDS] = option_time_units,
    [ASH_OPTION_KIND_BYTES] = option_byte_units,
    [ASH_OPTION_KIND_NUMBER] = option_plain_units,
};

struct option_word {
    const char *word;
    size_t value;
};

// The digits that `text` starts with, which are then gone from it. False without any, and if they
// are too many.
static bool option_digits(struct ash_piece *text, size_t *number) {
    const char *first = text->start;
    *number = 0;
    while (text->start < text->end && *text->start >= '0' && *text->start <= '9') {
        size_t digit = (size_t)(*text->start - '0');
        if (ash_mul_overflows(*number, 10, number) || ash_add_overflows(*number, digit, number)) {
            return false;
        }
        text->start++;
    }
    return text->start > first;
}

static bool option_parse_number(const struct ash_option_row *row, struct ash_piece text,
                                size_t *value) {
    size_t number;
    if (!option_digits(&text, &number)) {
        return false;
    }
    const struct option_unit *unit = option_units[row->kind];
    while (unit->word != NULL && !option_same(text, unit->word)) {
        unit++;
    }
    if (unit->word == NULL || ash_mul_overflows(number, unit->factor, &number)) {
        return false;
    }
    *value = number;
    return true;
}

static bool option_parse_switch(struct ash_piece text, size_t *value) {
    static const struct option_word words[] = {{"on", 1},  {"off", 0}, {"1", 1},    {"0", 0},
                                               {"yes", 1}, {"no", 0},  {"true", 1}, {"false", 0}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (option_same(text, words[i].word)) {
            *value = words[i].value;
            return true;
        }
    }
    return false;
}

bool ash_option_parse(const struct ash_option_row *row, struct ash_piece text, size_t *value) {
    size_t number;
    bool good = row->kind == ASH_OPTION_KIND_SWITCH ? option_parse_switch(text, &number)
                                                    : option_parse_number(row, text, &number);
    if (!good || number < row->lowest || number > row->highest) {
        return false;
    }
    *value = number;
    return true;
}

// Text --------------------------------------------------------------------------------

// The largest unit that needs no fraction.
static void option_print_bytes(struct ash_fmt *out, size_t value) {
    static const char letters[] = "KMG";
    char unit[2] = "";
    for (size_t i = 0; letters[i] != '\0' && value != 0 && value % 1024 == 0; i++) {
        value /= 1024;
        unit[0] = letters[i];
    }
    ash_fmt_uint(out, value);
    ash_fmt_text(out, unit);
}

void ash_option_print(struct ash_fmt *out, const struct ash_option_row *row, size_t value) {
    if (row->kind == ASH_OPTION_KIND_SWITCH) {
        ash_fmt_text(out, value != 0 ? "on" : "off");
    } else if (row->kind == ASH_OPTION_KIND_BYTES) {
        option_print_bytes(out, value);
    } else {
        ash_fmt_uint(out, value);
        ash_fmt_text(out, row->kind == ASH_OPTION_KIND_MILLISECONDS ? "ms" : "");
    }
}

void ash_option_print_wants(struct ash_fmt *out, const struct ash_option_row *row) {
    static const char *const endings[] = {
        [ASH_OPTION_KIND_MILLISECONDS] = " milliseconds, such as 500ms or 2s",
        [ASH_OPTION_KIND_BYTES] = " bytes, such as 64K or 1M",
        [ASH_OPTION_KIND_NUMBER] = "",
    };
    if (row->kind == ASH_OPTION_KIND_SWITCH) {
        ash_fmt_text(out, "on or off");
        return;
    }
    if (row->highest == PTRDIFF_MAX) {
        ash_fmt_text(out, "any number of");
    } else {
        ash_fmt_uint(out, row->lowest);
        ash_fmt_text(out, " to ");
        ash_fmt_uint(out, row->highest);
    }
    ash_fmt_text(out, endings[row->kind]);
}

// Cut where it gets too long; what a terminal would not show is a question mark.
static void option_quote(struct ash_fmt *out, struct ash_piece text) {
    char copy[OPTION_SHOWN_BYTES + 1];
    size_t length = ash_min(piece_bytes(text), OPTION_SHOWN_BYTES);
    for (size_t i = 0; i < length; i++) {
        unsigned char letter = (unsigned char)text.start[i];
        copy[i] = (char)(letter >= ' ' && letter != 0x7f ? letter : '?');
    }
    copy[length] = '\0';
    ash_fmt_text(out, "'");
    ash_fmt_text(out, copy);
    ash_fmt_text(out, "'");
}

void ash_option_print_unknown(struct ash_fmt *out, struct ash_piece name) {
    size_t changes;
    ash_fmt_text(out, "there is no option ");
    option_quote(out, name);
    ash_fmt_text(out, "; the nearest is ");
    ash_fmt_text(out, ash_option_rows[ash_option_nearest(name, &changes)].name);
}

void ash_option_print_bad(struct ash_fmt *out, const struct ash_option_row *row,
                          struct ash_piece text) {
    option_quote(out, text);
    ash_fmt_text(out, " is no value for ");
    ash_fmt_text(out, row->name);
    ash_fmt_text(out, "; it wants ");
    ash_option_print_wants(out, row);
}
