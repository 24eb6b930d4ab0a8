#include "observe.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct life {
    struct world *world;
    struct worker *worker;
    struct actor *actor;
};

struct world *world_make(unsigned actors) {
    struct world *world = own_memory(sizeof *world);
    world->actors = own_memory(actors * sizeof(struct actor));
    world->count = actors;
    world->before.seen = own_memory(actors * SLOTS * sizeof(struct seen));
    world->before.logged = own_memory(actors * sizeof(uint64_t));
    world->apart = ash_heap_new();
    return world;
}

// Acting ------------------------------------------------------------------------------------

static size_t draw_size(struct random *random) {
    uint64_t kind = random_below(random, 2000);
    if (kind == 0) {
        return ((size_t)33 << 20) + random_below(random, 4096);
    }
    if (kind < 20) {
        return 33000 + random_below(random, 200000);
    }
    return sizeof(uintptr_t) + random_below(random, kind < 200 ? 20000 : 300);
}

static void fill_slot(struct life *life, struct slot *slot) {
    uint64_t seq = atomic_load_explicit(&slot->seq, memory_order_acquire);
    if (seq % 4 != STATE_FREE) {
        return;
    }
    struct random *random = &life->worker->random;
    bool apart = random_below(random, 5) == 0;
    size_t bytes = draw_size(random);
    uintptr_t *start = apart ? ash_heap_malloc(life->world->apart, bytes) : ash_malloc(bytes);
    if (start == NULL) {
        fprintf(stderr, "%s: no memory\n", life->worker->options->program);
        _Exit(1);
    }
    // What a program writes where links were: the addresses of other blocks.
    *start = (uintptr_t)atomic_load_explicit(&life->actor->slots[random_below(random, SLOTS)].start,
                                             memory_order_relaxed);
    size_t usable = ash_usable_size(start);
    atomic_store_explicit(&slot->start, start, memory_order_relaxed);
    atomic_store_explicit(&slot->bytes, usable, memory_order_relaxed);
    atomic_store_explicit(&slot->apart, apart, memory_order_relaxed);
    atomic_store_explicit(&slot->seq, seq + STATE_LIVE, memory_order_seq_cst);
    uint64_t logged = atomic_load_explicit(&life->actor->logged, memory_order_relaxed);
    struct logged *entry = &life->actor->log[logged % LOG];
    atomic_store_explicit(&entry->start, start, memory_order_relaxed);
    atomic_store_explicit(&entry->bytes, usable, memory_order_relaxed);
    atomic_store_explicit(&life->actor->logged, logged + 1, memory_order_seq_cst);
}

static void empty_slot(struct slot *slot) {
    uint64_t seq = atomic_load_explicit(&slot->seq, memory_order_acquire);
    if (seq % 4 == STATE_LIVE &&
        atomic_compare_exchange_strong_explicit(&slot->seq, &seq, seq + 1, memory_order_seq_cst,
                                                memory_order_relaxed)) {
        ash_free(atomic_load_explicit(&slot->start, memory_order_relaxed));
        atomic_store_explicit(&slot->seq, seq + 4 - STATE_LIVE, memory_order_seq_cst);
    }
}

static void nap(void) {
    const struct timespec moment = {.tv_nsec = 300000};
    nanosleep(&moment, NULL);
}

// Half of what is freed was allocated by others. A burst pops and pushes one bin alone.
static void act(struct life *life) {
    struct random *random = &life->worker->random;
    struct actor *other = &life->world->actors[random_below(random, life->world->count)];
    struct slot *slot = &life->actor->slots[random_below(random, SLOTS)];
    uint64_t kind = random_below(random, 100);
    if (kind < 50) {
        fill_slot(life, slot);
    } else if (kind < 74) {
        empty_slot(slot);
    } else if (kind < 97) {
        empty_slot(&other->slots[random_below(random, SLOTS)]);
    } else {
        for (int i = 0; i < 40; i++) {
            empty_slot(slot);
            fill_slot(life, slot);
        }
    }
}

static void *live(void *argument) {
    struct life *life = argument;
    struct random *random = &life->worker->random;
    uint64_t turns = 2000 + random_below(random, 4000);
    for (uint64_t i = 0;
         i < turns && !atomic_load_explicit(&life->world->over, memory_order_relaxed); i++) {
        atomic_fetch_add_explicit(&life->actor->turns, 1, memory_order_seq_cst);
        act(life);
        atomic_fetch_add_explicit(&life->actor->turns, 1, memory_order_seq_cst);
        if (random_below(random, 300) == 0) {
            nap();
        }
    }
    return NULL;
}

// One thread after the other plays the same part.
static void *be_actor(void *argument) {
    struct worker *worker = argument;
    struct world *world = worker->shared;
    struct life life = {world, worker, &world->actors[worker->index]};
    while (!atomic_load_explicit(&world->over, memory_order_relaxed)) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, live, &life) != 0) {
            fprintf(stderr, "%s: no thread\n", worker->options->program);
            exit(2);
        }
        pthread_join(thread, NULL);
    }
    return NULL;
}

void world_start(struct world *world, struct worker *workers) {
    atomic_store_explicit(&world->over, false, memory_order_relaxed);
    for (unsigned i = 0; i < world->count; i++) {
        stress_start(&workers[i], be_actor);
    }
}

void world_end(struct world *world, struct worker *workers) {
    atomic_store_explicit(&world->over, true, memory_order_relaxed);
    for (unsigned i = 0; i < world->count; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    for (unsigned i = 0; i < world->count; i++) {
        for (unsigned k = 0; k < SLOTS; k++) {
            empty_slot(&world->actors[i].slots[k]);
        }
    }
}

// Watching ----------------------------------------------------------------------------------

// A slot whose generation changes meanwhile is seen as it was or as it is: its block was live at
// one of the two moments, or is in the log.
static struct seen see_slot(struct slot *slot) {
    struct seen seen = {.seq = atomic_load_explicit(&slot->seq, memory_order_seq_cst)};
    seen.start = atomic_load_explicit(&slot->start, memory_order_relaxed);
    seen.bytes = atomic_load_explicit(&slot->bytes, memory_order_relaxed);
    seen.apart = atomic_load_explicit(&slot->apart, memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    return seen;
}

// The logs first: what is in none yet, is in a slot later.
void world_look(struct world *world) {
    for (unsigned i = 0; i < world->count; i++) {
        world->before.logged[i] =
            atomic_load_explicit(&world->actors[i].logged, memory_order_seq_cst);
    }
    for (unsigned i = 0; i < world->count; i++) {
        for (unsigned k = 0; k < SLOTS; k++) {
            world->before.seen[i * SLOTS + k] = see_slot(&world->actors[i].slots[k]);
        }
    }
}

void world_wait(struct world *world) {
    for (unsigned i = 0; i < world->count; i++) {
        _Atomic uint64_t *turns = &world->actors[i].turns;
        uint64_t now = atomic_load_explicit(turns, memory_order_seq_cst);
        while (now % 2 != 0 && atomic_load_explicit(turns, memory_order_seq_cst) == now) {
            sched_yield();
        }
    }
}

void world_throughout(struct world *world, world_see *see, void *argument) {
    for (unsigned i = 0; i < world->count; i++) {
        for (unsigned k = 0; k < SLOTS; k++) {
            const struct seen *seen = &world->before.seen[i * SLOTS + k];
            uint64_t seq =
                atomic_load_explicit(&world->actors[i].slots[k].seq, memory_order_seq_cst);
            if (seen->seq % 4 == STATE_LIVE && seq == seen->seq) {
                see(argument, seen->start, seen->bytes, seen->apart);
            }
        }
    }
}

bool world_ever(struct world *world, world_see *see, void *argument) {
    bool whole = true;
    for (unsigned i = 0; i < world->count; i++) {
        for (unsigned k = 0; k < SLOTS; k++) {
            const struct seen *seen = &world->before.seen[i * SLOTS + k];
            if (seen->seq % 4 != STATE_FREE) {
                see(argument, seen->start, seen->bytes, seen->apart);
            }
        }
        struct actor *actor = &world->actors[i];
        uint64_t now = atomic_load_explicit(&actor->logged, memory_order_seq_cst);
        for (uint64_t n = world->before.logged[i]; n < now; n++) {
            struct logged *entry = &actor->log[n % LOG];
            see(argument, atomic_load_explicit(&entry->start, memory_order_relaxed),
                atomic_load_explicit(&entry->bytes, memory_order_relaxed), false);
        }
        now = atomic_load_explicit(&actor->logged, memory_order_seq_cst);
        whole &= now - world->before.logged[i] < LOG;
    }
    return whole;
}
