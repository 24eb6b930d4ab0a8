// What the parts of the fake system share: its lock, its tally and its script of failures.

#ifndef ASHLAR_TEST_SCRIPT_H
#define ASHLAR_TEST_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "os_fake.h"

// Under the lock.
extern struct os_fake_tally fake_tally;

void fake_enter(void);
void fake_leave(void);

// Ends the process: the core broke the contract, or the test went beyond the fake's limits.
_Noreturn void fake_broken(const char *what);

// Counts the call, of `bytes` if it is a claim or a map, else 0; true if the script wants it to
// fail. Under the lock.
bool fake_fails(enum os_fake_kind kind, size_t bytes);

#endif
