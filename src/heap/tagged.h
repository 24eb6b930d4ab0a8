// Tier 4 of hardening (heap/hard.h): what a program has of a block of a span is a pointer with a
// tag, and the bytes that it asked for have the same one.
//
//   tags      | 9 | 9 | 9 | 0 |  2 | 2 |  0 | 0 |  9 ...       a granule of 16 bytes each
//   blocks    | in use    | s | in use | free    | in use      s: slack, where the canary goes on
//
// All that is free has 0, and so have runs and what is ours: within the library a pointer to a
// block has no tag, and it may touch the block before it is handed out and after it was freed.
// Where a pointer comes in from the program its tag is stripped first (ash_tag_strip), but for the
// fast paths: to them it leads out of the region, so they leave it to the slow ones. An address
// that is looked up with its tag is nobody's.
//
// A tag is drawn by chance, from those that neither neighbour may have: of the first block in a
// span, of the odd ones, and of the even ones. The one that the block had before is not drawn
// again: while a block is free its state remembers it.
//
// Invariants:
//   INV-TAG-1  in slices of the store, in runs and in free blocks all tags are 0
//   INV-TAG-2  a block of a span that is handed out has a tag that is neither that of a
//              neighbour nor, while the span is one, that which it had before; but not in
//              memory that was handed in, or that the system gives no tags

#ifndef ASH_HEAP_TAGGED_H
#define ASH_HEAP_TAGGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/heap.h"
#include "platform/tags.h"

// As ash_hard_hand_out, where tags are on. Returns what the program gets.
void *ash_tagged_hand_out(struct ash_block *block, size_t held, size_t bytes);

// A block that is handed out, with its tag; any other address as it is.
static inline void *ash_tagged_pointer(void *block) {
    return ash_tags_on() ? ash_cpu_tag_load(block) : block;
}

// Whether a pointer to a block that is handed out has the block's tag.
static inline bool ash_tagged_fits(const void *pointer) {
    return !ash_tags_on() || ash_tagged_pointer(ash_tag_strip(pointer)) == pointer;
}

// A block, of which `bytes` were asked for, is freed. Returns which tag it had; 0 if there are
// none.
uint8_t ash_tagged_free(void *block, size_t bytes);

// A block that is handed out has now `bytes` instead of `before`. Returns it with its tag.
void *ash_tagged_refit(void *block, size_t before, size_t bytes);

// Held: the heap's spans are about to go back to the store, whatever is out.
void ash_tagged_forget(struct ash_heap *heap);

#endif
