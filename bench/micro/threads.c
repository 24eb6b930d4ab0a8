// Threads that come and go, and blocks handed from producers to consumers.

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "bench.h"

#define CHURN_BLOCKS 200
#define RING 1024

static void *churn_life(void *argument) {
    struct dice dice = {.state = 1 + (uint64_t)(uintptr_t)argument};
    void *blocks[CHURN_BLOCKS];
    for (size_t i = 0; i < CHURN_BLOCKS; i++) {
        blocks[i] = must_malloc(16 + dice_below(&dice, 500));
        touch(blocks[i]);
    }
    for (size_t i = 0; i < CHURN_BLOCKS; i++) {
        free(blocks[i]);
    }
    return NULL;
}

// n threads, two at a time.
static void churn(const struct row *row, size_t n) {
    struct stopwatch watch;
    stopwatch_start(&watch);
    for (size_t i = 0; i < n; i += 2) {
        pthread_t threads[2];
        thread_start(&threads[0], churn_life, NULL);
        thread_start(&threads[1], churn_life, &threads[1]);
        pthread_join(threads[0], NULL);
        pthread_join(threads[1], NULL);
    }
    stopwatch_report(&watch, row, n);
}

// A ring for one producer and one consumer; both indices only grow.
struct ring {
    _Alignas(128) _Atomic size_t given;
    _Alignas(128) _Atomic size_t taken;
    _Alignas(128) void *blocks[RING];
    size_t n;
};

static void *produce(void *argument) {
    struct ring *ring = argument;
    struct dice dice = {.state = 21};
    for (size_t i = 0; i < ring->n; i++) {
        // acquire: pairs with the consumer's release; the slot has been read.
        while (i - atomic_load_explicit(&ring->taken, memory_order_acquire) == RING) {
            sched_yield();
        }
        void *block = must_malloc(16 + dice_below(&dice, 240));
        touch(block);
        ring->blocks[i % RING] = block;
        // release: pairs with the consumer's acquire; the slot has been written.
        atomic_store_explicit(&ring->given, i + 1, memory_order_release);
    }
    return NULL;
}

static void *consume(void *argument) {
    struct ring *ring = argument;
    for (size_t i = 0; i < ring->n; i++) {
        while (atomic_load_explicit(&ring->given, memory_order_acquire) == i) {
            sched_yield();
        }
        free(ring->blocks[i % RING]);
        atomic_store_explicit(&ring->taken, i + 1, memory_order_release);
    }
    return NULL;
}

// row->detail pairs of threads, n blocks in all.
static void prodcons(const struct row *row, size_t n) {
    size_t pairs = row->detail;
    struct ring *rings = table_create(pairs * sizeof(struct ring));
    pthread_t *threads = table_create(2 * pairs * sizeof(pthread_t));
    struct stopwatch watch;
    stopwatch_start(&watch);
    for (size_t i = 0; i < pairs; i++) {
        rings[i].n = n / pairs;
        thread_start(&threads[2 * i], produce, &rings[i]);
        thread_start(&threads[2 * i + 1], consume, &rings[i]);
    }
    for (size_t i = 0; i < 2 * pairs; i++) {
        pthread_join(threads[i], NULL);
    }
    stopwatch_report(&watch, row, n / pairs * pairs);
}

const struct row rows_threads[] = {
    {"thread-churn", ROW_WALL, 10000, churn, 0, 0},
    {"prodcons1", ROW_WALL, 8000000, prodcons, 1, 0},
    {"prodcons4", ROW_WALL, 8000000, prodcons, 4, 0},
    {NULL, ROW_CPU, 0, NULL, 0, 0},
};
