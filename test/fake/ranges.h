// The ranges of addresses that the fake system has given out, to check what comes back.

#ifndef ASHLAR_TEST_RANGES_H
#define ASHLAR_TEST_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RANGES_MAX = 16384 };

struct range {
    uintptr_t start, end;
};

struct ranges {
    struct range all[RANGES_MAX];
    size_t count;
};

// False when there are RANGES_MAX already.
bool ranges_add(struct ranges *ranges, const void *start, size_t bytes);

// As ranges_add; one that touches another is one with it.
bool ranges_join(struct ranges *ranges, const void *start, size_t bytes);

// Takes [start, start + bytes) out of the range that holds it. False if none does.
bool ranges_remove(struct ranges *ranges, const void *start, size_t bytes);

// Whether the range lies within one; whether it touches any.
bool ranges_hold(const struct ranges *ranges, const void *start, size_t bytes);
bool ranges_touch(const struct ranges *ranges, const void *start, size_t bytes);

#endif
