#include "order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void *own_memory(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "no %zu bytes for the test's own tables; give it fewer blocks\n", bytes);
        exit(2);
    }
    return memory;
}

void own_memory_free(void *memory, size_t bytes) {
    munmap(memory, bytes);
}

void order_create(struct order *order, size_t capacity) {
    order->intervals = own_memory(capacity * sizeof(struct interval));
    order->count = 0;
    order->capacity = capacity;
}

void order_destroy(struct order *order) {
    own_memory_free(order->intervals, order->capacity * sizeof(struct interval));
}

// The first interval whose start is not below `start`.
static size_t order_find(const struct order *order, uintptr_t start) {
    size_t low = 0;
    size_t high = order->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (order->intervals[middle].start < start) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool order_add(struct order *order, uintptr_t start, uintptr_t end, struct interval *other) {
    size_t at = order_find(order, start);
    if (at > 0 && order->intervals[at - 1].end > start) {
        *other = order->intervals[at - 1];
        return false;
    }
    if (at < order->count && order->intervals[at].start < end) {
        *other = order->intervals[at];
        return false;
    }
    if (order->count == order->capacity) {
        fprintf(stderr, "the model's table of %zu intervals is full\n", order->capacity);
        exit(2);
    }
    memmove(order->intervals + at + 1, order->intervals + at,
            (order->count - at) * sizeof(struct interval));
    order->intervals[at] = (struct interval){.start = start, .end = end};
    order->count++;
    return true;
}

bool order_remove(struct order *order, uintptr_t start) {
    size_t at = order_find(order, start);
    if (at == order->count || order->intervals[at].start != start) {
        return false;
    }
    order->count--;
    memmove(order->intervals + at, order->intervals + at + 1,
            (order->count - at) * sizeof(struct interval));
    return true;
}
