// refused WHAT [early|allowed]: the kernel refuses system calls of the kind that is named
// (refuse.c), and everything works or says why not. The filter comes into force before the
// allocator starts, where the loader can do without those calls or `early` says so: the program
// executes itself under it. The others come into force in its midst.
//
// With `allowed` nothing is refused, which the program has to notice.

#define _GNU_SOURCE
#include "common.h"
#include "refuse.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const size_t MIB = (size_t)1 << 20;
static const char under[] = "under";

enum { BLOCKS = 512 };

static bool is_zero(const unsigned char *block, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        if (block[i] != 0) {
            return false;
        }
    }
    return true;
}

// Memory that was to be given back, and was not, still holds what it held.
static void zeroed_is_zero(size_t bytes) {
    static unsigned char *blocks[BLOCKS];
    size_t count = 24 * MIB / bytes < BLOCKS ? 24 * MIB / bytes : BLOCKS;
    for (size_t i = 0; i < count; i++) {
        blocks[i] = malloc(bytes);
        expect(blocks[i] != NULL, "there is memory");
        memset(blocks[i], 0xa5, bytes);
    }
    for (size_t i = 0; i < count; i++) {
        free(blocks[i]);
    }
    malloc_trim(0);
    for (size_t i = 0; i < count; i++) {
        blocks[i] = calloc(1, bytes);
        expect(blocks[i] != NULL && is_zero(blocks[i], bytes), "calloc gives zeroes");
    }
    for (size_t i = 0; i < count; i++) {
        free(blocks[i]);
    }
}

static void resized_keeps_its_contents(void) {
    size_t bytes = 1000;
    unsigned char *block = keep(malloc(bytes));
    memset(block, 7, bytes);
    for (; bytes < 40 * MIB; bytes = bytes * 3 / 2) {
        block = realloc(block, bytes * 3 / 2);
        expect(block != NULL && block[0] == 7 && block[bytes - 1] == 7, "a grown block is whole");
        memset(block + bytes, 7, bytes * 3 / 2 - bytes);
    }
    for (; bytes > 1000; bytes = bytes * 2 / 3) {
        block = realloc(block, bytes * 2 / 3);
        expect(block != NULL && block[0] == 7 && block[bytes * 2 / 3 - 1] == 7,
               "a shrunk block is whole");
    }
    free(block);
}

static void *in_a_thread(void *unused) {
    expect(exercise(3, 3000), "a thread allocates");
    return unused;
}

// Where the C library cannot make a stack, there is no thread.
static void threads_come_and_go(void) {
    for (int i = 0; i < 8; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, in_a_thread, NULL) == 0) {
            pthread_join(thread, NULL);
        }
    }
}

static void everything_works(void) {
    expect(exercise(1, 10000), "main allocates");
    static const size_t sizes[] = {48, 3000, 40000, 300000, 12000000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        zeroed_is_zero(sizes[i]);
    }
    resized_keeps_its_contents();
    threads_come_and_go();
    struct mallinfo2 now = mallinfo2();
    expect(now.uordblks < 100 * MIB, "the statistics answer");
    volatile size_t absurd = SIZE_MAX - 100;
    errno = 0;
    expect(keep(malloc(absurd)) == NULL && errno == ENOMEM, "what cannot be is ENOMEM");
    expect(exercise(2, 10000), "main allocates to the end");
}

// No mapping can be made any more: what there is is used up, freed, and used again.
static void without_mappings(void) {
    void **first = NULL;
    size_t total[2] = {0, 0};
    for (int round = 0; round < 2; round++) {
        void **block;
        errno = 0;
        while ((block = keep(malloc(3000))) != NULL) {
            *block = first;
            first = block;
            total[round]++;
            expect(total[round] < 1000000, "memory comes to an end");
        }
        expect(errno == ENOMEM, "a failure is ENOMEM");
        expect(keep(malloc(50 * MIB)) == NULL && errno == ENOMEM, "of a huge block too");
        while (first != NULL) {
            block = first;
            first = *block;
            free(block);
        }
    }
    expect(total[0] > 0 && total[1] >= total[0], "what was freed serves again");
    expect(exercise(4, 2000), "everything else works without new mappings");
}

// The process ends at the free of a huge block, with words about munmap.
static void without_unmapping(const struct refusal *refusal, bool allowed) {
    void *block = keep(malloc(64 * MIB));
    expect(block != NULL, "there is memory");
    expect(allowed || refusal_begin(refusal), "the kernel takes the filter");
    expect(refusal_holds(refusal), "the system calls are refused");
    free(block);
    expect(false, "the process ends");
}

// The process ends at the second free, although nothing can be written.
static void without_writing(const struct refusal *refusal, bool allowed) {
    static void *volatile block;
    block = malloc(200000);
    fputs("at the second free the process ends\n", stderr);
    expect(allowed || refusal_begin(refusal), "the kernel takes the filter");
    expect(refusal_holds(refusal), "the system calls are refused");
    everything_works();
    free(block);
    free(block);
    expect(false, "the process ends");
}

static void in_the_midst(const struct refusal *refusal, bool allowed) {
    expect(exercise(13, 5000), "main allocates before the filter");
    if (strcmp(refusal->name, "unmapping") == 0) {
        without_unmapping(refusal, allowed);
    }
    if (strcmp(refusal->name, "writing") == 0) {
        without_writing(refusal, allowed);
    }
    expect(allowed || refusal_begin(refusal), "the kernel takes the filter");
    expect(refusal_holds(refusal), "the system calls are refused");
    if (strcmp(refusal->name, "mappings") == 0) {
        without_mappings();
    } else {
        everything_works();
    }
}

// Whether the loader can start a program under the filter.
static bool starts_under(const struct refusal *refusal) {
    static const char *const early[] = {"advice", "resizing", "questions"};
    for (size_t i = 0; i < sizeof early / sizeof early[0]; i++) {
        if (strcmp(refusal->name, early[i]) == 0) {
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv) {
    require_ashlar();
    deadline(120);
    const struct refusal *refusal = argc >= 2 ? refusal_find(argv[1]) : NULL;
    expect(refusal != NULL, "usage: refused WHAT [early|allowed]");
    const char *how = argc == 3 ? argv[2] : "";
    bool allowed = strcmp(how, "allowed") == 0;
    if (strcmp(how, under) == 0) {
        expect(refusal_holds(refusal), "the system calls are refused");
        everything_works();
    } else if (strcmp(how, "early") == 0 || (starts_under(refusal) && !allowed)) {
        expect(refusal_begin(refusal), "the kernel takes the filter");
        execl(argv[0], argv[0], argv[1], under, (char *)NULL);
        expect(false, "the program executes itself");
    } else {
        in_the_midst(refusal, allowed);
    }
    return 0;
}
