// What the override programs share: they speak up on stderr and exit with 1 when a claim fails.

#ifndef ASHLAR_TEST_OVERRIDE_COMMON_H
#define ASHLAR_TEST_OVERRIDE_COMMON_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Ends the program unless ashlar serves its malloc: no test can pass without the library.
void require_ashlar(void);

// Ends the program with a message that quotes the claim, unless the claim holds.
void expect(bool holds, const char *claim);

// Allocates and frees blocks of all kinds, with their contents checked; false if a check fails.
bool exercise(unsigned seed, int rounds);

// Ends the program with a message after so many seconds: a deadlock is a failure, not a wait.
void deadline(unsigned seconds);

// Gives the compiler no chance to drop an allocation.
void *keep(void *block);

#ifdef __cplusplus
}
#endif

#endif
