// Handles of a thread: a heap as one thread sees it, for what allocates from it in an inner loop.
//
// A call such as ash_heap_malloc looks up the calling thread's part of the heap each time. A
// handle is that part, looked up once: with it an allocation is shorter than ash_malloc, and a
// block that is freed with it goes back as fast as one of the main heap. What a handle allocates
// is the heap's, as if ash_heap_malloc had: it counts there, ends with it, and may be freed
// by any thread with ash_free.
//
// A handle may be used
//   - by the thread that has asked for it, and by no other: not by the other tasks of a program
//     that moves tasks between threads, and in a child of fork by the thread that called it;
//   - until the heap is deleted or destroyed, by whichever thread;
//   - until that thread ends: in destructors of pthread keys allocate from the heap itself.
// It need not be given back. Anything else is undefined behaviour, unless ashlar notices, which
// ends the process with ASH109: debug builds look at every call, releases at those that
// are not fast.

#ifndef ASHLAR_LOCAL_H
#define ASHLAR_LOCAL_H

#include "ashlar/ashlar.h"

#if defined(__cplusplus)
extern "C" {
#endif

// A thread's handle of a heap.
typedef struct ash_heap ash_local_t;

// The calling thread's handle of `heap`, the same each time; of the main heap too. NULL with errno
// ENOMEM when there is no memory for the thread's part (about 3 KiB), or EPERM when the thread has
// run its last exit handler. A heap that has ended ends the process.
ASH_EXPORT ASH_NODISCARD ash_local_t *ash_heap_local(ash_heap_t *heap) ASH_NOEXCEPT;

// The heap that a handle is of.
ASH_EXPORT ash_heap_t *ash_local_heap(const ash_local_t *local) ASH_NOEXCEPT;

// As ash_heap_malloc and so on, from the handle's heap; sizes, errors and zeroes are as there.
ASH_EXPORT ASH_NODISCARD void *ash_local_malloc(ash_local_t *local, size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_local_malloc_small(ash_local_t *local,
                                                      size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_local_zalloc(ash_local_t *local, size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_local_zalloc_small(ash_local_t *local,
                                                      size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_local_calloc(ash_local_t *local, size_t count,
                                                size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_local_malloc_aligned(ash_local_t *local, size_t bytes,
                                                        size_t align) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_local_zalloc_aligned(ash_local_t *local, size_t bytes,
                                                        size_t align) ASH_NOEXCEPT;

// As ash_heap_realloc: a block of any heap; if it moves, it moves to the handle's.
ASH_EXPORT ASH_NODISCARD void *ash_local_realloc(ash_local_t *local, void *block,
                                                 size_t bytes) ASH_NOEXCEPT;

// As ash_free, for any block or NULL; shortest for those that this thread has allocated from the
// handle's heap.
ASH_EXPORT void ash_local_free(ash_local_t *local, void *block) ASH_NOEXCEPT;

#if defined(__cplusplus)
}
#endif

#endif
