// The commands: their names, help, and how their options are read.

#ifndef ASHLAR_TOOL_COMMAND_H
#define ASHLAR_TOOL_COMMAND_H

#include <getopt.h>
#include <stddef.h>

struct command {
    const char *name;
    const char *usage;    // the line after "Usage: "
    const char *summary;  // one line for the list
    const char *help;     // the rest of `ashlar help NAME`
    // argv[0] is the command's name. Returns the exit status.
    int (*run)(int argc, char **argv);
};

int run_command(int argc, char **argv);
int check_command(int argc, char **argv);
int compare_command(int argc, char **argv);
int bench_command(int argc, char **argv);
int doctor_command(int argc, char **argv);
int options_command(int argc, char **argv);
int probe_command(int argc, char **argv);
int help_command(int argc, char **argv);

extern const struct command command_table[];
extern const size_t command_count;

const struct command *command_named(const char *name);
// `ashlar help NAME` on stdout.
void command_show_help(const struct command *command);

// Says that there is no command `word`, and the nearest one. Returns the status.
int command_unknown(const char *word);

// getopt_long for a command: stops at the first argument that is no option.
// Returns what getopt_long does; for a wrong option says what is wrong with the
// nearest right one, and returns '?'.
int command_option(const char *name, int argc, char **argv, const char *letters,
                   const struct option *options);

// Reads a whole number from `from` to `to`; -1 after saying what is wrong.
long command_number(const char *option, const char *given, long from, long to);

#endif
