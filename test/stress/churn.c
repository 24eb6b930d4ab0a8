// stress_churn: --steps short threads, --threads at a time. Each allocates a few
// blocks, frees some, leaves some for others, frees others' blocks, and has one
// that is freed by a destructor of thread-specific data, after the thread's own
// function has ended.

#include <stdio.h>

#include "support.h"

#define BLOCKS 40
#define MAILBOXES 256

struct churn {
    struct mailbox *mailboxes;
    pthread_key_t key;
};

// What the destructor needs; it lives in the worker's slot, not in the heap.
struct farewell {
    struct worker *worker;
    struct block block;
};

static struct farewell *farewells;

static void say_farewell(void *argument) {
    struct farewell *farewell = argument;
    stress_release(farewell->worker, &farewell->block);
    struct block block = stress_allocate(farewell->worker, 100);
    stress_release(farewell->worker, &block);
}

static void *short_life(void *argument) {
    struct worker *worker = argument;
    struct churn *churn = worker->shared;
    struct farewell *farewell = &farewells[worker->index];
    farewell->worker = worker;
    farewell->block = stress_allocate(worker, stress_size(&worker->random));
    pthread_setspecific(churn->key, farewell);
    for (unsigned i = 0; i < BLOCKS; i++) {
        struct block block = stress_allocate(worker, stress_size(&worker->random));
        struct mailbox *mailbox = stress_pick(worker, churn->mailboxes, MAILBOXES);
        if (i % 4 != 0 || !mailbox_give(mailbox, &block)) {
            stress_release(worker, &block);
        }
        if (mailbox_take(stress_pick(worker, churn->mailboxes, MAILBOXES), &block)) {
            stress_release(worker, &block);
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    struct stress_options options = {
        .program = "stress_churn", .seed = 1, .steps = 4000, .threads = 8};
    stress_parse(&options, argc, argv);
    struct churn churn = {.mailboxes = stress_mailboxes(MAILBOXES)};
    farewells = own_memory(options.threads * sizeof(struct farewell));
    if (pthread_key_create(&churn.key, say_farewell) != 0) {
        fprintf(stderr, "stress_churn: no key for thread-specific data\n");
        return 2;
    }
    struct worker *workers = stress_workers(&options, &churn);
    for (uint64_t done = 0; done < options.steps; done += options.threads) {
        stress_run(workers, short_life);
    }
    stress_drain(&workers[0], churn.mailboxes, MAILBOXES);
    printf("stress_churn: ok\n");
    return 0;
}
