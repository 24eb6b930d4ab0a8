// Heaps whose thread has ended.
//
// An ending thread gives back what it can and leaves the rest in its heap, which
// becomes an ORPHAN. The next new thread takes the whole heap over: its blocks are
// local again (this made larson's blocks local, see docs/decisions). Until then:
//
//   - who frees the first block of a span to an orphan tends it: takes the freed
//     blocks in, and retires spans that have fallen empty;
//   - who needs a span of a class may adopt orphans' spans with room.
//
// heap/tenure.h says how a heap changes hands, and why no news is lost.

#ifndef ASH_HEAP_ORPHAN_H
#define ASH_HEAP_ORPHAN_H

#include "heap/heap.h"

// The calling thread is done with its heap.
void ash_orphan_abandon(struct ash_heap *heap);

// The same where the thread, which may still allocate, has no slot to note its end in:
// the heap stays bound to it, and is nobody else's before ash_registry_reap finds the
// thread gone. Others may tend it meanwhile.
void ash_orphan_end(struct ash_heap *heap);

// Takes in an orphan's news, unless somebody else is at it.
void ash_orphan_tend(struct ash_heap *heap);

// Moves spans of the class with room from an orphan to `heap`. Returns one of
// them, without a place, or NULL.
struct ash_record *ash_orphan_adopt(struct ash_heap *heap, unsigned class_index);

// Makes a heap that the caller owns or tends an orphan.
void ash_orphan_leave(struct ash_heap *heap);

#endif
