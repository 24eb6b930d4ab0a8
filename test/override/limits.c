// limits MODE: a process with little address space. MODE `given` expects the limit to be set from
// outside (ulimit -v 262144), `inside` and `data` set RLIMIT_AS and RLIMIT_DATA with setrlimit when
// the allocator has long started, `threads` runs out in four threads at once.
//
// 100 MB of mixed sizes must fit into 256 MB; beyond comes NULL with ENOMEM; after everything is
// freed, 100 MB fit again.

#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const size_t MIB = (size_t)1 << 20;

struct chain {
    struct chain *next;
};

// Small blocks, runs of pages and mappings of their own take turns.
static size_t mixed_size(unsigned *state) {
    *state = *state * 1664525U + 1013904223U;
    unsigned kind = (*state >> 24) % 64;
    if (kind == 0) {
        return 200000 + (*state >> 8) % 3000000;
    }
    return sizeof(struct chain) + (*state >> 8) % (kind < 8 ? 60000 : 1000);
}

// Allocates and touches blocks until `goal` bytes or a failure; returns the bytes.
static size_t fill(struct chain **head, size_t goal) {
    unsigned state = 17;
    size_t total = 0;
    while (total < goal) {
        size_t bytes = mixed_size(&state);
        errno = 0;
        struct chain *block = malloc(bytes);
        if (block == NULL) {
            expect(errno == ENOMEM, "a failure is ENOMEM");
            break;
        }
        memset(block, 1, bytes);
        block->next = *head;
        *head = block;
        total += bytes;
    }
    return total;
}

static void empty(struct chain **head) {
    while (*head != NULL) {
        struct chain *block = *head;
        *head = block->next;
        free(block);
    }
}

static void *fill_in_thread(void *total) {
    struct chain *head = NULL;
    *(size_t *)total = fill(&head, 1024 * MIB);
    empty(&head);
    expect(fill(&head, MIB) >= MIB, "a thread allocates again after it ran out");
    empty(&head);
    return NULL;
}

static void in_threads(void) {
    pthread_t threads[4];
    size_t totals[4] = {0, 0, 0, 0};
    for (size_t i = 0; i < 4; i++) {
        expect(pthread_create(&threads[i], NULL, fill_in_thread, &totals[i]) == 0, "threads start");
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        expect(totals[i] < 1024 * MIB, "every thread met the limit");
    }
}

static void in_main(void) {
    struct chain *head = NULL;
    expect(fill(&head, 100 * MIB) >= 100 * MIB, "100 MB fit into 256 MB");
    size_t more = fill(&head, 1024 * MIB);
    fprintf(stderr, "100 MB and %zu MB more\n", more / MIB);
    expect(more < 200 * MIB, "the limit is met");
    errno = 0;
    expect(keep(calloc(200, MIB)) == NULL && errno == ENOMEM, "a big calloc is ENOMEM");
    errno = 0;
    expect(keep(aligned_alloc(MIB, 200 * MIB)) == NULL && errno == ENOMEM, "and aligned_alloc");
    empty(&head);
    for (int i = 0; i < 3; i++) {
        expect(fill(&head, 100 * MIB) >= 100 * MIB, "100 MB fit again after all was freed");
        empty(&head);
    }
    void *big = keep(malloc(100 * MIB));
    expect(big != NULL, "one block of 100 MB fits after all was freed");
    free(big);
}

int main(int argc, char **argv) {
    require_ashlar();
    deadline(120);
    const char *mode = argc == 2 ? argv[1] : "";
    const struct rlimit limit = {256 * MIB, 256 * MIB};
    if (strcmp(mode, "inside") == 0) {
        expect(exercise(13, 5000), "main allocates before the limit");
        expect(setrlimit(RLIMIT_AS, &limit) == 0, "RLIMIT_AS is set");
    } else if (strcmp(mode, "data") == 0) {
        expect(exercise(13, 5000), "main allocates before the limit");
        expect(setrlimit(RLIMIT_DATA, &limit) == 0, "RLIMIT_DATA is set");
    } else if (strcmp(mode, "threads") == 0) {
        in_threads();
    } else {
        expect(strcmp(mode, "given") == 0, "usage: limits given|inside|data|threads");
    }
    in_main();
    expect(exercise(14, 5000), "everything else works under the limit");
    return 0;
}
