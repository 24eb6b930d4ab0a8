// The once-only start, and what happens around fork.

#ifndef ASH_API_BOOT_H
#define ASH_API_BOOT_H

#include <stdbool.h>

// Makes the floors below ready; any thread, any number of times. False without
// memory: then nothing has happened, and the next call tries again.
bool ash_boot(void);

#endif
