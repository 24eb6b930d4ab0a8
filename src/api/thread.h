// Which heap is the calling thread's: found, made, or found again; and whether what the
// slot says can be believed. docs/thread-identity.md tells why.

#ifndef ASH_API_THREAD_H
#define ASH_API_THREAD_H

#include <stdbool.h>

#include "base/assert.h"
#include "heap/heap.h"
#include "platform/thread.h"

// The calling thread's heap, looked up or made if need be, and checked now and then;
// &ash_heap_done after the thread's last exit handler. NULL without memory. For slow
// paths: a call costs little if the slot is filled and right.
struct ash_heap *ash_thread_attach(void);

// `realm`, or if that is NULL the one of the calling thread's own heap.
struct ash_realm *ash_thread_realm(struct ash_realm *realm);

// Makes the calling thread's own heap one of `root`. 0; ENOMEM; or EBUSY if the thread has
// blocks, or is in a sub-process already.
int ash_thread_move(struct ash_realm *root);

// The calling thread's heap if it has one already. Around fork.
struct ash_heap *ash_thread_find(void);

// Whether the calling thread has one, and finds it by its slot.
bool ash_thread_has_slot(void);

// Whether the process has had a second thread. In a child of fork: not yet again.
bool ash_thread_is_not_alone(void);
void ash_thread_fork_child(void);

// What every entry point may believe of the slot: the heap in it is NULL, done, or the
// calling thread's by the kernel's id, which debug builds ask for each time.
bool ash_thread_is_mine(const struct ash_heap *heap);

ASH_INLINE struct ash_heap *ash_thread_own_heap(void) {
    struct ash_heap *heap = ash_thread_heap();
    ash_assert(ash_thread_is_mine(heap));
    return heap;
}

#endif
