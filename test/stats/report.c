// Prints the statistics of a process whose threads are at work, as JSON, several times.
//
//   report [--heap | --subproc]     of the process, of a heap of its own, or of the sub-process

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "ashlar/stats.h"

enum { THREADS = 4, REPORTS = 20, ROOM = 1 << 16 };

static _Atomic bool over;
static ash_heap_t *heap;

static void *work(void *argument) {
    void *blocks[64] = {NULL};
    uintptr_t seed = (uintptr_t)argument;
    for (size_t i = 0; !atomic_load(&over); i++) {
        seed = seed * 1103515245u + 12345u;
        size_t k = seed / 65536 % 64;
        ash_free(blocks[k]);
        size_t bytes = i % 100 == 0 ? 100000 : seed / 7 % 3000;
        blocks[k] = i % 2 == 0 ? ash_malloc(bytes) : ash_heap_malloc(heap, bytes);
    }
    for (size_t k = 0; k < 64; k++) {
        ash_free(blocks[k]);
    }
    return NULL;
}

static size_t report(const char *of, char *text) {
    if (strcmp(of, "--heap") == 0) {
        return ash_heap_stats_json(heap, text, ROOM);
    }
    return strcmp(of, "--subproc") == 0 ? ash_subproc_stats_json(ash_subproc_main(), text, ROOM)
                                        : ash_stats_json(text, ROOM);
}

int main(int argc, char **argv) {
    static char text[ROOM];
    const char *of = argc > 1 ? argv[1] : "";
    pthread_t threads[THREADS];
    heap = ash_heap_new();
    for (uintptr_t i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, work, (void *)(i + 1)) != 0) {
            return 2;
        }
    }
    for (int i = 0; i < REPORTS; i++) {
        size_t length = report(of, text);
        if (length == 0 || length >= ROOM || fputs(text, stdout) < 0) {
            return 1;
        }
    }
    atomic_store(&over, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}
