// stress_churn: --steps short threads, --threads at a time. Each allocates a few
// blocks, frees some, leaves some for others, frees others' blocks, and has one
// that is freed by a destructor of thread-specific data, after the thread's own
// function has ended. With everything freed, the resident set is the same when the
// first tenth of the threads has ended as when all have.
//
// --leak-blocks is for each thread here.

#include <stdio.h>

#include "ashlar/ashlar.h"
#include "support.h"

#define BLOCKS 40
#define MAILBOXES 256
#define RSS_LIMIT ((size_t)2 << 20)

struct churn {
    struct mailbox *mailboxes;
    pthread_key_t key;
    uint64_t ended;  // threads
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
    stress_leak(worker);
    return NULL;
}

// Starts threads until `threads` have ended, and frees what they have left for others. What is
// resident then.
static size_t churn_to(struct worker *workers, uint64_t threads) {
    struct churn *churn = workers[0].shared;
    for (; churn->ended < threads; churn->ended += workers[0].options->threads) {
        stress_run(workers, short_life);
    }
    stress_drain(&workers[0], churn->mailboxes, MAILBOXES);
    (void)ash_collect();
    return stress_rss();
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
    size_t start = churn_to(workers, options.steps / 10 + 1);
    (void)churn_to(workers, options.steps);
    stress_gate_rss(&workers[0], start, RSS_LIMIT);
    printf("stress_churn: ok: %llu threads\n", (unsigned long long)churn.ended);
    return 0;
}
