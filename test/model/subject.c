#include "subject.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "ashlar/ashlar.h"

#define PLANT_PERIOD 500

enum plant {
    PLANT_NONE,
    PLANT_OVERLAP,   // malloc hands out a block that is in use
    PLANT_DIRTY,     // calloc leaves a byte that is not zero
    PLANT_MISALIGN,  // an aligned block is 8 bytes off
    PLANT_LOST,      // realloc loses a byte of the contents
    PLANT_SHORT,     // usable size below the requested size
    PLANT_ERRNO,     // free changes errno
    PLANT_COUNT
};

static const char *const plant_names[PLANT_COUNT] = {
    "none", "overlap", "dirty", "misalign", "lost", "short", "errno",
};

// Set once before any thread starts.
static enum plant planted;

static _Atomic unsigned plant_calls;
static void *_Atomic plant_previous;

bool subject_plant(const char *name) {
    for (unsigned i = 0; i < PLANT_COUNT; i++) {
        if (strcmp(name, plant_names[i]) == 0) {
            planted = (enum plant)i;
            return true;
        }
    }
    return false;
}

const char *subject_plants(void) {
    return "none overlap dirty misalign lost short errno";
}

// True in every PLANT_PERIOD-th call while `plant` is the chosen one.
static bool plant_now(enum plant plant) {
    if (planted != plant) {
        return false;
    }
    // relaxed: only a counter.
    unsigned calls = atomic_fetch_add_explicit(&plant_calls, 1, memory_order_relaxed);
    return calls % PLANT_PERIOD == PLANT_PERIOD - 1;
}

void *subject_malloc(size_t bytes) {
    void *block = ash_malloc(bytes);
    if (planted != PLANT_OVERLAP || bytes > 64 || block == NULL) {
        return block;
    }
    // relaxed: a planted fault needs no order.
    void *previous = atomic_exchange_explicit(&plant_previous, block, memory_order_relaxed);
    if (previous != NULL && plant_now(PLANT_OVERLAP)) {
        ash_free(block);
        return previous;
    }
    return block;
}

void *subject_calloc(size_t count, size_t bytes) {
    unsigned char *block = ash_calloc(count, bytes);
    if (block != NULL && count * bytes > 0 && plant_now(PLANT_DIRTY)) {
        block[count * bytes / 2] = 1;
    }
    return block;
}

void *subject_realloc(void *block, size_t bytes) {
    unsigned char *moved = ash_realloc(block, bytes);
    if (moved != NULL && block != NULL && bytes > 0 && plant_now(PLANT_LOST)) {
        moved[0] ^= 1;
    }
    return moved;
}

void *subject_aligned_alloc(size_t align, size_t bytes) {
    if (align > sizeof(void *) && plant_now(PLANT_MISALIGN)) {
        unsigned char *block = ash_aligned_alloc(align, bytes + sizeof(void *));
        return block == NULL ? NULL : block + sizeof(void *);
    }
    return ash_aligned_alloc(align, bytes);
}

int subject_posix_memalign(void **block, size_t align, size_t bytes) {
    return ash_posix_memalign(block, align, bytes);
}

void subject_free(void *block) {
    ash_free(block);
    if (plant_now(PLANT_ERRNO)) {
        errno = EINVAL;
    }
}

size_t subject_usable_size(const void *block) {
    size_t usable = ash_usable_size(block);
    return usable > 0 && plant_now(PLANT_SHORT) ? usable / 64 : usable;
}
