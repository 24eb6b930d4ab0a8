// stress_snapshots: rounds of short threads, --threads at a time, while another thread takes
// statistics without a pause. A snapshot holds all heaps: a thread that starts meanwhile waits for
// one that is free, and makes none of its own each time. --steps counts the rounds.
//
// --leak-blocks keeps the threads of some rounds to the end, and their heaps with them.

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ashlar/stats.h"
#include "support.h"

#define BLOCKS 50
#define KEPT_ROUNDS 10

static _Atomic bool over;

static void *watch(void *argument) {
    (void)argument;
    while (!atomic_load(&over)) {
        struct ash_stats stats = {.bytes = sizeof stats};
        if (!ash_stats_get(&stats)) {
            abort();
        }
    }
    return NULL;
}

static void *short_life(void *argument) {
    struct worker *worker = argument;
    for (int i = 0; i < BLOCKS; i++) {
        struct block block = stress_allocate(worker, stress_size(&worker->random));
        stress_release(worker, &block);
    }
    return NULL;
}

static void *kept_life(void *argument) {
    short_life(argument);
    while (!atomic_load(&over)) {
        struct timespec while_others_start = {.tv_nsec = 1000000};
        nanosleep(&while_others_start, NULL);
    }
    return NULL;
}

static void start_kept(struct worker *kept, unsigned threads) {
    for (unsigned i = 0; i < threads; i++) {
        stress_start(&kept[i], kept_life);
    }
}

static void join_kept(struct worker *kept[KEPT_ROUNDS], unsigned threads) {
    for (int round = 0; round < KEPT_ROUNDS && kept[round] != NULL; round++) {
        for (unsigned i = 0; i < threads; i++) {
            pthread_join(kept[round][i].thread, NULL);
        }
    }
}

int main(int argc, char **argv) {
    struct stress_options options = {
        .program = "stress_snapshots", .seed = 1, .steps = 200, .threads = 8};
    stress_parse(&options, argc, argv);
    struct worker *workers = stress_workers(&options, NULL);
    struct worker *kept[KEPT_ROUNDS] = {NULL};
    pthread_t watcher;
    if (pthread_create(&watcher, NULL, watch, NULL) != 0) {
        return 2;
    }
    for (uint64_t round = 0; round < options.steps; round++) {
        stress_run(workers, short_life);
        if (options.leak_blocks > 0 && round < KEPT_ROUNDS) {
            kept[round] = stress_workers(&options, NULL);
            start_kept(kept[round], options.threads);
        }
    }
    struct ash_stats stats = {.bytes = sizeof stats};
    bool known = ash_stats_get(&stats);
    atomic_store(&over, true);
    pthread_join(watcher, NULL);
    join_kept(kept, options.threads);
    size_t limit = 6 * (size_t)options.threads;
    if (!known || stats.thread_heaps > limit) {
        fprintf(stderr, "stress_snapshots: %zu heaps for %u threads at a time\n",
                stats.thread_heaps, options.threads);
        return 1;
    }
    printf("stress_snapshots: ok: %zu heaps\n", stats.thread_heaps);
    return 0;
}
