// System calls that the kernel refuses, as a filter of a sandbox does (seccomp).

#ifndef ASHLAR_TEST_OVERRIDE_REFUSE_H
#define ASHLAR_TEST_OVERRIDE_REFUSE_H

#include <stdbool.h>
#include <stddef.h>

enum { REFUSE_MAX = 16 };

// What a filter refuses: calls by their numbers up to the first that is negative, and the error
// that they fail with from then on.
struct refusal {
    const char *name;
    int error;
    long calls[REFUSE_MAX + 1];
};

// The refusal of that name; NULL if there is none.
const struct refusal *refusal_find(const char *name);

// Puts the filter in force for the process and all that it executes; it cannot be lifted. False
// where the kernel has no filters, or does not let this process have one.
bool refusal_begin(const struct refusal *refusal);

// Whether every one of the calls fails as it should. They are made with arguments that mean
// nothing, so that they harm nobody where they are not refused.
bool refusal_holds(const struct refusal *refusal);

#endif
