// The allocators the tool knows: how each is recognised in a process, and
// where Debian installs it.

#ifndef ASHLAR_TOOL_ALLOCATOR_H
#define ASHLAR_TOOL_ALLOCATOR_H

#include <stddef.h>

#include "elf_file.h"

struct allocator {
    const char *key;        // the two letters of --with; NULL for those not to be preloaded
    const char *name;       // "jemalloc"
    const char *file_part;  // what the library's file name starts with
    const char *signature;  // a symbol that no other allocator defines
    const char *soname;     // Debian's library, NULL when Debian has none
    const char *package;    // the package that has it
};

extern const struct allocator allocator_table[];
extern const size_t allocator_count;

// The allocator called `word` (key, or name), NULL when none is.
const struct allocator *allocator_named(const char *word);

// The name of the allocator that `elf`, which defines malloc and lies at `path`,
// is: by its signature, else by its file name, else NULL.
const char *allocator_identify(const struct elf_file *elf, const char *path);

// The same by file name alone, for files that cannot be read.
const char *allocator_identify_path(const char *path);

// Finds library `soname` in the usual directories, as a new string, or NULL.
char *library_find(const char *soname);

#endif
