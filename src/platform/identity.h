// The thread's id: a number that no other living thread has. For diagnosis, for the locks'
// own checks, and to notice that a slot holds another thread's heap. Nobody owns memory
// by it: a span's owner is a heap. It says nothing after the thread's end, and a thread
// made by a raw clone shares it with its maker; only the kernel's id tells those apart.

#ifndef ASH_PLATFORM_IDENTITY_H
#define ASH_PLATFORM_IDENTITY_H

#include <stdint.h>

// Never 0. The same in a child of fork.
uintptr_t ash_identity(void);

// The rungs that are built in, by name.
const char *ash_identity_rung(void);
const char *ash_slot_rung(void);

#endif
