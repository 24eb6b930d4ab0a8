// All heaps of the process, and those among them that have no thread.

#ifndef ASH_HEAP_REGISTRY_H
#define ASH_HEAP_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/heap.h"

// Adds a new heap, with its state set. It stays for good.
void ash_registry_add(struct ash_heap *heap);

// Says whose heap it is, by the kernel's ids.
void ash_registry_set_thread(struct ash_heap *heap, uint32_t tid, uint32_t process);

// The heap that thread `tid` of process `process` owns, or NULL; &ash_heap_done if that
// thread has ended with it. The process counts too: a heap made in a child of vfork has
// ids that are free again.
struct ash_heap *ash_registry_find(uint32_t tid, uint32_t process);

// The heap's thread is past its last exit handler.
void ash_registry_end(struct ash_heap *heap);

// Takes over the heap of a thread that is gone, and has not given it back: it ended
// without its exit hook (a raw clone, a child of vfork, a thread that no hook could be had
// for), or by ash_registry_end. Looks at a few heaps each time, and goes round. NULL if
// all of their threads live. `process` is the caller's.
struct ash_heap *ash_registry_reap(uint32_t process);

// How many heaps were taken over so whose threads had vanished without a hook.
size_t ash_registry_reaped(void);

// The registry's lock, which realms use as well; around fork, too.
void ash_registry_enter(void);
bool ash_registry_try_enter(void);
void ash_registry_leave(void);

// Puts a heap among those of its realm without a thread. The second: under the lock.
void ash_registry_put_orphan(struct ash_heap *heap);
void ash_registry_queue_orphan(struct ash_heap *heap);

// Takes an orphan for the calling thread: ACTIVE from now on. NULL if there is none. The first:
// one that is on no realm's list, to be the thread's own; if all are being tended it waits, for 16
// milliseconds at most: a snapshot holds all heaps, and who did not wait would make another one
// each time. The second: under the lock.
struct ash_heap *ash_registry_take_orphan(struct ash_realm *realm);
struct ash_heap *ash_registry_claim_orphan(struct ash_realm *realm, bool listed_too);

// Whether some thread waits for one: a hint for who is about to hold them all.
bool ash_registry_is_awaited(void);

// Under the lock. An orphan of the main realm that is on no realm's list, and of which no block is
// out: it is TENDED from now on, and no orphan any more. NULL if there is none among the next few.
struct ash_heap *ash_registry_claim_empty(void);

// Whether it is worth while to ask for one: a hint, without the lock.
bool ash_registry_has_orphans(const struct ash_realm *realm);

// Makes an orphan TENDED and returns it, each time another one; NULL if none is
// to be had at once. The caller ends with ash_orphan_leave.
struct ash_heap *ash_registry_tend_orphan(struct ash_realm *realm);

// The next of all heaps after `heap`, or the first one for NULL. Heaps are never
// removed, so the walk needs no lock.
struct ash_heap *ash_registry_next(const struct ash_heap *heap);

// In a child of fork, under the lock: every other thread's heap is LOST, and `mine` (which may
// be NULL) has the child's ids.
void ash_registry_fork_child(struct ash_heap *mine);

#endif
