// A program that somebody wants to run: where it is, what the kernel and the
// loader will make of it, and whether a preloaded library can take effect.

#ifndef ASHLAR_TOOL_PROGRAM_H
#define ASHLAR_TOOL_PROGRAM_H

#include <stdbool.h>

#include "text.h"

// The answer to "would a preload work": status is 0, or the exit code of env(1)
// with the problem and its remedy in words.
struct finding {
    int status;
    char *problem;
    char *fix;
    struct text notes;  // one line each, things worth knowing although it works
    char *image;        // the ELF file that will run (a script's interpreter)
};

void finding_free(struct finding *finding);

// Resolves `command` as execvp does. 0 with a new string in *path, or 126 or
// 127 with the finding's words.
int program_resolve(const char *command, char **path, struct finding *finding);

// Judges the resolved file `path` against `library` (NULL: only the program's side).
void program_judge(const char *path, const char *library, struct finding *finding);

#endif
