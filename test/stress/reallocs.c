// stress_reallocs: blocks wander from thread to thread, and each thread grows or
// shrinks what it gets: realloc of a foreign block. --steps counts one thread's
// operations.

#include <stdio.h>

#include "support.h"

#define MAILBOXES 96

static size_t next_size(struct worker *worker, size_t bytes) {
    size_t dice = random_below(&worker->random, 8);
    if (dice < 3) {
        return bytes + 1 + random_below(&worker->random, 200);
    }
    if (dice < 6) {
        return bytes - bytes / 3 + 1;
    }
    if (dice == 6 && bytes < (size_t)4 << 20) {
        return bytes * 2 + 1;
    }
    return 1 + stress_size(&worker->random);
}

static void *reallocs_main(void *argument) {
    struct worker *worker = argument;
    struct mailbox *mailboxes = worker->shared;
    for (uint64_t i = 0; i < worker->options->steps; i++) {
        struct block block;
        if (mailbox_take(stress_pick(worker, mailboxes, MAILBOXES), &block)) {
            stress_resize(worker, &block, next_size(worker, block.bytes));
        } else {
            block = stress_allocate(worker, stress_size(&worker->random));
        }
        if (!mailbox_give(stress_pick(worker, mailboxes, MAILBOXES), &block)) {
            stress_release(worker, &block);
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    struct stress_options options = {
        .program = "stress_reallocs", .seed = 1, .steps = 20000, .threads = 8};
    stress_parse(&options, argc, argv);
    struct mailbox *mailboxes = stress_mailboxes(MAILBOXES);
    struct worker *workers = stress_workers(&options, mailboxes);
    stress_run(workers, reallocs_main);
    stress_drain(&workers[0], mailboxes, MAILBOXES);
    printf("stress_reallocs: ok\n");
    return 0;
}
