#include "shim.h"

#include <stdbool.h>

#include "ashlar/ashlar.h"

#ifndef FUZZ_PLANT
#define FUZZ_PLANT 0
#endif

enum plant {
    PLANT_NONE,
    PLANT_OVERLAP,   // 1: malloc hands out a block that may be in use
    PLANT_DIRTY,     // 2: calloc leaves a byte that is not zero
    PLANT_LONG,      // 3: the usable size reaches 16 bytes into the neighbour
    PLANT_LOST,      // 4: realloc loses a byte
    PLANT_LEAK,      // 5: free forgets a block
    PLANT_MISALIGN,  // 6: an aligned block is 16 bytes off
};

enum { PERIOD = 3 };

static unsigned plant_calls;
static void *plant_previous;

// True in every PERIOD-th call where `plant` is built in.
static bool plant_now(enum plant plant) {
    return FUZZ_PLANT == (int)plant && ++plant_calls % PERIOD == 0;
}

void *shim_malloc(size_t bytes) {
    void *block = ash_malloc(bytes);
    if (FUZZ_PLANT != PLANT_OVERLAP || bytes > ASH_SMALL_MAX || block == NULL) {
        return block;
    }
    void *previous = plant_previous;
    plant_previous = block;
    if (previous != NULL && plant_now(PLANT_OVERLAP)) {
        ash_free(block);
        return previous;
    }
    return block;
}

void *shim_calloc(size_t count, size_t bytes) {
    unsigned char *block = ash_calloc(count, bytes);
    if (block != NULL && count * bytes > 0 && plant_now(PLANT_DIRTY)) {
        block[count * bytes - 1] = 1;
    }
    return block;
}

void *shim_realloc(void *block, size_t bytes) {
    unsigned char *moved = ash_realloc(block, bytes);
    if (moved != NULL && block != NULL && plant_now(PLANT_LOST)) {
        moved[0] ^= 1;
    }
    return moved;
}

void *shim_aligned_alloc(size_t align, size_t bytes) {
    if (align > ASH_MIN_ALIGN && plant_now(PLANT_MISALIGN)) {
        unsigned char *block = ash_aligned_alloc(align, bytes + ASH_MIN_ALIGN);
        return block == NULL ? NULL : block + ASH_MIN_ALIGN;
    }
    return ash_aligned_alloc(align, bytes);
}

void shim_free(void *block) {
    if (block == NULL || !plant_now(PLANT_LEAK)) {
        ash_free(block);
    }
}

size_t shim_usable_size(const void *block) {
    size_t usable = ash_usable_size(block);
    return usable > 0 && plant_now(PLANT_LONG) ? usable + ASH_MIN_ALIGN : usable;
}
