// Resident bytes of a live block, of a heap of which nine tenths are freed, and of threads that
// sleep.

#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define MIB ((size_t)1 << 20)
#define CLUSTER 2000
#define IDLE_SECONDS 2
#define SLEEPER_BYTES MIB

// How an idle process came to be so.
enum { ALONE, THREADED, TRIMMED };

// n MiB of blocks of row->detail bytes, written whole and chained through their
// first word, so that no table of pointers is counted.
static void rss(const struct row *row, size_t n) {
    size_t bytes = row->detail;
    size_t count = n * MIB / bytes;
    void *chain = NULL;
    size_t before = resident_bytes();
    for (size_t i = 0; i < count; i++) {
        void **block = must_malloc(bytes);
        memset(block, 1, bytes);
        *block = chain;
        chain = block;
    }
    size_t grown = resident_bytes() - before;
    char values[128];
    snprintf(values, sizeof values, "rss_per_block=%.2f value=%.4f", (double)grown / (double)count,
             (double)grown / (double)(count * bytes));
    report_memory(row, count, values);
    while (chain != NULL) {
        void *next = *(void **)chain;
        free(chain);
        chain = next;
    }
}

struct heap_table {
    void **blocks;
    unsigned *sizes;
    size_t count;
    size_t live;
};

// Blocks of 16 to 2,047 bytes, small ones more often: 306 bytes on average.
static size_t draw_size(struct dice *dice) {
    return 16 + dice_below(dice, (size_t)32 << dice_below(dice, 7));
}

// Blocks come and go while the heap grows, as in a program that has run a while.
static void grow_heap(struct heap_table *heap, struct dice *dice, size_t bytes) {
    while (heap->live < bytes) {
        size_t size = draw_size(dice);
        heap->blocks[heap->count] = must_malloc(size);
        memset(heap->blocks[heap->count], 1, size);
        heap->sizes[heap->count++] = (unsigned)size;
        heap->live += size;
        if (heap->count > 1000 && dice_below(dice, 4) == 0) {
            size_t at = dice_below(dice, heap->count);
            heap->live -= heap->sizes[at];
            free(heap->blocks[at]);
            heap->count--;
            heap->blocks[at] = heap->blocks[heap->count];
            heap->sizes[at] = heap->sizes[heap->count];
        }
    }
}

// Frees nine in ten, singly or in clusters of CLUSTER neighbours in the table.
static void thin_heap(struct heap_table *heap, struct dice *dice, size_t cluster) {
    for (size_t start = 0; start < heap->count; start += cluster) {
        if (dice_below(dice, 10) == 0) {
            continue;
        }
        for (size_t i = start; i < start + cluster && i < heap->count; i++) {
            free(heap->blocks[i]);
            heap->live -= heap->sizes[i];
        }
    }
}

static void *wait_for_end(void *gate) {
    free(must_malloc(100));
    pthread_barrier_wait(gate);
    pthread_barrier_wait(gate);
    return NULL;
}

// Whether the process is idle because its one thread sleeps, or all of them, or the first after
// it has asked for memory to be given back.
static void be_idle(size_t how) {
    struct timespec idle = {.tv_sec = IDLE_SECONDS};
    if (how == TRIMMED) {
        malloc_trim(0);
    }
    nanosleep(&idle, NULL);
}

// A heap of n MiB; its resident set at once and after the process has been idle.
static void fragment(const struct row *row, size_t n) {
    struct dice dice = {.state = 77};
    // Blocks take 306 bytes on average; the table is resident, so not much larger.
    size_t room = n * MIB / 200 + 4096;
    struct heap_table heap = {
        .blocks = table_create(room * sizeof(void *)),
        .sizes = table_create(room * sizeof(unsigned)),
    };
    pthread_t other;
    pthread_barrier_t gate;
    pthread_barrier_init(&gate, NULL, 2);
    if (row->more == THREADED) {
        thread_start(&other, wait_for_end, &gate);
        pthread_barrier_wait(&gate);
    }
    size_t before = resident_bytes();
    grow_heap(&heap, &dice, n * MIB);
    size_t full = resident_bytes() - before;
    thin_heap(&heap, &dice, row->detail);
    size_t now = resident_bytes() - before;
    be_idle(row->more);
    size_t later = resident_bytes() - before;
    char values[256];
    snprintf(values, sizeof values,
             "live_mb=%.1f full_mb=%.1f rss_now_mb=%.1f rss_idle_mb=%.1f value=%.4f",
             (double)heap.live / 1e6, (double)full / 1e6, (double)now / 1e6, (double)later / 1e6,
             (double)later / (double)heap.live);
    report_memory(row, heap.count, values);
    if (row->more == THREADED) {
        pthread_barrier_wait(&gate);
        pthread_join(other, NULL);
    }
}

struct sleepers {
    pthread_barrier_t gate;
    bool allocate;
};

// Fills 1 MiB with blocks of up to 1 KiB, frees them all, and sleeps.
static void *use_and_sleep(void *argument) {
    struct sleepers *sleepers = argument;
    void *chain = NULL;
    for (size_t used = 0, i = 0; sleepers->allocate && used < SLEEPER_BYTES; i++) {
        size_t bytes = 16 + i * 37 % 1009;
        void **block = must_malloc(bytes);
        memset(block, 1, bytes);
        *block = chain;
        chain = block;
        used += bytes;
    }
    while (chain != NULL) {
        void *next = *(void **)chain;
        free(chain);
        chain = next;
    }
    pthread_barrier_wait(&sleepers->gate);
    pthread_barrier_wait(&sleepers->gate);
    return NULL;
}

// What is resident when n such threads have been asleep for a while.
static size_t resident_with(size_t n, bool allocate) {
    struct sleepers sleepers = {.allocate = allocate};
    pthread_t *threads = table_create(n * sizeof *threads);
    pthread_barrier_init(&sleepers.gate, NULL, (unsigned)n + 1);
    for (size_t i = 0; i < n; i++) {
        thread_start(&threads[i], use_and_sleep, &sleepers);
    }
    pthread_barrier_wait(&sleepers.gate);
    be_idle(ALONE);
    size_t bytes = resident_bytes();
    pthread_barrier_wait(&sleepers.gate);
    for (size_t i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
    }
    return bytes;
}

// n threads that never allocate, then n that have used 1 MiB each and hold nothing: what the
// latter have more. Their stacks are the same.
static void sleepers(const struct row *row, size_t n) {
    size_t before = resident_with(n, false);
    size_t after = resident_with(n, true);
    size_t more = after > before ? after - before : 0;
    char values[128];
    snprintf(values, sizeof values, "kib_per_thread=%.2f value=%.4f",
             (double)more / (double)n / 1024, (double)more / (double)n / SLEEPER_BYTES);
    report_memory(row, n, values);
}

const struct row rows_memory[] = {
    {"rss-16", ROW_MEMORY, 32, rss, 16, 0},
    {"rss-24", ROW_MEMORY, 32, rss, 24, 0},
    {"rss-72", ROW_MEMORY, 64, rss, 72, 0},
    {"rss-600", ROW_MEMORY, 64, rss, 600, 0},
    {"rss-5000", ROW_MEMORY, 64, rss, 5000, 0},
    {"frag-random", ROW_MEMORY, 400, fragment, 1, ALONE},
    {"frag-cluster", ROW_MEMORY, 400, fragment, CLUSTER, ALONE},
    {"frag-cluster-2t", ROW_MEMORY, 400, fragment, CLUSTER, THREADED},
    {"frag-cluster-trim", ROW_MEMORY, 400, fragment, CLUSTER, TRIMMED},
    {"sleepers", ROW_MEMORY, 1000, sleepers, 0, 0},
    {NULL, ROW_CPU, 0, NULL, 0, 0},
};
