// Asks the dynamic linker for functions that may be absent. See lookup.h.

#define _GNU_SOURCE
#include "lookup.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

// POSIX wants a function pointer read from an object pointer's bytes; ISO C forbids the cast.
static void find(void *slot, const char *name) {
    void *found = dlsym(RTLD_DEFAULT, name);
    memcpy(slot, &found, sizeof(found));
}

struct lookup lookup_all(void) {
    struct lookup all;
    find(&all.free_sized, "free_sized");
    find(&all.free_aligned_sized, "free_aligned_sized");
    find(&all.cfree, "cfree");
    find(&all.libc_malloc, "__libc_malloc");
    find(&all.ash_is_active, "ash_is_active");
    find(&all.ash_usable_size, "ash_usable_size");
    return all;
}
