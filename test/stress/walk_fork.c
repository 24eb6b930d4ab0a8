// walk_fork: a process whose threads allocate forks, --steps times. Each child, which has none of
// those threads, walks and takes statistics: it must come to an end, and meet every block that
// each of the threads has held since before the fork, once.

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ashlar/stats.h"
#include "ashlar/walk.h"
#include "support.h"

enum { KEPT = 200, LOOSE = 300, THREADS_MAX = 16, SECONDS = 20 };

static struct {
    void *kept[KEPT];
    unsigned met[KEPT];
} threads[THREADS_MAX];
static _Atomic unsigned ready;
static _Atomic bool over;
static unsigned count;

static void *be_worker(void *argument) {
    struct worker *worker = argument;
    void *loose[LOOSE] = {NULL};
    for (unsigned i = 0; i < KEPT; i++) {
        threads[worker->index].kept[i] = ash_malloc(1 + random_below(&worker->random, 2000));
        ash_free(ash_malloc(1 + random_below(&worker->random, 2000)));
    }
    atomic_fetch_add_explicit(&ready, 1, memory_order_release);
    while (!atomic_load_explicit(&over, memory_order_relaxed)) {
        void **block = &loose[random_below(&worker->random, LOOSE)];
        ash_free(*block);
        *block = ash_malloc(1 + random_below(&worker->random, 2000));
    }
    for (unsigned i = 0; i < LOOSE; i++) {
        ash_free(loose[i]);
    }
    return NULL;
}

static bool meet(const struct ash_area *area, void *block, size_t bytes, void *argument) {
    (void)area;
    (void)bytes;
    (void)argument;
    for (unsigned t = 0; block != NULL && t < count; t++) {
        for (unsigned i = 0; i < KEPT; i++) {
            threads[t].met[i] += threads[t].kept[i] == block;
        }
    }
    return true;
}

static _Noreturn void be_child(void) {
    alarm(SECONDS);
    struct ash_stats stats = {.bytes = sizeof stats};
    bool well = ash_heap_visit(NULL, true, meet, NULL) && ash_stats_get(&stats) &&
                stats.mapped == stats.other + stats.unused + stats.purged + stats.committed;
    for (unsigned t = 0; t < count; t++) {
        for (unsigned i = 0; i < KEPT; i++) {
            well &= threads[t].met[i] == 1;
        }
    }
    _exit(well ? 0 : 1);
}

int main(int argc, char **argv) {
    struct stress_options options = {.program = "walk_fork", .seed = 1, .steps = 100, .threads = 4};
    stress_parse(&options, argc, argv);
    count = options.threads < THREADS_MAX ? options.threads : THREADS_MAX;
    options.threads = count;
    struct worker *workers = stress_workers(&options, NULL);
    for (unsigned i = 0; i < count; i++) {
        stress_start(&workers[i], be_worker);
    }
    while (atomic_load_explicit(&ready, memory_order_acquire) < count) {
        usleep(1000);
    }
    for (uint64_t i = 0; i < options.steps; i++) {
        pid_t child = fork();
        if (child == 0) {
            be_child();
        }
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
            fprintf(stderr, "walk_fork: child %llu ended with status %#x\n", (unsigned long long)i,
                    (unsigned)status);
            return 1;
        }
    }
    atomic_store_explicit(&over, true, memory_order_relaxed);
    for (unsigned i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    printf("walk_fork: ok\n");
    return 0;
}
