// stress_mixed: every thread allocates, frees its own blocks, gives blocks away
// and frees those of others, in all sizes. --steps counts one thread's operations.

#include <stdio.h>

#include "support.h"

#define BLOCKS 300
#define MAILBOXES 128

static void *mixed_main(void *argument) {
    struct worker *worker = argument;
    struct mailbox *mailboxes = worker->shared;
    struct block *blocks = own_memory(BLOCKS * sizeof(struct block));
    for (uint64_t i = 0; i < worker->options->steps; i++) {
        struct block *block = &blocks[random_below(&worker->random, BLOCKS)];
        struct mailbox *mailbox = stress_pick(worker, mailboxes, MAILBOXES);
        size_t dice = random_below(&worker->random, 10);
        if (block->start == NULL) {
            *block = stress_allocate(worker, stress_size(&worker->random));
        } else if (dice < 4 && mailbox_give(mailbox, block)) {
            block->start = NULL;
        } else if (dice < 5) {
            stress_check(worker, block, "at random");
        } else {
            stress_release(worker, block);
            block->start = NULL;
        }
        struct block other;
        if (dice >= 6 && mailbox_take(mailbox, &other)) {
            stress_release(worker, &other);
        }
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        if (blocks[i].start != NULL) {
            stress_release(worker, &blocks[i]);
        }
    }
    own_memory_free(blocks, BLOCKS * sizeof(struct block));
    return NULL;
}

int main(int argc, char **argv) {
    struct stress_options options = {
        .program = "stress_mixed", .seed = 1, .steps = 50000, .threads = 8};
    stress_parse(&options, argc, argv);
    struct mailbox *mailboxes = stress_mailboxes(MAILBOXES);
    struct worker *workers = stress_workers(&options, mailboxes);
    stress_run(workers, mixed_main);
    stress_drain(&workers[0], mailboxes, MAILBOXES);
    printf("stress_mixed: ok\n");
    return 0;
}
