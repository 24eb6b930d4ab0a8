#include "api/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/bits.h"
#include "base/compiler.h"
#include "base/fmt.h"
#include "platform/os.h"
#include "platform/report.h"

struct option {
    const char *name;      // as in ASHLAR_OPTIONS
    const char *variable;  // of the environment
    size_t offset;         // of a uint32_t in struct ash_options
    uint32_t fallback, highest;
    const char *wants;
};

static const struct option option_table[] = {
    {"purge_delay_ms", "ASHLAR_PURGE_DELAY_MS", offsetof(struct ash_options, purge_delay_ms), 500,
     3600000, "milliseconds from 0 to 3600000"},
    {"helper_thread", "ASHLAR_HELPER_THREAD", offsetof(struct ash_options, helper_thread), 1, 1,
     "0 or 1"},
    {"huge_pages", "ASHLAR_HUGE_PAGES", offsetof(struct ash_options, huge_pages), 1, 1, "0 or 1"},
};

enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0], OPTION_NAME_MAX = 40 };

struct ash_options ash_options;

static void option_set(const struct option *option, uint32_t value) {
    memcpy((char *)&ash_options + option->offset, &value, sizeof value);
}

// Reads digits up to `end`. False if there is anything else, or too much.
static bool option_parse(const char *text, const char *end, uint32_t highest, uint32_t *value) {
    uint64_t number = 0;
    if (text == end) {
        return false;
    }
    for (; text < end; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        number = number * 10 + (uint64_t)(*text - '0');
        if (number > highest) {
            return false;
        }
    }
    *value = (uint32_t)number;
    return true;
}

static ASH_COLD void option_complain(const char *what, const char *text, const char *end,
                                     const char *next) {
    char copy[OPTION_NAME_MAX];
    size_t length = ash_min((size_t)(end - text), sizeof copy - 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    char space[200];
    struct ash_fmt line;
    ash_fmt_init(&line, space, sizeof space);
    ash_fmt_text(&line, what);
    ash_fmt_text(&line, " '");
    ash_fmt_text(&line, copy);
    ash_fmt_text(&line, "' ");
    ash_fmt_text(&line, next);
    ash_report(line.text);
}

static void option_read(const struct option *option, const char *text, const char *end) {
    uint32_t value;
    if (option_parse(text, end, option->highest, &value)) {
        option_set(option, value);
        return;
    }
    char space[160];
    struct ash_fmt next;
    ash_fmt_init(&next, space, sizeof space);
    ash_fmt_text(&next, "ignored: ");
    ash_fmt_text(&next, option->variable);
    ash_fmt_text(&next, " wants ");
    ash_fmt_text(&next, option->wants);
    option_complain("value", text, end, next.text);
}

// How many letters the shorter of both shares with the other from the start: a
// crude distance, good enough to name what was meant.
static size_t option_likeness(const char *name, const char *text, const char *end) {
    size_t same = 0;
    while (text + same < end && name[same] == text[same]) {
        same++;
    }
    return same;
}

static ASH_COLD void option_unknown(const char *text, const char *end) {
    const struct option *nearest = &option_table[0];
    size_t best = 0;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        size_t likeness = option_likeness(option_table[i].name, text, end);
        if (likeness > best) {
            best = likeness;
            nearest = &option_table[i];
        }
    }
    char space[120];
    struct ash_fmt next;
    ash_fmt_init(&next, space, sizeof space);
    ash_fmt_text(&next, "in ASHLAR_OPTIONS is unknown; the nearest is ");
    ash_fmt_text(&next, nearest->name);
    option_complain("option", text, end, next.text);
}

// One "name=value" of the list.
static void option_read_pair(const char *text, const char *end) {
    const char *equals = memchr(text, '=', (size_t)(end - text));
    const char *name_end = equals == NULL ? end : equals;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &option_table[i];
        size_t length = strlen(option->name);
        if (length == (size_t)(name_end - text) && memcmp(option->name, text, length) == 0) {
            option_read(option, equals == NULL ? end : equals + 1, end);
            return;
        }
    }
    option_unknown(text, name_end);
}

static void option_read_list(const char *list) {
    while (*list != '\0') {
        const char *end = list;
        while (*end != '\0' && *end != ',') {
            end++;
        }
        if (end > list) {
            option_read_pair(list, end);
        }
        list = *end == ',' ? end + 1 : end;
    }
}

void ash_options_boot(void) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        option_set(&option_table[i], option_table[i].fallback);
    }
    if (ash_os_is_privileged()) {
        return;
    }
    const char *list = ash_os_env("ASHLAR_OPTIONS");
    if (list != NULL) {
        option_read_list(list);
    }
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const char *text = ash_os_env(option_table[i].variable);
        if (text != NULL) {
            option_read(&option_table[i], text, text + strlen(text));
        }
    }
}
