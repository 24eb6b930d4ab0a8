// stress_heaps: every thread makes heaps, --steps of them one after the other or, if that is
// longer, for --seconds, and fills each with small, large and huge blocks; a guest, a thread of
// its own, allocates from the heap too, frees some of the host's blocks, and ends while the heap
// is ended. A third of the heaps is destroyed, a third deleted, and a third emptied first. Half of
// the blocks are allocated with the thread's handle.
//
// Two checks that no pattern can make: a heap that was emptied takes no memory, and the resident
// set stays where it was.

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "ashlar/ashlar.h"
#include "ashlar/local.h"
#include "support.h"

#define BLOCKS 48
#define MARGIN_BYTES ((size_t)24 << 20)

enum end { DESTROY, DELETE, EMPTY, ENDS };

struct life {
    ash_heap_t *heap;
    struct worker guest;
    struct block blocks[BLOCKS];        // the host's; the guest frees the first quarter
    struct block guest_blocks[BLOCKS];  // the guest's; nobody frees them
    _Atomic bool done;                  // the guest uses the heap no more
};

static size_t draw_size(struct random *random) {
    size_t kind = random_below(random, 1000);
    if (kind == 0) {
        return ((size_t)33 << 20) + random_below(random, 4096);
    }
    return 1 + random_below(random, kind < 50 ? 200000 : 2000);
}

static void *take(struct random *random, ash_heap_t *heap, size_t bytes) {
    if (random_below(random, 2) == 0) {
        return ash_heap_malloc(heap, bytes);
    }
    ash_local_t *local = ash_heap_local(heap);
    if (local != NULL) {  // through a bin: the next block is the same
        ash_local_free(local, ash_local_malloc(local, bytes % 1000));
    }
    return local == NULL ? NULL : ash_local_malloc(local, bytes);
}

static struct block allocate(struct worker *worker, ash_heap_t *heap) {
    struct block block = {.bytes = draw_size(&worker->random)};
    block.start = take(&worker->random, heap, block.bytes);
    if (block.start == NULL || ash_heap_of(block.start) != heap) {
        fprintf(stderr, "%s: %zu bytes are at %p, of heap %p instead of %p\n",
                worker->options->program, block.bytes, (void *)block.start,
                (void *)ash_heap_of(block.start), (void *)heap);
        _Exit(1);
    }
    stress_fill(worker, &block);
    return block;
}

static void *be_guest(void *argument) {
    struct life *life = argument;
    for (unsigned i = 0; i < BLOCKS; i++) {
        life->guest_blocks[i] = allocate(&life->guest, life->heap);
        if (i < BLOCKS / 4) {
            stress_release(&life->guest, &life->blocks[i]);
        }
    }
    atomic_store_explicit(&life->done, true, memory_order_release);
    return NULL;
}

static void check_all(struct worker *worker, const struct life *life, bool release) {
    for (unsigned i = 0; i < BLOCKS; i++) {
        const struct block *both[2] = {&life->guest_blocks[i],
                                       i < BLOCKS / 4 ? NULL : &life->blocks[i]};
        for (unsigned k = 0; k < 2 && both[k] != NULL; k++) {
            if (release) {
                stress_release(worker, both[k]);
            } else {
                stress_check(worker, both[k], "in a heap");
            }
        }
    }
}

static void check_that(struct worker *worker, bool holds, const char *claim) {
    if (!holds) {
        fprintf(stderr, "%s: not so: %s\n", worker->options->program, claim);
        _Exit(1);
    }
}

static void end(struct worker *worker, struct life *life) {
    enum end how = (enum end)random_below(&worker->random, ENDS);
    check_all(worker, life, how == EMPTY);
    if (how == DELETE) {
        ash_heap_delete(life->heap);
        check_that(worker, ash_heap_of(life->blocks[BLOCKS - 1].start) == ash_heap_main(),
                   "the blocks of a deleted heap are the main heap's");
        check_all(worker, life, true);
    } else {
        ash_heap_destroy(life->heap);
    }
}

static void *be_host(void *argument) {
    struct worker *worker = argument;
    struct life *life = own_memory(sizeof *life);
    uint64_t end_ms = stress_now_ms() + worker->options->seconds * 1000;
    for (uint64_t i = 0; i < worker->options->steps || stress_now_ms() < end_ms; i++) {
        life->heap = ash_heap_new();
        life->guest = *worker;
        life->guest.random = (struct random){.state = random_next(&worker->random)};
        atomic_store_explicit(&life->done, false, memory_order_relaxed);
        for (unsigned k = 0; k < BLOCKS; k++) {
            life->blocks[k] = allocate(worker, life->heap);
        }
        check_that(worker, pthread_create(&life->guest.thread, NULL, be_guest, life) == 0,
                   "a thread can be started");
        while (!atomic_load_explicit(&life->done, memory_order_acquire)) {
            sched_yield();
        }
        end(worker, life);  // while the guest's exit handlers run
        pthread_join(life->guest.thread, NULL);
    }
    return NULL;
}

int main(int argc, char **argv) {
    struct stress_options options = {
        .program = "stress_heaps", .seed = 1, .steps = 300, .threads = 8};
    stress_parse(&options, argc, argv);
    struct worker *workers = stress_workers(&options, NULL);
    struct stress_options few = options;
    few.steps = options.steps / 10 + 1;
    few.seconds = options.seconds / 10;
    for (unsigned i = 0; i < options.threads; i++) {
        workers[i].options = &few;
    }
    stress_run(workers, be_host);
    (void)ash_collect();
    size_t start = stress_rss();
    for (unsigned i = 0; i < options.threads; i++) {
        workers[i].options = &options;
    }
    stress_run(workers, be_host);
    (void)ash_collect();
    stress_leak(&workers[0]);
    stress_gate_rss(&workers[0], start, MARGIN_BYTES);
    printf("stress_heaps: ok\n");
    return 0;
}
