// A span: slices cut into blocks of one class, belonging to one heap.
//
//   start                     carved                          end
//   | block | block | ... |   | not cut yet: never touched | tail |
//
// Its place on the heap's shelf follows from what it has left:
//
//        cut            nothing left              a block comes back
//   ---------> CURRENT -------------> FULL ---------------------------> ROOMY
//                 ^                                                       |
//                 +-------------------------------------------------------+
//                                 the current one is full
//
// A span whose last block comes back is retired to the store, unless current.

#ifndef ASH_HEAP_SPAN_H
#define ASH_HEAP_SPAN_H

#include <stdbool.h>
#include <stddef.h>

#include "heap/heap.h"

enum ash_place {
    ASH_PLACE_ROOMY,
    ASH_PLACE_FULL,
    ASH_PLACE_LISTS,  // the places above have a list
    ASH_PLACE_CURRENT = ASH_PLACE_LISTS,
    ASH_PLACE_NONE,  // on its way
};

// Takes slices from the store and makes them the heap's span. NULL without memory.
struct ash_record *ash_span_cut(struct ash_heap *heap, unsigned class_index);

// Gives a span without blocks in use to the store.
void ash_span_retire(struct ash_heap *heap, struct ash_record *span);

// Gives all spans of a class to the store, in use or not. The caller makes the bin empty.
void ash_span_drop_all(struct ash_heap *heap, unsigned class_index);

// Makes `heap` the owner. The caller holds both heaps: heap/tenure.h.
void ash_span_set_owner(struct ash_record *span, struct ash_heap *heap);

// Moves the span's next blocks to its bin, which is empty: of those that came back
// the lowest, else the next that were never cut. False if it has nothing.
bool ash_span_stock(struct ash_heap *heap, struct ash_record *span);

static inline const struct ash_class *ash_span_class(const struct ash_record *span) {
    return &ash_classes[span->class_index];
}

// Takes back blocks of one class of the heap, each into its span; spans move to the places they
// now belong to, and some may be retired. A block that cannot be is refused.
void ash_span_return(struct ash_heap *heap, unsigned class_index, struct ash_block *const *blocks,
                     uint32_t count);

// Ends the process: the program has freed what is no block's start.
ASH_COLD _Noreturn void ash_span_refuse_start(const struct ash_block *block);

// Takes back the block that starts `offset` bytes behind the span's start, and is out.
void ash_span_mark(struct ash_heap *heap, struct ash_record *span, size_t offset);

// Gives those pages of the span back to the system in which no block is out. True if it
// asked the system: not if nothing came back since the last time.
bool ash_span_purge(struct ash_record *span);

// All spans of a class, one after the other: those with room, the full ones, the current one.
struct ash_record *ash_span_first(const struct ash_heap *heap, unsigned class_index);
struct ash_record *ash_span_next(const struct ash_heap *heap, const struct ash_record *span);

// Puts a span that has no place into one, and takes it away again.
void ash_span_put(struct ash_heap *heap, struct ash_record *span, enum ash_place place);
void ash_span_lift(struct ash_heap *heap, struct ash_record *span);

// The class has no current span from now on: it is retired if none of its blocks is out, else
// listed.
void ash_span_stand_down(struct ash_heap *heap, unsigned class_index);

// Whether the span has blocks to give.
bool ash_span_has_room(const struct ash_record *span);

static inline uint32_t ash_span_used(const struct ash_record *span) {
    // relaxed: a count; the owner reads what it wrote, others take a snapshot.
    return atomic_load_explicit(&span->used_blocks, memory_order_relaxed);
}

static inline void ash_span_set_used(struct ash_record *span, uint32_t used) {
    // relaxed: only the owner writes.
    atomic_store_explicit(&span->used_blocks, used, memory_order_relaxed);
}

#endif
