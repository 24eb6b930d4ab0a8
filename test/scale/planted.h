// Planted faults: what an allocator must not do for each block. The checks have to find them.

#ifndef ASHLAR_SCALE_PLANTED_H
#define ASHLAR_SCALE_PLANTED_H

#include <stdbool.h>

// "lock": a lock of the process; "word": a word that all threads write to; "walk": a look at every
// heap; "block": a write to a block that another thread has touched. False for any other name.
bool planted_set(const char *name);

// Before each step.
void planted_step(void);

#endif
