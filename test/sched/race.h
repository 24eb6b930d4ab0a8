// Plain memory: who accessed each word last, and what it held before the execution.
//
// The code under test is compiled with -fsanitize=thread, but linked without that sanitizer's
// library: race.c has the functions that the compiler calls at each plain access. Accesses of 4
// bytes and more are checked by words, smaller ones by bytes and against such alone. The threads'
// own stacks are left out.

#ifndef ASHLAR_SCHED_RACE_H
#define ASHLAR_SCHED_RACE_H

#include <stdbool.h>
#include <stddef.h>

// Notes an access that is about to be made by the code at `code`.
void race_note(void *at, size_t bytes, bool writes, const void *code);

// Forgets all accesses, after putting back what they have overwritten.
void race_rewind(void);

#endif
