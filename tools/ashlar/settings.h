// The library's options: `ashlar options`, and --set. The table is the library's own.

#ifndef ASHLAR_TOOL_SETTINGS_H
#define ASHLAR_TOOL_SETTINGS_H

#include <stdbool.h>

// Applies `--set name=value`: the environment variable ASHLAR_NAME, for the program to be run.
// False after saying what is wrong: the name, with the nearest one there is, or the value.
bool settings_apply(const char *setting);

#endif
