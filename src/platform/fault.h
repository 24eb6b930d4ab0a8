// Bad accesses: somebody is told where, before the signal takes its course.
//
// SIGSEGV and SIGBUS get a handler of ours, with the flags and the mask of whoever was there
// before. That one is called next, or the default action follows, whatever the fault was: so a
// process ends, dumps core or goes on as it would have done. A handler that the program sets later
// replaces ours.

#ifndef ASH_PLATFORM_FAULT_H
#define ASH_PLATFORM_FAULT_H

#include <stdbool.h>

// Called in the handler with the address of an access that failed: only what is async-signal-safe.
typedef void ash_fault_told(const void *address);

// From now on; who was told before is not any more. False if the system refuses. One thread at a
// time.
bool ash_fault_watch(ash_fault_told *told);

#endif
