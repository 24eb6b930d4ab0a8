// The helper: a thread of our own, which gives memory back while the program's threads
// sleep. Without it purging rides on the slow paths alone, and a process that falls idle
// keeps what it has just freed.
//
//            start                 nothing due for 2 s
//   NONE ------------> AWAKE <----------------------------> PARKED
//    ^  malloc, with     |        wake: free, enough is due     |
//    |  threads, from    +---------------<----------------------+
//    |  8 MiB in use     |  hardly anything is in use
//    +-------------------+
//
// It is started by malloc alone: the C library frees while it holds locks that starting
// a thread needs. So it must be there before it is needed, and parks in the kernel, at no
// cost, until a free has left enough in the store.
//
// It blocks all signals, takes locks for moments, and owns no heap.

#ifndef ASH_API_HELPER_H
#define ASH_API_HELPER_H

#include <stdbool.h>

// Starts the helper if the process should have one. At the end of malloc's slow paths,
// holding nothing.
void ash_helper_start(void);

// Wakes it if it is parked and there is enough to do. At the end of free's slow paths.
void ash_helper_wake(void);

// The option helper_thread is off: a helper that runs ends within a tenth of a second.
void ash_helper_stop(void);

// One round: what has fallen due. False if nothing is left to wait for.
bool ash_helper_step(void);

// In a child of fork: the helper is gone.
void ash_helper_fork_child(void);

#endif
