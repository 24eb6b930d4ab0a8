// The addresses in use, in order: a sorted array of intervals that do not overlap.
//
// A sorted array is slow and obviously right, which is what a model is for. It is
// kept in memory of its own (mmap), never in the allocator under test.

#ifndef ASHLAR_TEST_MODEL_ORDER_H
#define ASHLAR_TEST_MODEL_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interval {
    uintptr_t start;
    uintptr_t end;  // one past the last byte
};

struct order {
    struct interval *intervals;
    size_t count;
    size_t capacity;
};

// Makes an empty order for `capacity` intervals; ends the process without memory.
void order_create(struct order *order, size_t capacity);
void order_destroy(struct order *order);

// Adds [start, end). False, with the interval in the way in `*other`, if it
// overlaps one that is there; nothing is added then.
bool order_add(struct order *order, uintptr_t start, uintptr_t end, struct interval *other);

// Takes the interval that starts at `start` away. False if there is none.
bool order_remove(struct order *order, uintptr_t start);

// Zeroed memory straight from the system; ends the process if there is none.
void *own_memory(size_t bytes);
void own_memory_free(void *memory, size_t bytes);

#endif
