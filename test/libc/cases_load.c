// Many blocks, many sizes, many threads: nothing overlaps, nothing is lost.

#define _GNU_SOURCE
#include "cases.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLOTS = 500, THREADS = 8, STEPS = 40000, MAIL = 256 };

struct slot {
    unsigned char *block;
    size_t bytes;
    unsigned seed;
};

// Sizes spread over the powers of two: most are small, a few take a mapping of their own.
static size_t random_size(unsigned *state) {
    unsigned power = next_random(state) % 100;
    if (power < 90) {
        return next_random(state) % 600;
    }
    return power < 99 ? next_random(state) % 30000 : next_random(state) % 600000;
}

static void slot_fill(struct slot *slot, unsigned *state) {
    slot->bytes = random_size(state);
    slot->seed = next_random(state);
    slot->block = malloc(slot->bytes);
    pattern_fill(slot->block, slot->bytes, slot->seed);
}

static bool slot_empty(struct slot *slot) {
    bool kept = slot->block == NULL || pattern_kept(slot->block, slot->bytes, slot->seed);
    free(slot->block);
    slot->block = NULL;
    return kept;
}

// Returns NULL if every block kept its contents, else a pointer that is not NULL.
static void *mixed_load(void *seed) {
    struct slot *slots = calloc(SLOTS, sizeof(*slots));
    unsigned state = *(unsigned *)seed;
    bool kept = true;
    for (int i = 0; i < STEPS; i++) {
        struct slot *slot = &slots[next_random(&state) % SLOTS];
        kept = slot_empty(slot) && kept;
        slot_fill(slot, &state);
    }
    for (size_t i = 0; i < SLOTS; i++) {
        kept = slot_empty(&slots[i]) && kept;
    }
    free(slots);
    return kept ? NULL : seed;
}

static const char *interleaved_sizes_keep_their_contents(void) {
    unsigned seed = 123456789;
    return verdict(mixed_load(&seed) == NULL);
}

static bool run_threads(void *(*body)(void *), unsigned first_seed) {
    pthread_t threads[THREADS];
    unsigned seeds[THREADS];
    bool good = true;
    for (unsigned i = 0; i < THREADS; i++) {
        seeds[i] = first_seed + i;
        good = pthread_create(&threads[i], NULL, body, &seeds[i]) == 0 && good;
    }
    for (unsigned i = 0; i < THREADS; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        good = good && failed == NULL;
    }
    return good;
}

static const char *many_threads_keep_their_contents(void) {
    return verdict(run_threads(mixed_load, 77));
}

static struct slot *_Atomic mailbox[MAIL];

// Every thread posts its blocks to whoever comes next and frees what it finds there.
static void *exchange_load(void *seed) {
    unsigned state = *(unsigned *)seed;
    bool kept = true;
    for (int i = 0; i < STEPS; i++) {
        struct slot *mine = malloc(sizeof(*mine));
        slot_fill(mine, &state);
        // acq_rel: what the poster wrote into the block is seen by the thread that takes it.
        struct slot *found = atomic_exchange_explicit(&mailbox[next_random(&state) % MAIL], mine,
                                                      memory_order_acq_rel);
        if (found != NULL) {
            kept = slot_empty(found) && kept;
            free(found);
        }
    }
    return kept ? NULL : seed;
}

static const char *blocks_passed_between_threads_keep_contents(void) {
    bool good = run_threads(exchange_load, 4711);
    for (size_t i = 0; i < MAIL; i++) {
        struct slot *left = atomic_load_explicit(&mailbox[i], memory_order_acquire);
        if (left != NULL) {
            good = slot_empty(left) && good;
            free(left);
        }
    }
    return verdict(good);
}

static void *short_life(void *unused) {
    (void)unused;
    void *kept = malloc(200);
    for (size_t bytes = 1; bytes < 4000; bytes = bytes * 2 + 1) {
        free(keep(malloc(bytes)));
    }
    return kept;
}

static const char *two_thousand_short_threads_leave_nothing(void) {
    pthread_t thread;
    void *left = NULL;
    size_t before = 0;
    for (int i = 0; i < 2000; i++) {
        if (pthread_create(&thread, NULL, short_life, NULL) != 0) {
            return "no thread";
        }
        pthread_join(thread, &left);
        free(left);
        before = i == 100 ? resident_bytes() : before;
    }
    return verdict(resident_bytes() <= before + ((size_t)4 << 20));
}

// Frees in the order given by a step through the table that is prime to its length.
static bool ordered_frees(size_t step) {
    enum { COUNT = 30011 };
    static struct slot table[COUNT];
    unsigned state = 31;
    for (size_t i = 0; i < COUNT; i++) {
        table[i].bytes = next_random(&state) % 200;
        table[i].seed = (unsigned)i;
        table[i].block = malloc(table[i].bytes);
        pattern_fill(table[i].block, table[i].bytes, table[i].seed);
    }
    bool kept = true;
    for (size_t i = 0, at = 0; i < COUNT; i++) {
        at = (at + step) % COUNT;
        kept = slot_empty(&table[at]) && kept;
    }
    return kept;
}

static const char *blocks_freed_first_in_first_out(void) {
    return verdict(ordered_frees(1));
}

static const char *blocks_freed_last_in_first_out(void) {
    return verdict(ordered_frees(30010));
}

static const char *blocks_freed_in_a_scattered_order(void) {
    return verdict(ordered_frees(7919));
}

static const char *a_million_small_blocks_are_distinct(void) {
    enum { COUNT = 1000000 };
    static size_t *table[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        table[i] = malloc(sizeof(size_t));
        *table[i] = i;
    }
    bool distinct = true;
    for (size_t i = 0; i < COUNT; i++) {
        distinct = distinct && *table[i] == i;
        free(table[i]);
    }
    return verdict(distinct);
}

static void *fork_beside(void *unused) {
    pid_t child = fork();
    if (child == 0) {
        alarm(30);
        unsigned seed = 5;
        _exit(mixed_load(&seed) != NULL);
    }
    int status = 1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? NULL : unused;
}

static const char *a_forked_child_of_a_threaded_process_allocates(void) {
    return verdict(run_threads(fork_beside, 1));
}

static const struct libc_case cases[] = {
    CASE(interleaved_sizes_keep_their_contents, "holds"),
    CASE(many_threads_keep_their_contents, "holds"),
    CASE(blocks_passed_between_threads_keep_contents, "holds"),
    CASE(two_thousand_short_threads_leave_nothing, "holds"),
    CASE(blocks_freed_first_in_first_out, "holds"),
    CASE(blocks_freed_last_in_first_out, "holds"),
    CASE(blocks_freed_in_a_scattered_order, "holds"),
    CASE(a_million_small_blocks_are_distinct, "holds"),
    CASE(a_forked_child_of_a_threaded_process_allocates, "holds"),
};

const struct case_group group_load = GROUP(cases);
