// The shadow of the allocator: every live block's extent, contents, alignment and heap, the heaps,
// the sub-processes and the threads. One real thread plays all threads (test/unit/players.h), so
// an input means the same each time.

#ifndef ASHLAR_TEST_FUZZ_WORLD_H
#define ASHLAR_TEST_FUZZ_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ashlar/ashlar.h"
#include "input.h"
#include "order.h"
#include "pattern.h"

enum { WORLD_BLOCKS = 512, WORLD_HEAPS = 6, WORLD_ROOTS = 2, WORLD_PLAYERS = 6 };

// What free_sized and free_aligned_sized may be told of a block.
enum sized { SIZED_NOT, SIZED_PLAIN, SIZED_ALIGNED };

// What a call asked for. `align` 0 is ASH_MIN_ALIGN.
struct want {
    size_t bytes, align, offset;
    size_t count;  // of the elements that make up bytes
    ash_heap_t *heap;
    bool zero;  // all usable bytes are promised to be zero
    bool odd;   // its start need not be a multiple of ASH_MIN_ALIGN
    enum sized sized;
};

struct live {
    struct block block;
    ash_heap_t *heap;
    bool odd;  // it began at an offset: its start need not be a multiple of ASH_MIN_ALIGN
    enum sized sized;
};

// A heap that the input made, and the sub-process it is in.
struct made_heap {
    ash_heap_t *heap, *root;
    size_t limit;  // 0: none
};

struct made_root {
    ash_subproc_t *subproc;
    ash_heap_t *root;  // known when the first thread has joined
};

enum player_state { PLAYER_NEW, PLAYER_RUNS, PLAYER_ENDED };

struct player {
    enum player_state state;
    bool allocated;
    ash_heap_t *root;
};

struct world {
    struct input in;
    unsigned step;
    uint64_t seeds;
    struct order order;
    struct live lives[WORLD_BLOCKS];
    size_t count, bytes;
    struct made_heap heaps[WORLD_HEAPS];
    struct made_root roots[WORLD_ROOTS];
    struct player players[WORLD_PLAYERS];
    unsigned player;
    ash_heap_t *main;
    bool failing;  // the system has been told to fail
    bool limited;  // a heap has been given a limit
};

void world_begin(struct world *w, const uint8_t *bytes, size_t count);

// Ends all threads, heaps and blocks, and expects that nothing is left.
void world_end(struct world *w);

// Names what follows, and sets errno to a value that no call sets.
void world_note(struct world *w, const char *name);
void world_expect_errno_kept(void);

// Bytes from the input that keep all blocks together below the limit.
size_t world_draw_bytes(struct world *w);

// The heap that malloc takes from now.
ash_heap_t *world_root(const struct world *w);

// A heap that the input chooses, of those that live; the current main heap among them.
ash_heap_t *world_draw_heap(struct world *w);

// Whether NULL is an honest answer.
bool world_may_fail(const struct world *w, const struct want *want);

// Takes what a call returned into the shadow and fills it, or checks that NULL was right.
void world_adopt(struct world *w, void *start, const struct want *want);

// A block that the input chooses; NULL if there is none. It stays where it is until forgotten.
struct live *world_draw_live(struct world *w);

// Whether the first `bytes` bytes at `start` are what a block was filled with: as pattern.h's.
void world_fill(const struct live *live);
size_t world_check(const struct live *live, const unsigned char *start, size_t bytes);

void world_verify(const struct live *live);
void world_expect_zero(const struct live *live, size_t from);
struct live world_forget(struct world *w, struct live *live);

// Checks and forgets the blocks of a heap that ends with them.
void world_forget_heap(struct world *w, const ash_heap_t *heap);

// The operations, by subject.
void world_make(struct world *w);
void world_resize(struct world *w);
void world_free(struct world *w);
void world_ask(struct world *w);
void world_refuse(struct world *w);
void world_heap(struct world *w);
void world_subproc(struct world *w);
void world_subproc_end(struct world *w, struct made_root *made);
void world_check_limit(const struct world *w, const ash_heap_t *heap, size_t before);
void world_heap_end(struct world *w, struct made_heap *made, bool destroys);
void world_thread(struct world *w);
void world_enter(struct world *w, unsigned player);
void world_leave(struct world *w);
void world_system(struct world *w);

#endif
