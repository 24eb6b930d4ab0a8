// fences [none|REFUSAL...]: at tier 3 each access behind a large block ends the process there and
// then, and blocks within their bounds are as good as ever; also where the kernel refuses calls of
// the kinds that are named (test/override/refuse.c). With "none" first no access traps: what is
// written behind a block is found when it is freed.

#define _GNU_SOURCE

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ashlar/ashlar.h>

#include "refuse.h"

enum { SIZES = 6, TRAPS = 1 << 0, ENDS = 1 << 1 };

static const size_t sizes[SIZES] = {32768, 40000, 65536, 100000, 1 << 20, 64 << 20};

static void need(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "does not hold: %s\n", what);
        exit(1);
    }
}

#define HOLDS(condition) need(condition, #condition)

// How a child ends that reads or writes one byte, and frees the block then.
static int ends_by(char *block, size_t at, bool writes) {
    pid_t child = fork();
    HOLDS(child >= 0);
    if (child == 0) {
        volatile char *byte = block + at;
        *byte = (char)(writes ? ~*byte : *byte);
        ash_free(block);
        _exit(0);
    }
    int status;
    HOLDS(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? 0 : WTERMSIG(status);
}

static void each_access_traps(char *block, size_t bytes, bool none) {
    size_t end = (bytes + 15) & ~(size_t)15;
    HOLDS(ends_by(block, 0, true) == 0 && ends_by(block, bytes - 1, true) == 0);
    HOLDS(ends_by(block, end, false) == (none ? 0 : SIGSEGV));
    bool is_run = bytes <= 32 << 20;
    HOLDS(ends_by(block, end, true) == (none ? (is_run ? SIGABRT : 0) : SIGSEGV));
}

static void every_size_traps(bool none) {
    for (int i = 0; i < SIZES; i++) {
        char *block = ash_malloc(sizes[i]);
        HOLDS(block != NULL);
        each_access_traps(block, sizes[i], none);
        memset(block, i, sizes[i]);
        block = ash_realloc(block, 2 * sizes[i]);  // in place or not
        HOLDS(block != NULL && block[0] == i && block[sizes[i] - 1] == i);
        memset(block, i, 2 * sizes[i]);
        block = ash_realloc(block, sizes[i] + sizes[i] / 2);
        HOLDS(block != NULL && block[sizes[i] - 1] == i);
        memset(block, i, sizes[i] + sizes[i] / 2);
        ash_free(block);
        unsigned char *zero = ash_calloc(1, sizes[i]);
        for (size_t at = 0; at < sizes[i]; at++) {
            HOLDS(zero[at] == 0);
        }
        ash_free(zero);
    }
}

// What was given back has no fences left in it, after a purge neither.
static void memory_is_used_again(void) {
    enum { MANY = 200 };
    static char *blocks[MANY];
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < MANY; i++) {
            size_t bytes = 20000 + (size_t)((i * 7919 + round * 104729) % 300000);
            blocks[i] = ash_malloc(bytes);
            HOLDS(blocks[i] != NULL);
            memset(blocks[i], i, bytes);
        }
        for (int i = 0; i < MANY; i++) {
            ash_free(blocks[i]);
        }
        if (round % 2 == 1) {
            (void)ash_collect();
        }
    }
}

int main(int argc, char **argv) {
    bool none = argc > 1 && strcmp(argv[1], "none") == 0;
    memory_is_used_again();
    for (int i = 1 + none; i < argc; i++) {
        const struct refusal *refusal = refusal_find(argv[i]);
        HOLDS(refusal != NULL && refusal_begin(refusal) && refusal_holds(refusal));
    }
    every_size_traps(none);
    memory_is_used_again();
    if (!none && mlockall(MCL_FUTURE) == 0) {  // where the kernel may refuse marks
        every_size_traps(none);
    }
    return 0;
}
