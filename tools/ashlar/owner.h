// Who serves malloc in a process: the first object, in the order in which the
// loader resolves symbols, whose dynamic symbol table defines malloc.

#ifndef ASHLAR_TOOL_OWNER_H
#define ASHLAR_TOOL_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct path_list {
    char **paths;
    size_t count;
};

void path_list_add(struct path_list *list, const char *path);
bool path_list_has(const struct path_list *list, const char *path);
void path_list_free(struct path_list *list);

struct owner {
    char *program;             // the executable
    char *path;                // the object that defines malloc first, NULL when none does
    const char *allocator;     // its name, "unknown" when no signature fits
    bool is_static;            // the executable has no loader
    bool exact;                // from the loader's own list, not guessed from the mappings
    struct path_list objects;  // in that order, the executable first
};

// False with errno when the process cannot be looked into (or has no memory).
bool owner_find(pid_t pid, struct owner *owner);
void owner_free(struct owner *owner);

// Whether the owner of malloc is the file `library` (the same file, by any name).
bool owner_is(const struct owner *owner, const char *library);

// The distinct files mapped by `pid`, in address order.
bool maps_read(pid_t pid, struct path_list *files);

// The loader's list of objects (its r_debug), in the order of resolution; false
// when it cannot be read or is not there yet.
bool link_map_read(pid_t pid, int bits, const char *program, struct path_list *objects);

#endif
