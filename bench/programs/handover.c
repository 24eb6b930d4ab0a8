// mstress-like: mixed lifetimes with handover. In each round every thread
// allocates, keeps part for itself and frees part at once; now and then it swaps a
// block with one in a table that all threads share. Threads end with the round.

#include <stdatomic.h>
#include <stdlib.h>

#include "bench.h"

#define SHARED 2000
#define KEPT 4000
#define ROUND_OPS 60000

static void *_Atomic shared[SHARED];

struct station {
    void *kept[KEPT];
    struct dice dice;
    size_t share;  // this station's part of ROUND_OPS
};

// Mostly 8 to 512 bytes, one in a hundred to 32 KiB. The first word is the size,
// so whoever frees a block can check that it is whole.
static size_t *station_allocate(struct dice *dice) {
    size_t shift = dice_below(dice, 100) == 0 ? 12 : dice_below(dice, 6);
    size_t words = 1 + dice_below(dice, (size_t)2 << shift);
    size_t *block = must_malloc(words * sizeof(size_t));
    block[0] = words;
    block[words - 1] = words;
    return block;
}

static void station_free(void *argument) {
    size_t *block = argument;
    if (block != NULL && block[block[0] - 1] != block[0]) {
        abort();
    }
    free(block);
}

static void *station_round(void *argument) {
    struct station *station = argument;
    struct dice *dice = &station->dice;
    for (size_t i = 0; i < station->share; i++) {
        size_t *block = station_allocate(dice);
        size_t fate = dice_below(dice, 100);
        if (fate < 40) {
            station_free(block);
        } else if (fate < 75) {
            size_t at = dice_below(dice, KEPT);
            station_free(station->kept[at]);
            station->kept[at] = block;
        } else {
            // acq_rel: the block's contents travel with it.
            station_free(atomic_exchange_explicit(&shared[dice_below(dice, SHARED)], block,
                                                  memory_order_acq_rel));
        }
    }
    // Half of what was kept dies with the thread's round, the rest lives on.
    for (size_t at = 0; at < KEPT; at += 2) {
        station_free(station->kept[at]);
        station->kept[at] = NULL;
    }
    return NULL;
}

static void free_everything(struct station *stations, size_t count) {
    for (size_t i = 0; i < count * KEPT; i++) {
        station_free(stations[i / KEPT].kept[i % KEPT]);
    }
    for (size_t i = 0; i < SHARED; i++) {
        station_free(atomic_exchange_explicit(&shared[i], NULL, memory_order_acq_rel));
    }
}

// n rounds with row->detail threads; the work of a round does not depend on them.
void program_handover(const struct row *row, size_t n) {
    size_t count = row->detail;
    struct station *stations = table_create(count * sizeof(struct station));
    pthread_t *threads = table_create(count * sizeof(pthread_t));
    for (size_t i = 0; i < count; i++) {
        stations[i].dice.state = 1000 + i;
        stations[i].share = ROUND_OPS / count;
    }
    struct stopwatch watch;
    stopwatch_start(&watch);
    for (size_t round = 0; round < n; round++) {
        for (size_t i = 0; i < count; i++) {
            thread_start(&threads[i], station_round, &stations[i]);
        }
        for (size_t i = 0; i < count; i++) {
            pthread_join(threads[i], NULL);
        }
    }
    free_everything(stations, count);
    stopwatch_report(&watch, row, n * (ROUND_OPS / count) * count);
}
