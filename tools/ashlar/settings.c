#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "command.h"
#include "say.h"

enum { COLUMNS = 79, MESSAGE_BYTES = 300 };

static bool setting_refuse(const char *setting, const char *why) {
    say_error("--set %s: %s", setting, why);
    say_fix("`ashlar options` lists the options with their values");
    return false;
}

bool settings_apply(const char *setting) {
    const char *equals = strchr(setting, '=');
    if (equals == NULL || equals == setting) {
        say_error("--set %s: not of the form option=value", setting);
        say_fix("write for example --set purge_delay=100ms");
        return false;
    }
    char why[MESSAGE_BYTES];
    struct ash_fmt message;
    ash_fmt_init(&message, why, sizeof why);
    enum ash_option option = ash_option_find((struct ash_piece){setting, equals});
    if (option == ASH_OPTION_COUNT) {
        ash_option_print_unknown(&message, (struct ash_piece){setting, equals});
        return setting_refuse(setting, why);
    }
    const struct ash_option_row *row = &ash_option_rows[option];
    struct ash_piece value = ash_piece_of(equals + 1);
    size_t number;
    if (!ash_option_parse(row, value, &number)) {
        ash_option_print_bad(&message, row, value);
        return setting_refuse(setting, why);
    }
    if (setenv(row->variable, equals + 1, 1) != 0) {
        say_error("--set %s: %s", setting, strerror(errno));
        return false;
    }
    return true;
}

// The words of `text` in lines that begin with `margin` spaces.
static void print_wrapped(const char *text, size_t margin) {
    size_t column = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (column + 1 + length > COLUMNS) {
            putchar('\n');
            column = 0;
        }
        column += (size_t)printf("%*s%.*s", column == 0 ? (int)margin : 1, "", (int)length, text);
        text += length + strspn(text + length, " ");
    }
    putchar('\n');
}

static void print_value(const struct ash_option_row *row) {
    char value[40];
    struct ash_fmt out;
    ash_fmt_init(&out, value, sizeof value);
    ash_option_print(&out, row, row->fallback);
    printf("%s=%s\n", row->name, value);
}

static void print_option(const struct ash_option_row *row) {
    char wants[100];
    struct ash_fmt out;
    ash_fmt_init(&out, wants, sizeof wants);
    ash_option_print_wants(&out, row);
    print_value(row);
    print_wrapped(row->help, 4);
    printf("\n    value     %s\n    variable  %s\n    set       %s\n    since     %s\n\n", wants,
           row->variable, row->at_start ? "at the start alone" : "at any time (ash_option_set)",
           row->since);
    printf("    When would I change this?\n");
    print_wrapped(row->when, 4);
}

static void print_all(void) {
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        print_value(&ash_option_rows[i]);
        print_wrapped(ash_option_rows[i].help, 4);
    }
    printf("\nThese are the defaults. `ashlar options NAME` says more of one; `ashlar run\n"
           "--set NAME=VALUE` sets it, and so does ASHLAR_NAME=VALUE in the environment.\n");
}

static int options_of(const char *name) {
    struct ash_piece piece = ash_piece_of(name);
    enum ash_option option = ash_option_find(piece);
    if (option < ASH_OPTION_COUNT) {
        print_option(&ash_option_rows[option]);
        return 0;
    }
    char why[MESSAGE_BYTES];
    struct ash_fmt message;
    ash_fmt_init(&message, why, sizeof why);
    ash_option_print_unknown(&message, piece);
    say_error("%s", why);
    say_fix("`ashlar options` lists the options");
    return ASH_EXIT_TOOL;
}

int options_command(int argc, char **argv) {
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int letter = command_option("options", argc, argv, "+:h", options);
    if (letter == 'h') {
        command_show_help(command_named("options"));
        return 0;
    }
    if (letter != -1) {
        return ASH_EXIT_TOOL;
    }
    if (argc - optind > 1) {
        say_error("options: one name at a time");
        say_fix("ashlar options %s", argv[optind]);
        return ASH_EXIT_TOOL;
    }
    if (optind == argc) {
        print_all();
        return 0;
    }
    return options_of(argv[optind]);
}
