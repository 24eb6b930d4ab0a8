// stress_prodcons: half the threads allocate, the other half check and free, so
// every free is remote. --steps counts the blocks of one producer.

#include <sched.h>
#include <stdio.h>

#include "support.h"

#define RING 64

static void produce(struct worker *worker, struct mailbox *ring) {
    for (uint64_t i = 0; i < worker->options->steps; i++) {
        struct block block = stress_allocate(worker, stress_size(&worker->random));
        while (!mailbox_give(&ring[i % RING], &block)) {
            sched_yield();
        }
    }
}

static void consume(struct worker *worker, struct mailbox *ring) {
    for (uint64_t i = 0; i < worker->options->steps; i++) {
        struct block block;
        while (!mailbox_take(&ring[i % RING], &block)) {
            sched_yield();
        }
        stress_release(worker, &block);
    }
}

static void *pair_main(void *argument) {
    struct worker *worker = argument;
    struct mailbox *rings = worker->shared;
    struct mailbox *ring = rings + (worker->index / 2) * (size_t)RING;
    if (worker->index % 2 == 0) {
        produce(worker, ring);
    } else {
        consume(worker, ring);
    }
    return NULL;
}

int main(int argc, char **argv) {
    struct stress_options options = {
        .program = "stress_prodcons", .seed = 1, .steps = 20000, .threads = 4};
    stress_parse(&options, argc, argv);
    options.threads += options.threads % 2;
    struct mailbox *rings = stress_mailboxes((size_t)options.threads / 2 * RING);
    struct worker *workers = stress_workers(&options, rings);
    stress_run(workers, pair_main);
    printf("stress_prodcons: ok\n");
    return 0;
}
