// Huge blocks: each has a mapping of its own and is found by its address.
//
// Such a block is resized by moving page tables, not contents, and goes back to
// the system as soon as it is freed. The index is a hash table under one lock; a
// mapping is made and ended outside of it.
//
// Invariant:
//   INV-HUGE-1  an address is in the index exactly as long as its mapping is ours

#ifndef ASH_SUPPLY_HUGE_H
#define ASH_SUPPLY_HUGE_H

#include <stdbool.h>
#include <stddef.h>

// Maps at least `bytes` aligned to `align`, all zero. NULL without memory.
void *ash_huge_take(size_t bytes, size_t align);

// Ends the block's life. False if `block` is not a huge block.
bool ash_huge_give(void *block);

// The bytes the program may use; 0 if `block` is not a huge block.
size_t ash_huge_bytes(const void *block);

// Resizes, moving if it must. NULL without memory; the block is then as it was.
void *ash_huge_resize(void *block, size_t bytes);

// Bytes in huge blocks, and how many there are.
size_t ash_huge_total(size_t *count);

// Around fork.
void ash_huge_fork_prepare(void);
void ash_huge_fork_done(void);

#endif
