// Each place is read over the one before it, so that the last one that names an option sets it:
// the build, the program, ASHLAR_OPTIONS, the option's own variable.

#include "api/options.h"

#include <errno.h>
#include <string.h>

#include "api/boot.h"
#include "api/helper.h"
#include "api/summary.h"
#include "base/bits.h"
#include "base/compiler.h"
#include "base/config.h"
#include "platform/os.h"
#include "platform/report.h"

extern ASH_WEAK const char ash_options_default[];

enum option_source {
    OPTION_BY_DEFAULT,
    OPTION_BY_BUILD,
    OPTION_BY_PROGRAM,
    OPTION_BY_LIST,
    OPTION_BY_VARIABLE,
    OPTION_BY_CALL,
};

static const char *const option_sources[] = {
    [OPTION_BY_DEFAULT] = "default",      [OPTION_BY_BUILD] = "build",
    [OPTION_BY_PROGRAM] = "program",      [OPTION_BY_LIST] = "ASHLAR_OPTIONS",
    [OPTION_BY_VARIABLE] = "environment", [OPTION_BY_CALL] = "call",
};

static const char option_prefix[] = "ASHLAR_";
enum { OPTION_PREFIX_BYTES = sizeof option_prefix - 1, OPTION_TYPO_CHANGES = 3 };

static _Atomic uint32_t option_source[ASH_OPTION_COUNT];

// relaxed: who reads both may see a new value with an old source, for a moment.
static void option_store(enum ash_option option, size_t value, enum option_source source) {
    atomic_store_explicit(&ash_options.values[option], value, memory_order_relaxed);
    atomic_store_explicit(&option_source[option], source, memory_order_relaxed);
}

static uint32_t option_source_of(enum ash_option option) {
    return atomic_load_explicit(&option_source[option], memory_order_relaxed);
}

// What is wrong ------------------------------------------------------------------------

static void option_begin(struct ash_fmt *line, char *space, size_t room, const char *where) {
    ash_fmt_init(line, space, room);
    ash_fmt_text(line, where);
    ash_fmt_text(line, " is ignored: ");
}

static ASH_COLD void option_unknown(const char *where, struct ash_piece name) {
    char space[250];
    struct ash_fmt line;
    option_begin(&line, space, sizeof space, where);
    ash_option_print_unknown(&line, name);
    ash_report_setting(ASH_E_OPTION_UNKNOWN, line.text);
}

static ASH_COLD void option_bad(const char *where, const struct ash_option_row *row,
                                struct ash_piece text) {
    char space[250];
    struct ash_fmt line;
    option_begin(&line, space, sizeof space, where);
    ash_option_print_bad(&line, row, text);
    ash_report_setting(ASH_E_OPTION_VALUE, line.text);
}

// Lists ---------------------------------------------------------------------------------

struct option_place {
    enum option_source source;
    const char *entry;  // for messages
};

static void option_read(const struct option_place *place, enum ash_option option,
                        struct ash_piece text) {
    const struct ash_option_row *row = &ash_option_rows[option];
    size_t value;
    if (ash_option_parse(row, text, &value)) {
        option_store(option, value, place->source);
    } else {
        option_bad(place->entry, row, text);
    }
}

// One "name=value".
static void option_read_entry(const struct option_place *place, struct ash_piece entry) {
    const char *equals = memchr(entry.start, '=', (size_t)(entry.end - entry.start));
    struct ash_piece name = {entry.start, equals == NULL ? entry.end : equals};
    struct ash_piece value = {equals == NULL ? entry.end : equals + 1, entry.end};
    enum ash_option option = ash_option_find(name);
    if (option == ASH_OPTION_COUNT) {
        option_unknown(place->entry, name);
    } else {
        option_read(place, option, value);
    }
}

// Where the letter is, or the text ends. As strcspn, which no small program has in memory yet.
static const char *option_find(const char *text, char letter) {
    while (*text != '\0' && *text != letter) {
        text++;
    }
    return text;
}

static void option_read_list(const struct option_place *place, const char *list) {
    while (*list != '\0') {
        const char *end = option_find(list, ',');
        if (end > list) {
            option_read_entry(place, (struct ash_piece){list, end});
        }
        list = *end == ',' ? end + 1 : end;
    }
}

// The environment -------------------------------------------------------------------------

static void option_read_variable(enum ash_option option) {
    const struct option_place place = {OPTION_BY_VARIABLE, ash_option_rows[option].variable};
    const char *text = ash_os_env(place.entry);
    if (text != NULL) {
        option_read(&place, option, ash_piece_of(text));
    }
}

// `variable` is nearly one of ours.
static ASH_COLD void option_mistyped(struct ash_piece variable, enum ash_option nearest) {
    char name[60];
    size_t length = ash_min((size_t)(variable.end - variable.start), sizeof name - 1);
    for (size_t i = 0; i < length; i++) {
        char c = variable.start[i];
        name[i] = '!' <= c && c <= '~' ? c : '?';
    }
    name[length] = '\0';
    char space[250];
    struct ash_fmt line;
    option_begin(&line, space, sizeof space, name);
    ash_fmt_text(&line, "no option has this variable; the nearest is ");
    ash_fmt_text(&line, ash_option_rows[nearest].variable);
    ash_report_setting(ASH_E_OPTION_VARIABLE, line.text);
}

// Other programs may have variables of their own under our prefix: so only what differs from ours
// in a few letters is a mistake.
static void option_check_variable(struct ash_piece variable) {
    struct ash_piece name = {variable.start + OPTION_PREFIX_BYTES, variable.end};
    size_t changes;
    enum ash_option nearest = ash_option_nearest(name, &changes);
    const char *right = ash_option_rows[nearest].variable;
    size_t length = (size_t)(variable.end - variable.start);
    bool is_right = strlen(right) == length && memcmp(right, variable.start, length) == 0;
    if (!is_right && changes <= OPTION_TYPO_CHANGES &&
        2 * changes < (size_t)(name.end - name.start)) {
        option_mistyped(variable, nearest);
    }
}

// The first variable from `*index` on that has our prefix, or NULL; `*index` is then behind it.
static const char *option_next_variable(size_t *index) {
    const char *entry;
    while ((entry = ash_os_env_at(*index)) != NULL) {
        ++*index;
        if (*entry == *option_prefix && strncmp(entry, option_prefix, OPTION_PREFIX_BYTES) == 0) {
            return entry;
        }
    }
    return NULL;
}

static void option_check_variables(void) {
    const char *entry;
    for (size_t i = 0; (entry = option_next_variable(&i)) != NULL;) {
        option_check_variable((struct ash_piece){entry, option_find(entry, '=')});
    }
}

static void option_read_environment(void) {
    size_t first = 0;
    if (option_next_variable(&first) == NULL) {
        return;  // nearly always: so the environment is gone through once
    }
    const struct option_place list = {OPTION_BY_LIST, "an entry of ASHLAR_OPTIONS"};
    option_read_variable(ASH_OPTION_ENVIRONMENT);
    if (!ash_option_value(ASH_OPTION_ENVIRONMENT)) {
        return;
    }
    const char *text = ash_os_env("ASHLAR_OPTIONS");
    if (text != NULL) {
        option_read_list(&list, text);
    }
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        if (i != ASH_OPTION_ENVIRONMENT) {
            option_read_variable((enum ash_option)i);
        }
    }
    option_check_variables();
}

// Start and end ---------------------------------------------------------------------------

static void option_tell(enum ash_option option) {
    char space[120];
    struct ash_fmt line;
    ash_fmt_init(&line, space, sizeof space);
    ash_fmt_text(&line, ash_option_rows[option].name);
    ash_fmt_text(&line, "=");
    ash_option_print(&line, &ash_option_rows[option], ash_option_value(option));
    ash_fmt_text(&line, " (");
    ash_fmt_text(&line, option_sources[option_source_of(option)]);
    ash_fmt_text(&line, ")");
    ash_say(line.text);
}

// For the option verbose: who we are, and every option that somebody has set.
static ASH_COLD void option_tell_all(void) {
    char space[120];
    struct ash_fmt line;
    ash_fmt_init(&line, space, sizeof space);
    ash_fmt_text(&line, "version ");
    ash_fmt_uint(&line, ASH_VERSION_MAJOR);
    ash_fmt_text(&line, ".");
    ash_fmt_uint(&line, ASH_VERSION_MINOR);
    ash_fmt_text(&line, ".");
    ash_fmt_uint(&line, ASH_VERSION_PATCH);
    ash_fmt_text(&line, " serves process ");
    ash_fmt_uint(&line, ash_os_process_id());
    ash_say(line.text);
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        if (option_source_of((enum ash_option)i) != OPTION_BY_DEFAULT) {
            option_tell((enum ash_option)i);
        }
    }
}

void ash_options_boot(void) {
    const struct option_place build = {OPTION_BY_BUILD, "an entry of the build's default options"};
    const struct option_place program = {OPTION_BY_PROGRAM, "an entry of ash_options_default"};
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        option_store((enum ash_option)i, ash_option_rows[i].fallback, OPTION_BY_DEFAULT);
    }
    option_read_list(&build, ASH_DEFAULT_OPTIONS);
    if (ash_options_default != NULL) {
        option_read_list(&program, ash_options_default);
    }
    if (ash_option_value(ASH_OPTION_ENVIRONMENT) && !ash_os_is_privileged()) {
        option_read_environment();
    }
    if (ash_option_value(ASH_OPTION_VERBOSE)) {
        option_tell_all();
    }
}

static bool option_is_in(const char *text, enum ash_option option) {
    return text != NULL && strstr(text, ash_option_rows[option].name) != NULL;
}

bool ash_options_mention(enum ash_option option) {
    return ash_os_env(ash_option_rows[option].variable) != NULL ||
           option_is_in(ash_os_env("ASHLAR_OPTIONS"), option) ||
           option_is_in(ash_options_default, option) || option_is_in(ASH_DEFAULT_OPTIONS, option);
}

static ASH_DESTRUCTOR void option_at_exit(void) {
    if (ash_option_value(ASH_OPTION_SHOW_STATS)) {
        ash_summary_write();
    }
}

// What callers see -------------------------------------------------------------------------

static bool option_exists(enum ash_option option) {
    return (unsigned)option < ASH_OPTION_COUNT;
}

// The options are read first: what they say must not come over what is set now. Without memory
// they are read all the same.
static int option_change(enum ash_option option, size_t value) {
    (void)ash_boot();
    if (ash_option_rows[option].at_start) {
        return EPERM;
    }
    option_store(option, value, OPTION_BY_CALL);
    if (option == ASH_OPTION_HELPER_THREAD && value == 0) {
        ash_helper_stop();
    }
    return 0;
}

int64_t ash_option_get(enum ash_option option) {
    (void)ash_boot();
    return option_exists(option) ? (int64_t)ash_option_value(option) : -1;
}

int ash_option_set(enum ash_option option, int64_t value) {
    if (!option_exists(option)) {
        return EINVAL;
    }
    const struct ash_option_row *row = &ash_option_rows[option];
    if (value < 0 || (uint64_t)value < row->lowest || (uint64_t)value > row->highest) {
        return EINVAL;
    }
    return option_change(option, (size_t)value);
}

int ash_option_set_default(enum ash_option option, int64_t value) {
    (void)ash_boot();
    bool set = option_exists(option) && option_source_of(option) != OPTION_BY_DEFAULT &&
               option_source_of(option) != OPTION_BY_BUILD;
    return set ? 0 : ash_option_set(option, value);
}

int ash_option_set_text(const char *name, const char *value, char *message, size_t message_bytes) {
    char none[1];
    bool wanted = message != NULL && message_bytes > 0;
    struct ash_fmt line;
    ash_fmt_init(&line, wanted ? message : none, wanted ? message_bytes : sizeof none);
    enum ash_option option = ash_option_find(ash_piece_of(name));
    if (option == ASH_OPTION_COUNT) {
        ash_option_print_unknown(&line, ash_piece_of(name));
        return ENOENT;
    }
    const struct ash_option_row *row = &ash_option_rows[option];
    size_t number;
    if (!ash_option_parse(row, ash_piece_of(value), &number)) {
        ash_option_print_bad(&line, row, ash_piece_of(value));
        return EINVAL;
    }
    int error = option_change(option, number);
    if (error == EPERM) {
        ash_fmt_text(&line, row->name);
        ash_fmt_text(&line, " can be set at the start alone, in ash_options_default or as ");
        ash_fmt_text(&line, row->variable);
    }
    return error;
}

int ash_option_by_name(const char *name) {
    enum ash_option option = ash_option_find(ash_piece_of(name));
    return option == ASH_OPTION_COUNT ? -1 : (int)option;
}

int ash_option_info(enum ash_option option, struct ash_option_details *info, size_t bytes) {
    (void)ash_boot();
    if (!option_exists(option)) {
        return EINVAL;
    }
    const struct ash_option_row *row = &ash_option_rows[option];
    struct ash_option_details now = {
        .name = row->name,
        .variable = row->variable,
        .help = row->help,
        .when = row->when,
        .since = row->since,
        .source = option_sources[option_source_of(option)],
        .value = (int64_t)ash_option_value(option),
        .fallback = (int64_t)row->fallback,
        .lowest = (int64_t)row->lowest,
        .highest = (int64_t)row->highest,
        .kind = (int)row->kind,
        .at_start = row->at_start,
    };
    memcpy(info, &now, ash_min(bytes, sizeof now));
    return 0;
}
