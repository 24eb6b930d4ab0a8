// A small lock that sleeps in the kernel: 4 bytes, zero when free, and a cache line of its own:
// what is read all the time must not move about with a lock that others take.
//
// Ranks say the order in which locks may be taken: only upwards. Debug builds
// assert it, per thread. docs/memory-order.md lists who takes what.

#ifndef ASH_PLATFORM_LOCK_H
#define ASH_PLATFORM_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"

enum ash_rank {
    ASH_RANK_BOOT,
    ASH_RANK_STATS,     // one at a time holds all heaps
    ASH_RANK_LATE,      // the heap of threads that have ended
    ASH_RANK_REGISTRY,  // the list of all heaps
    ASH_RANK_PURGE,     // one purger at a time
    ASH_RANK_STORE,     // runs, units, the region
    ASH_RANK_HUGE,      // the index of huge blocks
    ASH_RANK_GUARD,     // the queue of slots of guarded blocks
    ASH_RANK_META,      // our own bookkeeping
    ASH_RANK_KEY,       // making a thread key
};

struct ash_lock {
    _Alignas(ASH_CACHE_LINE) _Atomic uint32_t word;  // 0 free, 1 held, 2 and somebody may sleep
    uint32_t rank;
};

#define ASH_LOCK(rank_) \
    { 0, (rank_) }

void ash_lock_take(struct ash_lock *lock);
bool ash_lock_try(struct ash_lock *lock);
void ash_lock_drop(struct ash_lock *lock);

// While the calling thread holds every lock, around fork, handlers of others that
// run in between may allocate: taking and dropping then do nothing.
void ash_lock_hold_all(bool holding);

#endif
