// Pairs: allocate and free at once. Batches: allocate many, free them in the
// opposite order, in the same order, or at random. n counts blocks.

#include <stdlib.h>

#include "bench.h"

enum order { LIFO, FIFO, RANDOM };

#define BATCH_BYTES 64
#define MIXED 4096

static void pair(const struct row *row, size_t n) {
    struct stopwatch watch;
    stopwatch_start(&watch);
    for (size_t i = 0; i < n; i++) {
        void *block = must_malloc(row->detail);
        touch(block);
        free(block);
    }
    stopwatch_report(&watch, row, n);
}

// Sizes from 16 to 1,024, small ones more often, drawn beforehand.
static void pair_mixed(const struct row *row, size_t n) {
    static unsigned short sizes[MIXED];
    struct dice dice = {.state = 42};
    for (size_t i = 0; i < MIXED; i++) {
        sizes[i] = (unsigned short)(16 + dice_below(&dice, (size_t)16 << dice_below(&dice, 7)));
    }
    struct stopwatch watch;
    stopwatch_start(&watch);
    for (size_t i = 0; i < n; i++) {
        void *block = must_malloc(sizes[i % MIXED]);
        touch(block);
        free(block);
    }
    stopwatch_report(&watch, row, n);
}

// The order in which a batch is freed; a table costs every order the same.
static void fill_order(unsigned *order, size_t count, enum order kind) {
    for (size_t i = 0; i < count; i++) {
        order[i] = (unsigned)(kind == LIFO ? count - 1 - i : i);
    }
    struct dice dice = {.state = 7};
    for (size_t i = count - 1; kind == RANDOM && i > 0; i--) {
        size_t other = dice_below(&dice, i + 1);
        unsigned kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
}

static void batch(const struct row *row, size_t n) {
    size_t count = row->detail;
    void **blocks = table_create(count * sizeof(void *));
    unsigned *order = table_create(count * sizeof(unsigned));
    fill_order(order, count, (enum order)row->more);
    size_t rounds = n / count > 0 ? n / count : 1;
    struct stopwatch watch;
    stopwatch_start(&watch);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            blocks[i] = must_malloc(BATCH_BYTES);
            touch(blocks[i]);
        }
        for (size_t i = 0; i < count; i++) {
            free(blocks[order[i]]);
        }
    }
    stopwatch_report(&watch, row, rounds * count);
}

const struct row rows_pairs[] = {
    {"pair16", ROW_CPU, 40000000, pair, 16, 0},
    {"pair64", ROW_CPU, 40000000, pair, 64, 0},
    {"pair512", ROW_CPU, 40000000, pair, 512, 0},
    {"pairmix", ROW_CPU, 40000000, pair_mixed, 0, 0},
    {"batch1k-lifo", ROW_CPU, 30000000, batch, 1000, LIFO},
    {"batch1k-fifo", ROW_CPU, 30000000, batch, 1000, FIFO},
    {"batch1k-rand", ROW_CPU, 30000000, batch, 1000, RANDOM},
    {"batch10k-lifo", ROW_CPU, 20000000, batch, 10000, LIFO},
    {"batch10k-fifo", ROW_CPU, 20000000, batch, 10000, FIFO},
    {"batch10k-rand", ROW_CPU, 20000000, batch, 10000, RANDOM},
    {"batch100k-lifo", ROW_CPU, 15000000, batch, 100000, LIFO},
    {"batch100k-fifo", ROW_CPU, 15000000, batch, 100000, FIFO},
    {"batch100k-rand", ROW_CPU, 6000000, batch, 100000, RANDOM},
    {NULL, ROW_CPU, 0, NULL, 0, 0},
};
