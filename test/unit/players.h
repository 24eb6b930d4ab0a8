// One real thread plays many: each has a kernel's id and a heap slot of its own. So every
// interleaving of whole calls can be written down as a straight line.

#ifndef ASHLAR_TEST_PLAYERS_H
#define ASHLAR_TEST_PLAYERS_H

#include <stddef.h>
#include <stdint.h>

#include "heap/heap.h"

enum { PLAYERS_MAX = 16, PLAYER_TID = 1000 };

// From now on the calling thread is player 0 (the process's first thread) to PLAYERS_MAX - 1.
void player_enter(unsigned player);

// The same, as a new thread that has the player's id: its heap slot is empty.
void player_start(unsigned player);

// The current player's thread ends: its exit hook runs.
void player_end(void);

// The current player's heap, made if there is none yet; NULL without memory.
struct ash_heap *player_heap(void);

// What is true whenever nothing is in use: every slice is in the store, no block is out, no huge
// block is left, and what is mapped is bookkeeping alone. Ends the process if not. The calling
// thread's heap is stripped first.
void players_expect_all_free(void);

// The bytes that the region must have claimed for its units and its tables.
size_t players_claimed_bytes(void);

// Walks the heaps of the registry that have no thread or whose thread is played, and the store.
void players_audit(void);

#endif
