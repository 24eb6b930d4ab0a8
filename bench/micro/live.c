// Random replacement among a fixed number of live blocks of 16 to 271 bytes.
// n counts replacements; the first filling is not timed.

#include <stdlib.h>

#include "bench.h"

static void live(const struct row *row, size_t n) {
    size_t count = row->detail;
    struct dice dice = {.state = 99};
    void **blocks = table_create(count * sizeof(void *));
    for (size_t i = 0; i < count; i++) {
        blocks[i] = must_malloc(16 + dice_below(&dice, 256));
        touch(blocks[i]);
    }
    struct stopwatch watch;
    stopwatch_start(&watch);
    for (size_t i = 0; i < n; i++) {
        uint64_t random = dice_next(&dice);
        size_t at = (size_t)(((random >> 32) * count) >> 32);
        free(blocks[at]);
        blocks[at] = must_malloc(16 + (random & 255));
        touch(blocks[at]);
    }
    stopwatch_report(&watch, row, n);
}

const struct row rows_live[] = {
    {"live10k", ROW_CPU, 20000000, live, 10000, 0},
    {"live200k", ROW_CPU, 6000000, live, 200000, 0},
    {"live1m", ROW_CPU, 4000000, live, 1000000, 0},
    {NULL, ROW_CPU, 0, NULL, 0, 0},
};
