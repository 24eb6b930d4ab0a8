// Which blocks are guarded, and that all of them work: sampling CLAIM EVERY [PERCENT]. EVERY is
// what guard_sample is; the claims are below.

#define _GNU_SOURCE

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guarded.h"

enum { BYTES = 100, BATCH = 10000, ROUNDS = 60, SLOTS = 64, THREADS = 8 };

#define HOLDS(claim) \
    do { \
        if (!(claim)) { \
            fprintf(stderr, "line %d: %s does not hold\n", __LINE__, #claim); \
            exit(1); \
        } \
    } while (0)

static char *take(void) {
    char *block = malloc(BYTES);
    HOLDS(block != NULL && (uintptr_t)block % 16 == 0);
    return block;
}

// Batches larger than what bins hold: nearly every block passes through a refill.
static void rate_is_right(long every, long percent) {
    static char *blocks[BATCH];
    long sampled = 0, all = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < BATCH; i++, all++) {
            blocks[i] = take();
            if (guarded_is(blocks[i])) {
                sampled++;
                free(blocks[i]);
                blocks[i] = NULL;
            }
        }
        for (int i = 0; i < BATCH; i++) {
            free(blocks[i]);
        }
    }
    long wanted = all / every;
    printf("%ld of %ld blocks are guarded; %ld wanted\n", sampled, all, wanted);
    HOLDS(sampled * 100 > wanted * (100 - percent) && sampled * 100 < wanted * (100 + percent));
}

// When all slots are taken, blocks are as ever; and a slot that is freed serves again.
static void full_pool_is_harmless(long every, long percent) {
    (void)every, (void)percent;
    static char *blocks[BATCH];
    int guarded = 0;
    for (int i = 0; i < BATCH; i++) {
        blocks[i] = take();
        memset(blocks[i], i & 127, BYTES);
        guarded += guarded_is(blocks[i]);
    }
    HOLDS(guarded == SLOTS);
    for (int i = 0; i < BATCH; i++) {
        HOLDS(blocks[i][0] == (i & 127) && blocks[i][BYTES - 1] == (i & 127));
        free(blocks[i]);
    }
    guarded = 0;
    for (int i = 0; i < BATCH; i++) {
        guarded += guarded_is(take());
    }
    HOLDS(guarded == SLOTS);
}

static uintptr_t page_of(const void *block) {
    return (uintptr_t)block / 4096;
}

static void *first_of_each_size(void *argument) {
    (void)argument;
    for (size_t bytes = 1; bytes <= 1024; bytes += 16) {
        char *block = malloc(bytes);
        HOLDS(block != NULL && guarded_is(block));
        free(block);
    }
    return NULL;
}

// Whatever the C library or boot has left at hand.
static void first_blocks_are_guarded(long every, long percent) {
    (void)every, (void)percent;
    pthread_t thread;
    (void)first_of_each_size(NULL);
    HOLDS(pthread_create(&thread, NULL, first_of_each_size, NULL) == 0);
    HOLDS(pthread_join(thread, NULL) == 0);
}

// A slot that was freed is the last to be used again.
static void freed_slots_wait(long every, long percent) {
    (void)every, (void)percent;
    char *first = take();
    HOLDS(guarded_is(first));
    free(first);
    for (int i = 1; i < SLOTS; i++) {
        char *next = take();
        HOLDS(guarded_is(next) && page_of(next) != page_of(first));
        free(next);
    }
    char *again = take();
    HOLDS(guarded_is(again) && page_of(again) == page_of(first));
    for (int i = 0; i < BYTES; i++) {
        HOLDS(again[i] == 0);  // nothing of what was there
    }
}

// The rest of the interface, of guarded blocks.
static void every_function_knows_them(long every, long percent) {
    (void)every, (void)percent;
    char *zeroed = calloc(4, BYTES / 4);
    HOLDS(guarded_is(zeroed));
    for (int i = 0; i < BYTES; i++) {
        HOLDS(zeroed[i] == 0);
        zeroed[i] = (char)i;
    }
    char *grown = realloc(zeroed, 3000);
    HOLDS(malloc_usable_size(grown) == 3000 && malloc_usable_size(zeroed) == 0);
    char *large = realloc(grown, 300000);
    HOLDS(malloc_usable_size(large) >= 300000);
    char *shrunk = realloc(large, BYTES);
    HOLDS(guarded_is(shrunk));
    for (int i = 0; i < BYTES; i++) {
        HOLDS(shrunk[i] == (char)i);
    }
    free(shrunk);
    for (size_t align = 16; align <= 65536; align *= 2) {
        void *aligned = aligned_alloc(align, align);
        HOLDS((uintptr_t)aligned % align == 0);
        memset(aligned, 1, align);
        free(aligned);
    }
    void *none = malloc(0);
    HOLDS(none != NULL && malloc_usable_size(none) >= 1);
    free(none);
    HOLDS(realloc(take(), 0) == NULL);
}

static void *passes_blocks(void *argument) {
    char **place = argument;
    for (int i = 0; i < BATCH; i++) {
        char *block = take();
        memset(block, 1, BYTES);
        block = __atomic_exchange_n(place, block, __ATOMIC_ACQ_REL);
        free(block);
    }
    return NULL;
}

// Blocks of one thread that others free, and threads that end meanwhile.
static void threads_exchange_them(long every, long percent) {
    (void)every, (void)percent;
    static char *place;
    pthread_t threads[THREADS];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < THREADS; i++) {
            HOLDS(pthread_create(&threads[i], NULL, passes_blocks, &place) == 0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
        }
    }
    free(place);
}

static const struct {
    const char *name;
    void (*run)(long every, long percent);
} claims[] = {
    {"rate_is_right", rate_is_right},
    {"full_pool_is_harmless", full_pool_is_harmless},
    {"first_blocks_are_guarded", first_blocks_are_guarded},
    {"freed_slots_wait", freed_slots_wait},
    {"every_function_knows_them", every_function_knows_them},
    {"threads_exchange_them", threads_exchange_them},
};

int main(int count, char **words) {
    for (size_t i = 0; count > 2 && i < sizeof claims / sizeof claims[0]; i++) {
        if (strcmp(words[1], claims[i].name) == 0) {
            claims[i].run(atol(words[2]), count > 3 ? atol(words[3]) : 0);
            return 0;
        }
    }
    fprintf(stderr, "usage: sampling CLAIM EVERY [PERCENT]\n");
    return 2;
}
