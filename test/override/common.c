// The helpers of the override programs. See common.h.

#define _GNU_SOURCE
#include "common.h"

#include "lookup.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLOTS = 64 };

void require_ashlar(void) {
    if (!lookup_ashlar_is_in_use()) {
        fprintf(stderr, "ashlar is not in use; preload libashlar.so or link it\n");
        exit(1);
    }
}

void expect(bool holds, const char *claim) {
    if (!holds) {
        fprintf(stderr, "fails: %s\n", claim);
        exit(1);
    }
}

void *keep(void *block) {
    // Thread-local, because threads call this together; volatile, so that the store stays.
    static _Thread_local void *volatile sink;
    sink = block;
    return sink;
}

static void out_of_time(int number) {
    static const char text[] = "fails: out of time, a deadlock?\n";
    (void)number;
    ssize_t put = write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(put > 0 ? 1 : 2);
}

void deadline(unsigned seconds) {
    signal(SIGALRM, out_of_time);
    alarm(seconds);
}

static void *make(unsigned kind, size_t bytes) {
    void *block = NULL;
    switch (kind % 5) {
    case 0:
        return calloc(1, bytes);
    case 1:
        return aligned_alloc((size_t)16 << (kind % 7), bytes);
    case 2:
        return posix_memalign(&block, 64, bytes) == 0 ? block : NULL;
    case 3:
        return realloc(malloc(bytes / 2 + 1), bytes);
    default:
        return malloc(bytes);
    }
}

// The first and the last byte of a block carry its mark.
static bool marked(const unsigned char *block, size_t bytes, unsigned char mark) {
    return block[0] == mark && block[bytes - 1] == mark;
}

bool exercise(unsigned seed, int rounds) {
    unsigned char *blocks[SLOTS] = {NULL};
    size_t sizes[SLOTS];
    unsigned state = seed * 2654435761U + 1;
    bool good = true;
    for (int i = 0; good && i < rounds; i++) {
        state = state * 1664525U + 1013904223U;
        unsigned at = (state >> 10) % SLOTS;
        if (blocks[at] != NULL) {
            good = marked(blocks[at], sizes[at], (unsigned char)at);
            free(blocks[at]);
        }
        unsigned power = (state >> 16) % 100 == 0 ? 18 : (state >> 16) % 12;
        sizes[at] = 1 + (state >> 8) % ((size_t)2 << power);
        blocks[at] = make(state >> 20, sizes[at]);
        good = good && blocks[at] != NULL && malloc_usable_size(blocks[at]) >= sizes[at];
        if (good) {
            blocks[at][0] = blocks[at][sizes[at] - 1] = (unsigned char)at;
        }
    }
    for (unsigned at = 0; at < SLOTS; at++) {
        good = good && (blocks[at] == NULL || marked(blocks[at], sizes[at], (unsigned char)at));
        free(blocks[at]);
    }
    return good;
}
