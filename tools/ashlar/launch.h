// Starting the command under one allocator, in the same way for every run.

#ifndef ASHLAR_TOOL_LAUNCH_H
#define ASHLAR_TOOL_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "comparison.h"

struct launch {
    const char *path;  // the resolved program
    char **words;
    bool show_output;
    int input;  // what the command reads, rewound before each run; -1: nothing
    off_t input_at;
    int errors;  // a file that keeps what it wrote to stderr
};

// Decides how stdin, stdout and stderr are given to the command.
void launch_prepare(struct launch *launch, const char *path, char **words, bool show_output);

// Forks a child that waits on `gate` (-1: does not wait) for one byte, then
// executes the command with `library` preloaded (NULL: without). -1 with errno.
pid_t launch_start(const struct launch *launch, const char *library, int gate);

// The exit code of a wait status, 128 + n for signal n.
int launch_status(int wait_status);

// The last lines that the command wrote to stderr.
void launch_last_words(const struct launch *launch, struct text *text);

// measure.c: one timed run. False with errno when it cannot be started.
bool measure_run(const struct launch *launch, const char *library, struct sample *sample);

// proof.c: one run that is watched, and what it proves of `contender`.
void proof_run(const struct launch *launch, struct contender *contender, enum proof_method method);

#endif
