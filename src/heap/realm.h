// A realm: what users know as a heap. Its memory is apart from that of all other realms,
// whichever threads it is allocated from.
//
//   realm   heaps ----> heap of thread A, heap of thread B, heap without a thread ...
//           runs -----> run -> run                  of these, the last are orphans
//
// Each thread that allocates from a realm has a heap (heap/heap.h) in it. A thread's own
// heap, the one its slot holds, is in the main realm, or in the root of its sub-process; to
// find its others, it remembers a few, and walks the realm's list for the rest.
//
// All that a realm has can be given back at once (destroy), and handed to another realm
// (delete), because each heap has all of its spans on lists, and a realm its runs. Nobody
// may allocate from it, or free blocks of it, meanwhile or later. But threads that have heaps
// in it may end, fork and start at any time; and the helper thread may tend them. So
// who ends a realm claims each heap first (heap/tenure.h).
//
//   word            who writes                         who reads        order
//   realm->heaps    registry's lock                    any thread       release / acquire
//   heap->part_of   registry's lock, who claimed it    any thread       relaxed: constant while
//                                                                       a block lives
//   heap->home      registry's lock                    any thread       relaxed: a thread only
//                                                                       looks for itself
//
// Invariants:
//   INV-REALM-1  a heap with a home is on its home's list of others, and only there
//   INV-REALM-2  charged is what the realm's spans, runs and huge blocks take

#ifndef ASH_HEAP_REALM_H
#define ASH_HEAP_REALM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/heap.h"
#include "supply/arena.h"

struct ash_realm {
    size_t serial;  // no other realm has it, before or after; 0: not in use

    // Linked by next_in_realm. Of the main realm only those of threads whose own heap is in
    // another one: a thread that takes a heap for its own takes none that is listed.
    _Atomic(struct ash_heap *) heaps;
    _Atomic size_t charged;  // bytes
    _Atomic size_t limit;    // of that; 0: none

    // Where its slices come from. `only` is set before the realm is used, and constant.
    struct ash_origin origin;

    // Under the registry's lock.
    struct ash_heap *newest_orphan, *oldest_orphan;
    struct ash_heap *next_tended;   // of the orphans: the one whose turn is next; NULL: the oldest
    _Atomic uint32_t orphan_count;  // read without the lock, as a hint
    uint32_t runs;                  // ticket of the first run; 0 for the main realm
    struct ash_realm *next, *prev;  // all realms but the main one; or those to be used again
    struct ash_realm *root;         // the main realm of its sub-process, which inherits from it
};

// Of the process: what malloc allocates from.
extern struct ash_realm ash_realm_main;

// A new realm with nothing in it, or NULL without memory. `root` NULL: it is a root itself.
struct ash_realm *ash_realm_new(struct ash_realm *root);

// Makes a thread's own heap, which is the main realm's and has no span, a heap of `root`.
// Unused, without a thread, known to the registry; NULL if there is none.
struct ash_heap *ash_realm_take_spare(void);

void ash_realm_move_own(struct ash_realm *root, struct ash_heap *mine);

// The heap in the realm of the thread whose own heap is `mine`; NULL if it has none yet.
struct ash_heap *ash_realm_seek(struct ash_realm *realm, struct ash_heap *mine);

// The heap in the realm of the thread whose own heap is `mine`: found, taken over or made. NULL
// without memory. With `mine` NULL it is for one use, after which ash_realm_leave follows.
struct ash_heap *ash_realm_heap(struct ash_realm *realm, struct ash_heap *mine);

// Leaves a heap of the calling thread's to others in its realm.
void ash_realm_leave(struct ash_heap *heap);

// The thread that owns `mine` ends: leaves all of its other heaps.
void ash_realm_leave_all(struct ash_heap *mine);

// Ends the process if the realm has ended; called where a thread first allocates from it, and
// where bytes are charged.
void ash_realm_expect(const struct ash_realm *realm);

// Runs of other realms than the main one.
void ash_realm_add_run(struct ash_realm *realm, struct ash_record *run);
void ash_realm_remove_run(struct ash_record *run);

// Ends a realm: its memory goes to its root, or back to the store.
void ash_realm_delete(struct ash_realm *realm);
void ash_realm_destroy(struct ash_realm *realm);

// Ends a root and all realms that have it. False, with nothing done, if a thread that lives
// has its own heap there.
bool ash_realm_destroy_root(struct ash_realm *root);

// Stores the realms that have the root, at most `count`, and returns how many there are.
size_t ash_realm_list(const struct ash_realm *root, struct ash_realm **realms, size_t count);

// Counts bytes that the realm takes from the supply. False if they exceed its limit: then
// nothing was counted.
bool ash_realm_charge(struct ash_realm *realm, size_t bytes);
void ash_realm_refund(struct ash_realm *realm, size_t bytes);

static inline struct ash_realm *ash_realm_of(const struct ash_heap *heap) {
    return atomic_load_explicit(&heap->part_of, memory_order_relaxed);
}

static inline bool ash_realm_is_home(const struct ash_heap *heap, const struct ash_heap *mine) {
    return atomic_load_explicit(&heap->home, memory_order_relaxed) == mine;
}

#endif
