// Where libashlar.so is, whether it can be preloaded, and LD_PRELOAD's value.

#ifndef ASHLAR_TOOL_PRELOAD_H
#define ASHLAR_TOOL_PRELOAD_H

#include <stdbool.h>

// Finds the library: `given` (--lib), $ASHLAR_LIBRARY, beside this executable,
// the directory it was configured for. The absolute path is a new string in
// *path. False after saying on stderr what is wrong and how to fix it.
bool preload_find(const char *given, char **path);

// The same search; false quietly, with the places that were tried in *tried.
bool preload_search(const char *given, char **path, char **tried);

// Whether LD_PRELOAD can name `path`: readable, ELF, without space and colon.
// False with the words in *problem and *fix (new strings).
bool preload_usable(const char *path, char **problem, char **fix);

// Whether `path` defines malloc and is ashlar; false with the words.
bool preload_is_ashlar(const char *path, char **problem, char **fix);

// LD_PRELOAD with `path` in front of what the user has in it. A new string.
char *preload_value(const char *path);

#endif
