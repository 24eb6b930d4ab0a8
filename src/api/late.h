// The heap for threads that have run their last exit handler and still allocate:
// the C library does. One for the process, under a lock.

#ifndef ASH_API_LATE_H
#define ASH_API_LATE_H

#include "heap/heap.h"

// A block of the class. NULL without memory.
void *ash_late_take(unsigned class_index);

// Bytes of its blocks in use.
size_t ash_late_out_bytes(void);

// The late heap, for who looks at it; it is the caller's between these.
struct ash_heap *ash_late_heap(void);
void ash_late_enter(void);
void ash_late_leave(void);

// Gives back what the late heap does not need.
void ash_late_strip(void);

// Around fork.
void ash_late_fork_prepare(void);
void ash_late_fork_done(void);

#endif
