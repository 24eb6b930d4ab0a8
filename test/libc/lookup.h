// Functions that may or may not exist in the process: glibc 2.36 has no free_sized, a run without
// ashlar has no ash_is_active. Two implementations: lookup_dynamic.c asks the dynamic linker,
// lookup_static.c refers to the functions by name, for programs that are linked with ashlar.

#ifndef ASHLAR_TEST_LIBC_LOOKUP_H
#define ASHLAR_TEST_LIBC_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

struct lookup {
    void (*free_sized)(void *block, size_t bytes);
    void (*free_aligned_sized)(void *block, size_t align, size_t bytes);
    void (*cfree)(void *block);
    void *(*libc_malloc)(size_t bytes);
    bool (*ash_is_active)(void);
    size_t (*ash_usable_size)(const void *block);
};

// Every member is NULL where the process has no such function.
struct lookup lookup_all(void);

// True if ashlar is there, says that it is active, and knows the size of a block that malloc has
// just made: a library that is loaded but not in use does not pass.
bool lookup_ashlar_is_in_use(void);

#endif
