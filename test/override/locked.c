// locked [unlocked]: all memory of the process is locked, what it has and what it will have, and it
// may lock little. What is freed cannot be given back then, and every new page counts: malloc goes
// on or gives NULL with ENOMEM, and calloc gives zeroes. Once unlocked everything works.
//
// With `unlocked` nothing is locked, which the program has to notice.

#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static const size_t MIB = (size_t)1 << 20;

enum { BLOCKS = 4000, NOBODY = 65534 };

// No more than 64 MiB may be locked from now on; less where the system allows less.
static size_t limit_locking(void) {
    struct rlimit limit = {64 * MIB, 64 * MIB};
    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0) {
        expect(getrlimit(RLIMIT_MEMLOCK, &limit) == 0, "the limit is told");
        limit.rlim_cur = limit.rlim_max;
        expect(setrlimit(RLIMIT_MEMLOCK, &limit) == 0, "the limit is set");
    }
    expect(geteuid() != 0 || setresuid(NOBODY, NOBODY, NOBODY) == 0, "rights are given up");
    return (size_t)limit.rlim_cur;
}

static bool is_locked(void) {
    char line[128];
    unsigned long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    expect(file != NULL, "/proc/self/status opens");
    while (fgets(line, sizeof line, file) != NULL && sscanf(line, "VmLck: %lu kB", &kib) != 1) {
    }
    fclose(file);
    return kib > 0;
}

static bool is_zero(const unsigned char *block, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        if (block[i] != 0) {
            return false;
        }
    }
    return true;
}

// Fills until `goal` bytes or a failure and frees it all; returns the bytes.
static size_t fill(size_t bytes, size_t goal) {
    static unsigned char *blocks[BLOCKS];
    size_t count = 0;
    for (; count < BLOCKS && count * bytes < goal; count++) {
        errno = 0;
        blocks[count] = calloc(1, bytes);
        if (blocks[count] == NULL) {
            expect(errno == ENOMEM, "a failure is ENOMEM");
            break;
        }
        expect(is_zero(blocks[count], bytes), "calloc gives zeroes");
        memset(blocks[count], 0x5a, bytes);
    }
    for (size_t i = 0; i < count; i++) {
        free(blocks[i]);
    }
    return count * bytes;
}

int main(int argc, char **argv) {
    require_ashlar();
    deadline(120);
    expect(exercise(31, 5000), "main allocates");
    bool unlocked = argc == 2 && strcmp(argv[1], "unlocked") == 0;
    size_t limit = limit_locking();
    if (!unlocked && mlockall(MCL_FUTURE) != 0) {
        printf("the system lets nobody lock memory (%s)\n", strerror(errno));
        expect(limit == 0, "memory is locked");
        return 0;
    }
    size_t small = fill(8000, 24 * MIB);
    size_t large = fill(200000, 24 * MIB);
    size_t huge = fill(40 * MIB, 40 * MIB);
    printf("%zu MB may be locked: %zu, %zu and %zu MB at a time\n", limit / MIB, small / MIB,
           large / MIB, huge / MIB);
    expect(is_locked() || limit < MIB, "memory is locked");
    size_t least = limit < 32 * MIB ? limit / 2 : 16 * MIB;
    expect(limit < 4 * MIB || (small >= least && large >= least), "what may be locked serves");
    expect(keep(malloc(300 * MIB)) == NULL, "the limit is met");
    expect(munlockall() == 0, "memory is unlocked");
    expect(fill(10 * MIB, 100 * MIB) >= 100 * MIB, "there is memory again");
    expect(exercise(32, 5000), "everything works again");
    return 0;
}
