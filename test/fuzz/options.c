// The harness for the options. An input is an environment, or one call of ash_option_set_text; a
// second parser, written from docs/options.md alone, says what must come of it.
//
//   first byte even    lines "NAME=value": variables of the environment, which is then read
//   first byte odd     bytes of room for the message, then "name=value"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "api/options.h"
#include "ashlar/ashlar.h"
#include "base/options.h"
#include "fault.h"
#include "input.h"
#include "os_fake.h"
#include "platform/os.h"

#ifndef FUZZ_PLANT
#define FUZZ_PLANT 0
#endif

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

enum { TEXT_MAX = 4096, LINE_MAX_BYTES = 256, FREE_NAMES = 4, NAME_BYTES = 64, ROOM_MAX = 300 };
enum { VALUE_BYTES = 128 };

// Far above every option's range; times the largest unit it still fits.
#define TOO_MUCH ((uint64_t)1 << 33)

// The fake environment keeps addresses: these are set once, and what lies there changes.
static char free_names[FREE_NAMES][NAME_BYTES];
static char free_values[FREE_NAMES][VALUE_BYTES];
static char text[TEXT_MAX + 1];

// The second parser -----------------------------------------------------------------------

static char lower(char letter) {
    return (char)(letter >= 'A' && letter <= 'Z' ? letter + 32 : letter);
}

static bool is_word(const char *at, size_t length, const char *word, bool dashes) {
    bool same = strlen(word) == length;
    for (size_t i = 0; same && i < length; i++) {
        char letter = dashes && at[i] == '-' ? '_' : lower(at[i]);
        same = letter == word[i];
    }
    return same;
}

static uint64_t unit_of(enum ash_option_kind kind, const char *at, size_t length) {
    static const struct {
        enum ash_option_kind kind;
        const char *word;
        uint64_t factor;
    } units[] = {
        {ASH_OPTION_KIND_MILLISECONDS, "ms", 1}, {ASH_OPTION_KIND_MILLISECONDS, "s", 1000},
        {ASH_OPTION_KIND_BYTES, "k", 1024},      {ASH_OPTION_KIND_BYTES, "kib", 1024},
        {ASH_OPTION_KIND_BYTES, "m", 1 << 20},   {ASH_OPTION_KIND_BYTES, "mib", 1 << 20},
        {ASH_OPTION_KIND_BYTES, "g", 1 << 30},   {ASH_OPTION_KIND_BYTES, "gib", 1 << 30},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].kind == kind && is_word(at, length, units[i].word, false)) {
            return units[i].factor;
        }
    }
    return length == 0 ? 1 : 0;
}

static bool number_of(const struct ash_option_row *row, const char *at, size_t length,
                      uint64_t *value) {
    size_t digits = 0;
    *value = 0;
    for (; digits < length && at[digits] >= '0' && at[digits] <= '9'; digits++) {
        *value = *value * 10 + (uint64_t)(at[digits] - '0');
        *value = *value < TOO_MUCH ? *value : TOO_MUCH;
    }
    uint64_t factor = unit_of(row->kind, at + digits, length - digits);
    *value *= factor;
    return digits > 0 && factor > 0;
}

static bool switch_of(const char *at, size_t length, uint64_t *value) {
    static const char *const words[] = {"off", "on", "no", "yes", "false", "true", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (is_word(at, length, words[i], false)) {
            *value = i % 2;
            return true;
        }
    }
    return false;
}

static bool value_of(const struct ash_option_row *row, const char *at, size_t length,
                     uint64_t *value) {
    bool good = row->kind == ASH_OPTION_KIND_SWITCH ? switch_of(at, length, value)
                                                    : number_of(row, at, length, value);
    return good && *value >= row->lowest && *value <= row->highest;
}

static unsigned option_of(const char *at, size_t length) {
    unsigned i = 0;
    while (i < ASH_OPTION_COUNT && !is_word(at, length, ash_option_rows[i].name, true)) {
        i++;
    }
    return i;
}

// What the values must be; those of `expected` are the ones before.
static void read_value(uint64_t *expected, unsigned option, const char *at, size_t length) {
    uint64_t value;
    if (option < ASH_OPTION_COUNT && value_of(&ash_option_rows[option], at, length, &value)) {
        expected[option] = value;
    }
}

static void read_list(uint64_t *expected, const char *list) {
    while (*list != '\0') {
        size_t length = strcspn(list, ",");
        size_t name = strcspn(list, "=,");
        size_t skip = name < length ? name + 1 : length;
        read_value(expected, option_of(list, name), list + skip, length - skip);
        list += length + (list[length] == ',');
    }
}

static void read_environment(uint64_t *expected) {
    const char *value = ash_os_env("ASHLAR_ENVIRONMENT");
    if (value != NULL) {
        read_value(expected, ASH_OPTION_ENVIRONMENT, value, strlen(value));
    }
    if (expected[ASH_OPTION_ENVIRONMENT] == 0) {
        return;
    }
    value = ash_os_env("ASHLAR_OPTIONS");
    if (value != NULL) {
        read_list(expected, value);
    }
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        value = ash_os_env(ash_option_rows[i].variable);
        if (value != NULL && i != ASH_OPTION_ENVIRONMENT) {
            read_value(expected, i, value, strlen(value));
        }
    }
}

// What was said -----------------------------------------------------------------------------

static void expect_values(const uint64_t *expected) {
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        if (ash_option_value((enum ash_option)i) != expected[i]) {
            fuzz_fail("%s is %zu, not %ju", ash_option_rows[i].name,
                      ash_option_value((enum ash_option)i), (uintmax_t)expected[i]);
        }
    }
}

static void expect_shown(const char *line, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned char letter = (unsigned char)line[i];
        if (letter < ' ' || letter == 0x7f) {
            fuzz_fail("byte %#x is in a message: %.*s", letter, (int)length, line);
        }
    }
}

// The fake keeps the first 4095 bytes alone.
static void expect_lines(const char *said) {
    enum { KEPT = 4095 };
    bool cut = strlen(said) == KEPT;
    while (*said != '\0') {
        size_t length = strcspn(said, "\n");
        bool last = said[length] == '\0';
        if (last && cut) {
            return;
        }
        if (last || length >= LINE_MAX_BYTES || strncmp(said, "ashlar: ", 8) != 0) {
            fuzz_fail("a message of another form: %s", said);
        }
        expect_shown(said, length);
        said += length + 1;
    }
}

// The environment ---------------------------------------------------------------------------

static void clear_environment(void) {
    os_fake_set_env("ASHLAR_OPTIONS", NULL);
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        os_fake_set_env(ash_option_rows[i].variable, NULL);
    }
    static bool known;
    for (unsigned i = 0; i < FREE_NAMES; i++) {
        (void)snprintf(free_names[i], NAME_BYTES, "free %u", i);
        if (!known) {
            os_fake_set_env(free_names[i], free_values[i]);
        }
    }
    known = true;
}

// A variable that is an option's own, or one of a few others.
static void set_variable(const char *name, const char *value, unsigned *used) {
    if (strcmp(name, "ASHLAR_OPTIONS") == 0) {
        os_fake_set_env("ASHLAR_OPTIONS", value);
        return;
    }
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        if (strcmp(name, ash_option_rows[i].variable) == 0) {
            os_fake_set_env(ash_option_rows[i].variable, value);
            return;
        }
    }
    if (*used < FREE_NAMES && *name != '\0' && strlen(name) < NAME_BYTES) {
        (void)snprintf(free_names[*used], NAME_BYTES, "%s", name);
        (void)snprintf(free_values[(*used)++], VALUE_BYTES, "%.*s", VALUE_BYTES - 1, value);
    }
}

static void set_environment(char *lines) {
    unsigned used = 0;
    clear_environment();
    while (*lines != '\0') {
        char *end = lines + strcspn(lines, "\n");
        char *next = *end == '\0' ? end : end + 1;
        *end = '\0';
        char *equals = strchr(lines, '=');
        if (equals != NULL) {
            *equals = '\0';
            set_variable(lines, equals + 1, &used);
        }
        lines = next;
    }
}

static void check_environment(char *lines) {
    uint64_t expected[ASH_OPTION_COUNT];
    fuzz_note("the environment", 0);
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        expected[i] = ash_option_rows[i].fallback;
    }
    set_environment(lines);
    ash_options_boot();
    read_environment(expected);
    expect_values(expected);
    expect_lines(os_fake_text());
}

// A call ------------------------------------------------------------------------------------

// Planted, a value that was set is the lowest one.
static int shim_set_text(const char *name, const char *value, char *message, size_t room) {
    int error = ash_option_set_text(name, value, message, room);
    int option = ash_option_by_name(name);
    if (FUZZ_PLANT == 1 && error == 0) {
        (void)ash_option_set((enum ash_option)option, (int64_t)ash_option_rows[option].lowest);
    }
    return error;
}

// A value as it is printed must read as itself.
static void check_print(unsigned option, uint64_t value) {
    char printed[64];
    struct ash_fmt out;
    uint64_t read;
    ash_fmt_init(&out, printed, sizeof printed);
    ash_option_print(&out, &ash_option_rows[option], (size_t)value);
    if (!value_of(&ash_option_rows[option], printed, strlen(printed), &read) || read != value) {
        fuzz_fail("%ju is printed as %s", (uintmax_t)value, printed);
    }
}

static void check_message(const char *message, size_t room, int error) {
    const char *end = memchr(message, '\0', room);
    if (room > 0 && end == NULL) {
        fuzz_fail("a message of %zu bytes does not end", room);
    }
    if (room > 1 && (*message == '\0') != (error == 0)) {
        fuzz_fail("error %d with the message '%s'", error, message);
    }
    for (size_t i = room; i < ROOM_MAX; i++) {
        if (message[i] != 'x') {
            fuzz_fail("byte %zu of a message's %zu was written", i, room);
        }
    }
    expect_shown(message, room > 0 ? strlen(message) : 0);
}

static void check_call(char *name, size_t room) {
    uint64_t expected[ASH_OPTION_COUNT];
    char message[ROOM_MAX];
    uint64_t value = 0;
    fuzz_note("set_text", 0);
    memset(message, 'x', sizeof message);
    clear_environment();
    ash_options_boot();
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        expected[i] = ash_option_rows[i].fallback;
    }
    char *equals = name + strcspn(name, "=");
    const char *wanted = *equals == '\0' ? equals : equals + 1;
    *equals = '\0';
    unsigned option = option_of(name, strlen(name));
    bool known = option < ASH_OPTION_COUNT;
    bool good = known && value_of(&ash_option_rows[option], wanted, strlen(wanted), &value);
    bool allowed = good && !ash_option_rows[option].at_start;
    int error = shim_set_text(name, wanted, message, room);
    if ((error == 0) != allowed || ash_option_by_name(name) != (known ? (int)option : -1)) {
        fuzz_fail("error %d for %s=%s", error, name, wanted);
    }
    if (allowed) {
        expected[option] = value;
        check_print(option, value);
    }
    expect_values(expected);
    check_message(message, room, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    struct input in = {bytes, bytes + count};
    unsigned mode = input_byte(&in);
    size_t room = mode % 2 == 0 ? 0 : input_byte(&in);
    size_t length = (size_t)(in.end - in.at) < TEXT_MAX ? (size_t)(in.end - in.at) : TEXT_MAX;
    if (length > 0) {
        memcpy(text, in.at, length);
    }
    text[length] = '\0';
    os_fake_set_quiet(true);
    os_fake_forget_text();
    if (mode % 2 == 0) {
        check_environment(text);
    } else {
        check_call(text, room);
    }
    return 0;
}
