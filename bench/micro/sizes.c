// realloc, calloc, medium, large and aligned blocks.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define SLOTS 64

static void *must_realloc(void *block, size_t bytes) {
    void *moved = realloc(block, bytes);
    if (moved == NULL) {
        fprintf(stderr, "micro: realloc(%zu) failed; give a smaller n\n", bytes);
        exit(1);
    }
    return moved;
}

// n strings that grow by 8 to 39 bytes at a time to 512.
static void realloc_small(const struct row *row, size_t n) {
    struct dice dice = {.state = 3};
    size_t ops = 0;
    struct stopwatch watch;
    stopwatch_start(&watch);
    for (size_t i = 0; i < n; i++) {
        char *text = NULL;
        for (size_t bytes = 16; bytes <= 512; bytes += 8 + dice_below(&dice, 32)) {
            text = must_realloc(text, bytes);
            text[bytes - 1] = 1;
            ops++;
        }
        free(text);
    }
    stopwatch_report(&watch, row, ops);
}

// n vectors that grow by half from 16 bytes to row->detail MiB, each element
// written once.
static void realloc_grow(const struct row *row, size_t n) {
    size_t most = row->detail * MIB;
    size_t ops = 0;
    struct stopwatch watch;
    stopwatch_start(&watch);
    for (size_t i = 0; i < n; i++) {
        char *vector = NULL;
        size_t written = 0;
        for (size_t bytes = 16; written < most; bytes += bytes / 2) {
            bytes = bytes < most ? bytes : most;
            vector = must_realloc(vector, bytes);
            for (; written < bytes; written += KIB) {
                vector[written] = 1;
            }
            written = bytes;
            ops++;
        }
        free(vector);
    }
    stopwatch_report(&watch, row, ops);
}

// Keeps SLOTS blocks of the row's sizes alive; every step replaces one. `step` is
// the distance of the bytes written, 0 for the first byte only.
static void *replace(void *old, size_t bytes, size_t step) {
    free(old);
    char *block = must_malloc(bytes);
    block[0] = 1;
    for (size_t at = step; step > 0 && at < bytes; at += step) {
        block[at] = 1;
    }
    return block;
}

static void free_slots(void **slots) {
    for (size_t i = 0; i < SLOTS; i++) {
        free(slots[i]);
    }
}

// n blocks of row->detail bytes from calloc, freed at once.
static void calloc_small(const struct row *row, size_t n) {
    struct stopwatch watch;
    stopwatch_start(&watch);
    for (size_t i = 0; i < n; i++) {
        void *block = calloc(1, row->detail);
        if (block == NULL) {
            fprintf(stderr, "micro: calloc(%zu) failed\n", row->detail);
            exit(1);
        }
        touch(block);
        free(block);
    }
    stopwatch_report(&watch, row, n);
}

// n blocks of 4 KiB to 1 MiB from calloc, read at both ends.
static void calloc_large(const struct row *row, size_t n) {
    struct dice dice = {.state = 11};
    void *slots[SLOTS] = {NULL};
    size_t sum = 0;
    struct stopwatch watch;
    stopwatch_start(&watch);
    for (size_t i = 0; i < n; i++) {
        size_t bytes = 4 * KIB << dice_below(&dice, 8);
        bytes += dice_below(&dice, bytes);
        size_t at = dice_below(&dice, SLOTS);
        free(slots[at]);
        unsigned char *block = calloc(1, bytes);
        if (block == NULL) {
            fprintf(stderr, "micro: calloc(%zu) failed\n", bytes);
            exit(1);
        }
        sum += block[0] + (size_t)block[bytes - 1];
        memset(block, 1, bytes / 4);
        slots[at] = block;
    }
    stopwatch_report(&watch, row, n);
    free_slots(slots);
    if (sum != 0) {
        fprintf(stderr, "micro: calloc gave memory that is not zero\n");
        exit(1);
    }
}

// n blocks from 2^detail KiB upwards, `more` doublings, a byte in each page.
static void ranged(const struct row *row, size_t n) {
    struct dice dice = {.state = 13};
    void *slots[SLOTS] = {NULL};
    size_t used = row->detail >= KIB ? 8 : SLOTS;
    struct stopwatch watch;
    stopwatch_start(&watch);
    for (size_t i = 0; i < n; i++) {
        size_t bytes = row->detail * KIB << dice_below(&dice, row->more);
        bytes += dice_below(&dice, bytes);
        size_t at = dice_below(&dice, used);
        slots[at] = replace(slots[at], bytes, 4 * KIB);
    }
    stopwatch_report(&watch, row, n);
    free_slots(slots);
}

// n blocks of 16 to 1,039 bytes at alignments from 16 to 512.
static void aligned(const struct row *row, size_t n) {
    struct dice dice = {.state = 17};
    void *slots[SLOTS] = {NULL};
    struct stopwatch watch;
    stopwatch_start(&watch);
    for (size_t i = 0; i < n; i++) {
        size_t at = i % SLOTS;
        free(slots[at]);
        uint64_t random = dice_next(&dice);
        if (posix_memalign(&slots[at], (size_t)16 << (random % 6), 16 + (random >> 32) % 1024)) {
            fprintf(stderr, "micro: posix_memalign failed\n");
            exit(1);
        }
        touch(slots[at]);
    }
    stopwatch_report(&watch, row, n);
    free_slots(slots);
}

const struct row rows_sizes[] = {
    {"realloc-small", ROW_CPU, 1500000, realloc_small, 0, 0},
    {"realloc-grow", ROW_CPU, 4, realloc_grow, 256, 0},
    {"calloc64", ROW_CPU, 30000000, calloc_small, 64, 0},
    {"calloc4k-1m", ROW_CPU, 30000, calloc_large, 0, 0},
    {"medium32-512k", ROW_CPU, 100000, ranged, 32, 4},
    {"large1-32m", ROW_CPU, 300, ranged, 1024, 5},
    {"aligned", ROW_CPU, 8000000, aligned, 0, 0},
    {NULL, ROW_CPU, 0, NULL, 0, 0},
};
