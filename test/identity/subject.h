// The allocator under test, with one rung of each ladder forced, and the ways to break it.
//
// subject.c is the library's single translation unit followed by these hooks. It takes over malloc,
// so that the C library's own calls (thread-local storage of late libraries, buffers that are freed
// after the last destructor) come along. It is linked into a program, or made a shared library.

#ifndef ASHLAR_TEST_IDENTITY_SUBJECT_H
#define ASHLAR_TEST_IDENTITY_SUBJECT_H

#include <stdint.h>

#include "ashlar/ashlar.h"

// Questions: the calling thread's heap (found or made), the owner of a block of at most 32 KiB,
// the kernel's thread id that a heap is bound to, and how many heaps there are in all.
ASH_EXPORT void *identity_heap(void);
ASH_EXPORT void *identity_owner(const void *block);
ASH_EXPORT uint32_t identity_heap_tid(const void *heap);
ASH_EXPORT size_t identity_heap_count(void);

// Bytes in use in the heap of threads that have run their last exit handler.
ASH_EXPORT size_t identity_late_bytes(void);

// Faults, each in the calling thread and between two calls of the allocator: the slot is emptied;
// the slot gets another thread's heap; the fast slot is disabled for the process.
ASH_EXPORT void identity_wipe(void);
ASH_EXPORT void identity_plant(void *heap);
ASH_EXPORT void identity_downgrade(void);

// Planted failures: the calling thread's heap cannot be found again; its end goes unnoticed.
ASH_EXPORT void identity_forget(void);
ASH_EXPORT void identity_unhook(void);

#endif
