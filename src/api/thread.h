// Which heap is the calling thread's: found, made, or found again.

#ifndef ASH_API_THREAD_H
#define ASH_API_THREAD_H

#include "heap/heap.h"

// The calling thread's heap; &ash_heap_done after its last exit handler. NULL
// without memory.
struct ash_heap *ash_thread_attach(void);

#endif
