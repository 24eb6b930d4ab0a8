// A world that is watched while it changes, and knows the truth about itself.
//
// Threads allocate and free, their own blocks and those of others, from the main heap and from
// another one; they end, and begin anew. Each block is in a slot, whose `state` says whether it is
// allocated:
//
//   FREE --> LIVE --> FREEING --> FREE         seq = 4 * generation + state
//
// and each allocation is noted in its thread's log. Who watches takes a picture of all slots
// before and after, so that it knows which blocks were allocated all the time, and which were at
// any time.

#ifndef ASHLAR_TEST_STRESS_OBSERVE_H
#define ASHLAR_TEST_STRESS_OBSERVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ashlar/ashlar.h"
#include "support.h"

enum { SLOTS = 400, LOG = 1 << 17, STATE_FREE = 0, STATE_LIVE = 1, STATE_FREEING = 2 };

struct slot {
    _Alignas(8) _Atomic uint64_t seq;
    _Atomic(void *) start;
    _Atomic size_t bytes;  // usable
    _Atomic bool apart;    // it is of the other heap
};

struct logged {
    _Atomic(void *) start;
    _Atomic size_t bytes;
};

struct actor {
    struct slot slots[SLOTS];
    struct logged log[LOG];
    _Alignas(8) _Atomic uint64_t logged;  // allocations so far
    _Alignas(8) _Atomic uint64_t turns;   // odd while the thread is inside of one
};

// What was seen of a slot before.
struct seen {
    uint64_t seq;
    void *start;
    size_t bytes;
    bool apart;
};

struct picture {
    struct seen *seen;  // SLOTS for each actor
    uint64_t *logged;   // one for each actor
};

struct world {
    struct actor *actors;
    unsigned count;
    ash_heap_t *apart;
    struct picture before;
    _Atomic bool over;
};

struct world *world_make(unsigned actors);

// Starts the threads, and ends them: all blocks are free then.
void world_start(struct world *world, struct worker *workers);
void world_end(struct world *world, struct worker *workers);

// Before watching, and after: waits for every thread to be through with what it does just now.
void world_look(struct world *world);
void world_wait(struct world *world);

// Calls `see` for each block that was allocated from before world_look to now; for each
// that may have been at any time in between. The second is false if a log was too short.
typedef void world_see(void *argument, void *start, size_t bytes, bool apart);
void world_throughout(struct world *world, world_see *see, void *argument);
bool world_ever(struct world *world, world_see *see, void *argument);

#endif
