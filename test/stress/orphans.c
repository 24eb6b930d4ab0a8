// stress_orphans: a generation of threads allocates and exits, leaving all its
// blocks; the next one frees them while it allocates its own. --steps counts the
// generations. The resident set must not grow from generation to generation.

#include <stdio.h>

#include "ashlar/ashlar.h"
#include "support.h"

#define BLOCKS 400
#define RSS_LIMIT ((size_t)4 << 20)

static void *generation_main(void *argument) {
    struct worker *worker = argument;
    // Each slot's blocks come from one thread and are freed by the thread of the
    // next slot in the next generation.
    struct block *mine = (struct block *)worker->shared + (size_t)worker->index * BLOCKS;
    for (size_t i = 0; i < BLOCKS; i++) {
        if (mine[i].start != NULL) {
            stress_release(worker, &mine[i]);
        }
        mine[i] = stress_allocate(worker, stress_size(&worker->random));
        // Some are freed by their own thread, so spans are partly filled.
        if (random_below(&worker->random, 3) == 0) {
            stress_release(worker, &mine[i]);
            mine[i].start = NULL;
        }
    }
    return NULL;
}

static void run_generation(struct worker *workers, uint64_t generation) {
    unsigned threads = workers[0].options->threads;
    for (unsigned i = 0; i < threads; i++) {
        workers[i].index = (unsigned)((i + generation) % threads);
    }
    stress_run(workers, generation_main);
}

static void free_all(struct worker *worker, struct block *blocks, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (blocks[i].start != NULL) {
            stress_release(worker, &blocks[i]);
        }
    }
}

int main(int argc, char **argv) {
    struct stress_options options = {
        .program = "stress_orphans", .seed = 1, .steps = 60, .threads = 8};
    stress_parse(&options, argc, argv);
    size_t count = (size_t)options.threads * BLOCKS;
    struct block *blocks = own_memory(count * sizeof(struct block));
    struct worker *workers = stress_workers(&options, blocks);
    // The first generation also pays for stacks and tables.
    run_generation(workers, 0);
    free_all(&workers[0], blocks, count);
    for (size_t i = 0; i < count; i++) {
        blocks[i].start = NULL;
    }
    (void)ash_collect();
    size_t start = stress_rss();
    for (uint64_t generation = 1; generation < options.steps; generation++) {
        run_generation(workers, generation);
    }
    free_all(&workers[0], blocks, count);
    stress_leak(&workers[0]);
    (void)ash_collect();
    stress_gate_rss(&workers[0], start, RSS_LIMIT);
    printf("stress_orphans: ok\n");
    return 0;
}
