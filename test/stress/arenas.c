// stress_arenas: all threads allocate from a heap in an exclusive arena that was handed in, from
// one in a shared arena with a callback that now and then refuses, and from the main heap; they
// swap blocks, so most are freed by others. Every thread also hands in memory of its own, --steps
// times, works there with a heap, and unloads it again: while others look blocks up.
//
// Checks that no pattern can make: a block lies in the arena that its heap is for, and at the end
// every arena can be unloaded.

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "ashlar/arena.h"
#include "support.h"

#define AREA_BYTES ((size_t)48 << 20)
#define OWN_BYTES ((size_t)5 << 20)
#define BOXES 512
#define ROUNDS 60
#define BLOCKS 24

struct place {
    ash_arena_t *arena;
    ash_heap_t *heap;
};

struct world {
    struct place places[2];  // exclusive, and shared with a callback
    struct mailbox *boxes;
    _Atomic uint32_t asked;  // how often the callback was
};

static void check_that(const struct worker *worker, bool holds, const char *claim) {
    if (!holds) {
        fprintf(stderr, "%s: not so: %s\n", worker->options->program, claim);
        _Exit(1);
    }
}

static void *area(size_t bytes) {
    void *got = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED) {
        perror("mmap");
        _Exit(1);
    }
    return got;
}

// Memory stays accessible: what is decommitted must not be touched, so it is overwritten.
static bool on_commit(bool commit, void *start, size_t bytes, bool *is_zero, void *argument) {
    struct world *world = argument;
    (void)is_zero;
    if (commit) {
        return atomic_fetch_add_explicit(&world->asked, 1, memory_order_relaxed) % 16 != 15;
    }
    unsigned char *bytes_of = start;
    for (size_t at = 0; at < bytes; at += 512) {
        bytes_of[at] = 0xDB;
    }
    return true;
}

// False: the arena is full, or its owner refused.
static bool allocate(struct worker *worker, const struct place *place, struct block *block) {
    block->bytes = stress_size(&worker->random);
    block->start = ash_heap_malloc(place->heap, block->bytes);
    if (block->start == NULL) {
        return false;
    }
    check_that(worker, ash_arena_contains(place->arena, block->start),
               "a heap's block lies in its arena");
    check_that(worker, ash_heap_of(block->start) == place->heap, "a block's heap is known");
    stress_fill(worker, block);
    return true;
}

static void work_together(struct worker *worker) {
    struct world *world = worker->shared;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct mailbox *box = stress_pick(worker, world->boxes, BOXES);
        size_t dice = random_below(&worker->random, 5);
        struct block block;
        if (mailbox_take(box, &block)) {
            if (ash_heap_of(block.start) == ash_heap_main()) {  // others may have no room for it
                stress_resize(worker, &block, 1 + stress_size(&worker->random));
            }
            stress_release(worker, &block);
        }
        if (dice == 4) {
            block = stress_allocate(worker, stress_size(&worker->random));
        } else if (!allocate(worker, &world->places[dice % 2], &block)) {
            continue;
        }
        if (!mailbox_give(box, &block)) {
            stress_release(worker, &block);
        }
    }
}

// Blocks that outlive a step's heap would keep its arena from being unloaded.
static void work_alone(struct worker *worker, char *memory) {
    struct place own;
    struct block blocks[BLOCKS] = {{0}};
    unsigned flags = ASH_ARENA_EXCLUSIVE | ASH_ARENA_COMMITTED;
    size_t lead = random_below(&worker->random, 1 << 20);
    check_that(worker,
               ash_arena_manage(memory + lead, OWN_BYTES - lead, flags, -1, NULL, NULL, &own.arena),
               "memory can be handed in");
    own.heap = ash_heap_new_in_arena(own.arena);
    check_that(worker, own.heap != NULL, "a heap can be made in an arena");
    for (unsigned i = 0; i < BLOCKS; i++) {
        (void)allocate(worker, &own, &blocks[i]);
    }
    bool destroys = random_below(&worker->random, 2) == 0;
    for (unsigned i = 0; i < BLOCKS; i++) {
        if (blocks[i].start != NULL && destroys) {
            stress_check(worker, &blocks[i], "in an arena of one thread");
        } else if (blocks[i].start != NULL) {
            stress_release(worker, &blocks[i]);
        }
    }
    (destroys ? ash_heap_destroy : ash_heap_delete)(own.heap);
    check_that(worker, ash_arena_unload(own.arena, NULL, NULL, NULL),
               "an arena without blocks can be unloaded");
}

static void *arenas_main(void *argument) {
    struct worker *worker = argument;
    char *memory = area(OWN_BYTES);
    for (uint64_t i = 0; i < worker->options->steps; i++) {
        work_together(worker);
        work_alone(worker, memory);
    }
    munmap(memory, OWN_BYTES);
    return NULL;
}

static void make(const struct worker *worker, struct place *place, unsigned flags,
                 ash_arena_commit_fn *commit, void *argument) {
    check_that(worker,
               ash_arena_manage((char *)area(AREA_BYTES) + 4096, AREA_BYTES - 4096, flags, -1,
                                commit, argument, &place->arena),
               "memory can be handed in");
    place->heap = ash_heap_new_in_arena(place->arena);
    check_that(worker, place->heap != NULL, "a heap can be made in an arena");
}

int main(int argc, char **argv) {
    static struct world world;
    struct stress_options options = {
        .program = "stress_arenas", .seed = 1, .steps = 300, .threads = 8};
    stress_parse(&options, argc, argv);
    world.boxes = stress_mailboxes(BOXES);
    struct worker *workers = stress_workers(&options, &world);
    make(workers, &world.places[0], ASH_ARENA_EXCLUSIVE | ASH_ARENA_COMMITTED, NULL, NULL);
    make(workers, &world.places[1], 0, on_commit, &world);
    stress_run(workers, arenas_main);
    stress_drain(workers, world.boxes, BOXES);
    for (int i = 0; i < 2; i++) {
        ash_heap_delete(world.places[i].heap);
        check_that(workers, ash_arena_unload(world.places[i].arena, NULL, NULL, NULL),
                   "an arena without blocks can be unloaded");
    }
    printf("stress_arenas: ok\n");
    return 0;
}
