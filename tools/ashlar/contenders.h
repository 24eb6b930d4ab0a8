// Who takes part in a comparison: glibc, ashlar, what is installed, what is named.

#ifndef ASHLAR_TOOL_CONTENDERS_H
#define ASHLAR_TOOL_CONTENDERS_H

#include "comparison.h"

struct contender_choice {
    const char *with;     // --with, NULL: all that are installed
    const char *without;  // --without, NULL: none
    const char *library;  // --lib
};

// Fills comparison->contenders. False after saying what is wrong.
bool contenders_choose(struct comparison *comparison, const struct contender_choice *choice);

#endif
