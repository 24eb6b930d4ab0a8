#include "work.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "count.h"

enum {
    KB = 1024,
    BURST_BLOCKS = WORK_SLOTS,
    BATCH = 40,        // blocks handed on at once
    LIFE_STEPS = 500,  // until a table is handed on
    LIFE_BLOCKS = 200,
    LIFE_STACK = 128 * KB,
};

static uint64_t roll(struct worker *worker, uint64_t below) {
    worker->dice ^= worker->dice << 13;
    worker->dice ^= worker->dice >> 7;
    worker->dice ^= worker->dice << 17;
    return (worker->dice >> 16) % below;
}

static void *note(struct worker *worker, void *block, size_t bytes) {
    if (block == NULL) {
        fprintf(stderr, "scale: no memory for %zu bytes\n", bytes);
        exit(2);
    }
    worker->blocks++;
    worker->bytes += bytes;
    *(volatile char *)block = 1;
    return block;
}

static void *take(struct worker *worker, size_t bytes) {
    return note(worker, ash_malloc(bytes), bytes);
}

// As many of each power of two: from 16 bytes to 1 KiB.
static size_t mixed(struct worker *worker) {
    return 16 + roll(worker, (uint64_t)16 << roll(worker, 7));
}

static void replace(struct worker *worker, size_t slots, size_t bytes) {
    void **slot = &worker->table->slots[roll(worker, slots)];
    ash_free(*slot);
    *slot = take(worker, bytes);
}

// A thread's own blocks ------------------------------------------------------------------

static void step_small(struct worker *worker) {
    replace(worker, WORK_SLOTS, mixed(worker));
}

static void step_middle(struct worker *worker) {
    replace(worker, 32, 4 * KB + roll(worker, 28 * KB));
}

static void step_slice(struct worker *worker) {
    replace(worker, 16, 32 * KB + 1 + roll(worker, 32 * KB));
}

static void step_large(struct worker *worker) {
    replace(worker, 8, 32 * KB + 1 + roll(worker, 480 * KB));
}

// All slots are filled, then emptied, in the order in which they were filled.
static void step_burst(struct worker *worker) {
    size_t at = worker->steps % (2 * BURST_BLOCKS);
    void **slot = &worker->table->slots[at % BURST_BLOCKS];
    if (at < BURST_BLOCKS) {
        *slot = take(worker, 256 + roll(worker, 4 * KB));
    } else {
        ash_free(*slot);
        *slot = NULL;
    }
}

// From one first-class heap that all threads share.
static void step_shared(struct worker *worker) {
    void **slot = &worker->table->slots[roll(worker, WORK_SLOTS)];
    size_t bytes = mixed(worker);
    ash_free(*slot);
    *slot = note(worker, ash_heap_malloc(worker->shared, bytes), bytes);
}

// Blocks that others free -----------------------------------------------------------------

static bool give(struct work_ring *ring, void *block) {
    size_t given = atomic_load_explicit(&ring->given, memory_order_relaxed);
    // acquire: the slot was read; pairs with the release in receive.
    if (given - atomic_load_explicit(&ring->taken, memory_order_acquire) == WORK_RING) {
        return false;
    }
    ring->blocks[given % WORK_RING] = block;
    // release: the block; pairs with the acquire in receive.
    atomic_store_explicit(&ring->given, given + 1, memory_order_release);
    return true;
}

static bool has_room(struct work_ring *ring, size_t blocks) {
    size_t given = atomic_load_explicit(&ring->given, memory_order_relaxed);
    return given + blocks - atomic_load_explicit(&ring->taken, memory_order_acquire) <= WORK_RING;
}

static void *receive(struct work_ring *ring) {
    size_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
    if (atomic_load_explicit(&ring->given, memory_order_acquire) == taken) {
        return NULL;
    }
    void *block = ring->blocks[taken % WORK_RING];
    atomic_store_explicit(&ring->taken, taken + 1, memory_order_release);
    return block;
}

// Every second thread allocates, the next one frees. One alone does both.
static void step_pairs(struct worker *worker) {
    bool alone = worker->index % 2 == 0 && worker->index + 1 == worker->threads;
    if (worker->index % 2 == 0 && has_room(worker->out, 1)) {
        (void)give(worker->out, take(worker, 16 + roll(worker, 240)));
    }
    if (alone || worker->index % 2 == 1) {
        ash_free(receive(alone ? worker->out : worker->in));
    }
}

// Each thread hands a batch of blocks to the next one in a circle, and frees one of the last one's.
static void step_relay(struct worker *worker) {
    if (has_room(worker->out, BATCH)) {
        for (int i = 0; i < BATCH; i++) {
            (void)give(worker->out, take(worker, 16 + roll(worker, 160)));
        }
    }
    for (int i = 0; i < BATCH; i++) {
        ash_free(receive(worker->in));
    }
}

// Blocks are replaced in a table, which moves on to another thread.
static void step_handover(struct worker *worker) {
    replace(worker, WORK_SLOTS, 10 + roll(worker, 491));
    if (worker->steps % LIFE_STEPS == LIFE_STEPS - 1) {
        _Atomic(struct work_table *) *box = &worker->mailboxes[roll(worker, worker->threads)];
        worker->table = atomic_exchange_explicit(box, worker->table, memory_order_acq_rel);
    }
}

// Threads that come and go ---------------------------------------------------------------

static void *live(void *argument) {
    struct worker *worker = argument;
    (void)count_enter(worker->index + 1);  // on the same processor
    void *blocks[LIFE_BLOCKS];
    for (size_t i = 0; i < LIFE_BLOCKS; i++) {
        blocks[i] = take(worker, 16 + roll(worker, 500));
    }
    for (size_t i = 0; i < LIFE_BLOCKS; i++) {
        ash_free(blocks[i]);
    }
    return NULL;
}

static void step_lives(struct worker *worker) {
    if (worker->table->slots[0] == NULL) {
        worker->table->slots[0] = take(worker, 100);
    }
    pthread_attr_t attributes;
    pthread_t child;
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, LIFE_STACK);
    if (pthread_create(&child, &attributes, live, worker) != 0) {
        fprintf(stderr, "scale: no thread: raise the limit of processes (ulimit -u)\n");
        exit(2);
    }
    (void)pthread_join(child, NULL);
    (void)pthread_attr_destroy(&attributes);
}

// ----------------------------------------------------------------------------------------

const struct workload workloads[] = {
    {"small", step_small, "256 blocks of 16 B to 1 KiB, replaced at random"},
    {"middle", step_middle, "32 blocks of 4 to 32 KiB, replaced at random"},
    {"slice", step_slice, "16 blocks of 32 to 64 KiB, replaced at random"},
    {"large", step_large, "8 blocks of 32 to 512 KiB, replaced at random"},
    {"burst", step_burst, "256 blocks of 256 B to 4 KiB allocated, then freed"},
    {"shared", step_shared, "small, from one first-class heap for all threads"},
    {"pairs", step_pairs, "one thread allocates 16 to 256 B, its neighbour frees"},
    {"relay", step_relay, "batches of 40 blocks, each freed by the next thread"},
    {"handover", step_handover, "tables of 256 blocks go from thread to thread"},
    {"lives", step_lives, "threads that allocate 200 blocks, free them and end"},
    {NULL, NULL, NULL},
};

const struct workload *work_find(const char *name) {
    const struct workload *workload = workloads;
    while (workload->name != NULL && strcmp(workload->name, name) != 0) {
        workload++;
    }
    return workload->name == NULL ? NULL : workload;
}

void work_end(struct worker *worker) {
    for (size_t i = 0; i < WORK_SLOTS; i++) {
        ash_free(worker->table->slots[i]);
        worker->table->slots[i] = NULL;
    }
    void *block;
    while ((block = receive(worker->in)) != NULL) {
        ash_free(block);
    }
}
