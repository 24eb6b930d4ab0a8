// Looking at heaps whose threads run: how many blocks are free in them, and which.
//
// Who looks holds the heap (heap/hold.h), so its spans stand still. Two things do not, because
// their thread's fast paths take no lock: its bins, and the chains in which any thread
// gathers blocks of this heap's spans.
//
// The bins. While the heap is held and shut (ash_heap_shut), its thread can take no block: every
// allocation finds an empty bin, takes the slow path and waits there for the hold to end. It can
// finish one that it had begun before, and it can free until the bins are full. So
//   - it does at most one thing that takes a block out of a bin, and a bounded number that put
//     one in; after that its bins stand still, too;
//   - what a bin shows is wrong only if that one block was taken while it was read: it may be
//     seen, though it is in use, and so may not one that was put in its place.
// A pass: barrier, read the heads and tops of all bins, barrier, read the places. The
// barriers (ash_os_barrier) reach all processors. The first shows to the pass everything that
// the thread did before something an earlier pass has seen; the second everything it did before
// it stored a top that was read, so the place below it as well. The thread may stand still between
// two words that it writes; heap/fast.h writes them in an order in which no block is missing, and
// the head may be seen in its place too. Two passes, one after
// the other, cannot both be wrong, for the one block is taken during one of them, and the other
// comes before or sees the new top. Two that agree are both right. And two that do not agree
// mean that the thread has moved, which it does a bounded number of times.
//
// The chains. Gathered blocks of a held heap's spans are in a chain, or on their span's remote
// chain, or on their way; they stay there, since nobody but who holds the heap takes them in.
// The count of a chain is read when `publishing` is even, and before the remote words: what has
// left a chain by then has arrived. Its thread may publish it and begin another while its blocks
// are read: then they are blocks of that one, which is as gathered. That is why the caller passes a
// barrier (ash_os_barrier) before it looks at the remote words: who has seen such a block then
// finds there what its place held before.
//
// A heap that is LOST has no thread, but may have been left in the middle of anything: what it
// shows is nearly right.

#ifndef ASH_HEAP_LOOK_H
#define ASH_HEAP_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/heap.h"

// How a heap is held.
enum ash_look {
    ASH_LOOK_NONE,  // not at all
    ASH_LOOK_ACTIVE,
    ASH_LOOK_ORPHAN,
    ASH_LOOK_LOST,   // nobody is left to hold it against
    ASH_LOOK_SPARE,  // it has nothing
};

// Holds the heap if it is to be had at once; ends that.
enum ash_look ash_look_try(struct ash_heap *heap);
void ash_look_end(struct ash_heap *heap, enum ash_look look);

// The caller holds the heap, and its thread may run. ---------------------------------

// Bytes of the blocks in the heap's bins of one class: right at some moment.
size_t ash_look_ready(const struct ash_heap *heap, unsigned class_index);

// Adds, for each class, the blocks that others have freed and that wait to be taken in.
void ash_look_returning(struct ash_heap *heap, size_t blocks[ASH_CLASS_COUNT]);

enum { ASH_LOOK_BLOCKS = ASH_CLASS_COUNT * (ASH_BIN_BLOCKS + 1) };

struct ash_look_list {
    uint32_t count;
    struct ash_block *blocks[ASH_LOOK_BLOCKS];
};

// Lists the blocks in the bins of those classes whose bits are set. Exact, see above; `running`
// is false if no thread can be in the heap. Uses both lists; returns one of them.
const struct ash_look_list *ash_look_bins(struct ash_heap *heap, uint64_t classes, bool running,
                                          struct ash_look_list lists[2]);

typedef void ash_look_see(void *argument, const struct ash_record *span, struct ash_block *block);

// Calls `see` for the blocks in the class's depot.
void ash_look_depot(const struct ash_heap *heap, unsigned class_index, ash_look_see *see,
                    void *argument);

// Calls `see` for the blocks of `owner`'s spans, which the caller holds, that are gathered in
// chains of `gatherer`; and for those on a span's remote chain. Some may be seen twice.
void ash_look_gathered(struct ash_heap *gatherer, const struct ash_heap *owner, ash_look_see *see,
                       void *argument);
void ash_look_remote(struct ash_record *span, ash_look_see *see, void *argument);

#endif
