// The workloads: what one thread does, a step at a time. In scale_count threads take turns, in
// scale_time they run freely: so what they share is in rings and mailboxes that serve both.

#ifndef ASHLAR_SCALE_WORK_H
#define ASHLAR_SCALE_WORK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ashlar/ashlar.h"

enum { WORK_SLOTS = 256, WORK_RING = 512 };

// One producer, one consumer; both indices only grow.
struct work_ring {
    _Alignas(128) _Atomic size_t given;
    _Alignas(128) _Atomic size_t taken;
    _Alignas(128) void *blocks[WORK_RING];
};

struct work_table {
    void *slots[WORK_SLOTS];
};

struct worker {
    unsigned index;
    unsigned threads;
    uint64_t dice;
    uint64_t steps;
    uint64_t blocks;  // allocated
    uint64_t bytes;   // of these
    size_t held;      // blocks of the workloads that count them
    struct work_table *table;
    struct work_ring *in;
    struct work_ring *out;
    _Atomic(struct work_table *) *mailboxes;
    ash_heap_t *shared;  // a heap that all threads use
};

struct workload {
    const char *name;
    void (*step)(struct worker *worker);
    const char *what;
};

extern const struct workload workloads[];

// NULL if there is none of the name.
const struct workload *work_find(const char *name);

// Frees what the worker still holds.
void work_end(struct worker *worker);

#endif
