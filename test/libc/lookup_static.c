// For programs that are linked with ashlar, statically or not: plain references. See lookup.h.

#include "lookup.h"

extern void free_sized(void *block, size_t bytes);
extern void free_aligned_sized(void *block, size_t align, size_t bytes);
extern void cfree(void *block);
extern bool ash_is_active(void);
extern size_t ash_usable_size(const void *block);

// Weak, because a plain reference could pull in glibc's malloc.o beside ashlar's malloc.
extern void *__libc_malloc(size_t bytes) __attribute__((weak));

struct lookup lookup_all(void) {
    struct lookup all = {
        .free_sized = free_sized,
        .free_aligned_sized = free_aligned_sized,
        .cfree = cfree,
        .libc_malloc = __libc_malloc,
        .ash_is_active = ash_is_active,
        .ash_usable_size = ash_usable_size,
    };
    return all;
}
