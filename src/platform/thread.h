// The heap slot: one thread-local pointer to the calling thread's heap.
//
// NULL means "not yet" (or "lost": a resolver that runs before thread-local
// storage is set up loses its store). It only ever leads to the slow path,
// which finds the thread's heap again by the kernel's thread id. So nothing
// here has to be trusted. A thread whose last exit handler has run holds the
// address of ash_heap_done, an empty heap that owns nothing.

#ifndef ASH_PLATFORM_THREAD_H
#define ASH_PLATFORM_THREAD_H

#include "base/compiler.h"

struct ash_heap;

// Zero-initialised, so that it works before the thread-local image is copied.
extern ASH_THREAD_LOCAL struct ash_heap *ash_thread_slot;

ASH_INLINE struct ash_heap *ash_thread_heap(void) {
    return ash_thread_slot;
}

static inline void ash_thread_set_heap(struct ash_heap *heap) {
    ash_thread_slot = heap;
}

#endif
