#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

const struct command command_table[] = {
    {"run", "ashlar run [--lib PATH] [--set OPTION=VALUE]... [--] CMD [ARGS]",
     "run a program on ashlar, or say why it cannot be",
     "Runs CMD with libashlar.so preloaded, in front of what LD_PRELOAD already names.\n"
     "When that cannot take effect (a static program, a setuid one, a library of the\n"
     "wrong architecture ...) CMD is not run: the status is 125, and the message says\n"
     "how to fix it. 126: CMD cannot be executed. 127: CMD is not there.\n"
     "\n"
     "  --lib PATH            the library, instead of $ASHLAR_LIBRARY or the one\n"
     "                        installed with this command\n"
     "  --set OPTION=VALUE    an option for CMD; `ashlar options` lists them\n"
     "\n"
     "Next: ashlar compare -- CMD shows what ashlar changes for it.\n",
     run_command},
    {"check", "ashlar check [--lib PATH] PID|CMD|FILE",
     "is ashlar in use in a process, would it work for a program",
     "For a process number: which allocator serves malloc there, and from which file.\n"
     "For a command or file: whether `ashlar run` would take effect, and if not, why.\n"
     "Status 0: ashlar is in use, or would work. 1: not. 125: cannot tell.\n"
     "126, 127: the command cannot be executed, is not there.\n"
     "\n"
     "  --lib PATH            the library meant, as for `ashlar run`\n",
     check_command},
    {"compare", "ashlar compare [-n N] [OPTIONS] [--] CMD [ARGS]",
     "measure a program under every allocator installed",
     "Runs CMD under glibc, ashlar and every allocator library installed: one warm-up,\n"
     "then N rounds, in each of which every allocator has its turn, in rotating order.\n"
     "One more run of each, not timed, counts the processes that really used it.\n"
     "Status 1: CMD's exit status was not the same under all of them.\n"
     "\n"
     "  -n, --rounds N        timed rounds, 1 to 1000 (default 5)\n"
     "      --with LIST       only glibc, ashlar and these: mi, je, tc or NAME=PATH\n"
     "      --without LIST    all but these (glibc and ashlar too can be left out)\n"
     "      --lib PATH        ashlar's library, as for `ashlar run`\n"
     "      --set OPT=VALUE   an option of ashlar (sets ASHLAR_OPT)\n"
     "      --html FILE       write a report page\n"
     "      --json FILE       write the numbers; - is stdout, instead of the table\n"
     "      --proof HOW       ptrace (default), sample or none\n"
     "      --show-output     let CMD's output through\n"
     "      --progress        say what runs, also when stderr is no terminal\n",
     compare_command},
    {"bench", "ashlar bench [-n N] [OPTIONS] [ROW...]",
     "compare allocators on the benchmark's own rows",
     "Runs rows of the benchmark (names, \"batch*\", or groups; the ten quick ones when\n"
     "none is named) under glibc, ashlar and every allocator library installed, in\n"
     "interleaved rounds, and writes the results as JSON, Markdown and pictures.\n"
     "Needs Python 3.11, and the benchmark's programs: they are built with the tests\n"
     "and installed with them.\n"
     "Status 1: a row failed. 2: it could not run.\n"
     "\n"
     "  -n, --rounds N        rounds, 1 to 1000 (default 5)\n"
     "      --list            the rows and allocators here\n"
     "      --with NAME=PATH  one more allocator; PATH@1.2 gives its version\n"
     "      --lib PATH        ashlar's library, as for `ashlar run`\n"
     "      --out FOLDER      for the results (default ashlar-bench)\n"
     "\n"
     "For your own program: ashlar compare -- CMD\n",
     bench_command},
    {"doctor", "ashlar doctor [--lib PATH] [PID]",
     "look for what could keep ashlar from working here",
     "Checks the system, the library, and that a small program really uses it; given\n"
     "a process number, that process too. Each line is OK, WARN or FAIL, and what is\n"
     "not OK comes with a next step.\n"
     "Status 0 when nothing is FAIL, else 1.\n"
     "\n"
     "  --lib PATH            the library to check, as for `ashlar run`\n",
     doctor_command},
    {"options", "ashlar options [NAME]", "what can be set, and when one would",
     "Lists the library's options with their defaults. With NAME: what values it\n"
     "takes, the variable it is read from, and when one would change it.\n"
     "\n"
     "Next: ashlar run --set NAME=VALUE -- CMD.\n",
     options_command},
    {"help", "ashlar help [COMMAND]", "show a command's help", "", help_command},
};
const size_t command_count = sizeof(command_table) / sizeof(command_table[0]);

const struct command *command_named(const char *name) {
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(name, command_table[i].name) == 0) {
            return &command_table[i];
        }
    }
    return NULL;
}

void command_show_help(const struct command *command) {
    printf("Usage: %s\n\n%s", command->usage, command->help);
}

static void option_complain(const char *name, const char *given, const struct option *options) {
    enum { MOST = 32 };
    const char *words[MOST];
    size_t count = 0;
    for (; count < MOST && options[count].name != NULL; count++) {
        words[count] = options[count].name;
    }
    size_t length = strcspn(given, "=");
    char bare[64];
    snprintf(bare, sizeof(bare), "%.*s", (int)length, given + strspn(given, "-"));
    bare[strcspn(bare, "=")] = '\0';
    const char *nearest =
        given[0] == '-' && given[1] == '-' ? nearest_word(bare, words, count) : NULL;
    say_error("%s: unknown option %s", name, given);
    if (nearest != NULL) {
        say_fix("did you mean --%s? `ashlar help %s` lists the options", nearest, name);
    } else {
        say_fix("`ashlar help %s` lists the options; put `--` before a command that starts with -",
                name);
    }
}

int command_option(const char *name, int argc, char **argv, const char *letters,
                   const struct option *options) {
    int at = optind > 0 ? optind : 1;
    opterr = 0;
    int letter = getopt_long(argc, argv, letters, options, NULL);
    if (letter == ':') {
        say_error("%s: option %s needs a value", name, argv[optind - 1]);
        say_fix("`ashlar help %s` shows the options with their values", name);
        return '?';
    }
    if (letter == '?') {
        const char *given = at < argc ? argv[at] : argv[optind - 1];
        char lone[3] = {'-', (char)optopt, '\0'};
        option_complain(name, given[1] != '-' && optopt != 0 ? lone : given, options);
    }
    return letter;
}

long command_number(const char *option, const char *given, long from, long to) {
    char *end = NULL;
    errno = 0;
    long number = strtol(given, &end, 10);
    if (errno != 0 || end == given || *end != '\0' || number < from || number > to) {
        say_error("%s %s: not a number from %ld to %ld", option, given, from, to);
        say_fix("give a whole number in that range");
        return -1;
    }
    return number;
}

int command_unknown(const char *word) {
    static const char *const extra[] = {"--help", "--version"};
    const char *names[16];
    size_t count = 0;
    for (; count < command_count; count++) {
        names[count] = command_table[count].name;
    }
    names[count++] = extra[0];
    names[count++] = extra[1];
    const char *nearest = nearest_word(word, names, count);
    say_error("there is no %s %s", word[0] == '-' ? "option" : "command", word);
    if (nearest != NULL) {
        say_fix("did you mean `ashlar %s`? `ashlar --help` lists the commands", nearest);
    } else {
        say_fix("`ashlar --help` lists the commands; to run a program: ashlar run -- %s", word);
    }
    return ASH_EXIT_TOOL;
}

int help_command(int argc, char **argv) {
    const struct command *command = command_named(argc > 1 ? argv[1] : "help");
    if (command == NULL) {
        return command_unknown(argv[1]);
    }
    if (command->run != help_command) {
        command_show_help(command);
        return 0;
    }
    printf("Usage: ashlar COMMAND ...\n\n"
           "Runs unmodified programs on the ashlar allocator, and shows what it changes.\n\n");
    for (size_t i = 0; i < command_count; i++) {
        printf("  %-9s %s\n", command_table[i].name, command_table[i].summary);
    }
    printf("\n  --help, -h      this list\n"
           "  --version, -V   the version\n\n"
           "First steps: ashlar doctor, then ashlar compare -- CMD, then ashlar run -- CMD.\n");
    return 0;
}
