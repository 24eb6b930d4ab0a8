// mappings [few]: the process has as many mappings as the system lets it have (max_map_count):
// none can be made, and none cut in two. malloc goes on or gives NULL with ENOMEM, free never
// fails, and what is freed in the middle of a mapping goes back to the system all the same.
//
// With `few` the mappings are not used up, which the program has to notice.

#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const size_t MIB = (size_t)1 << 20;

// Systems allow 65,530, and some a million: more than a 32-bit process has pages for.
static const size_t PAGES_MAX = sizeof(void *) == 8 ? 2200000 : 300000;

enum { HUGE_BLOCKS = 4, HUGE_BYTES = 33 << 20, GROWN_BYTES = 40 << 20, FEW = 100 };

struct chain {
    struct chain *next;
};

static size_t resident_bytes(void) {
    unsigned long total = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    expect(file != NULL && fscanf(file, "%lu %lu", &total, &resident) == 2, "statm is read");
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

// Makes every second page another mapping, until the system refuses. Whether it did.
static bool use_up(char *pages, size_t count) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < count; i += 2) {
        if (mprotect(pages + i * page, page, PROT_READ) != 0) {
            expect(errno == ENOMEM, "the system says why");
            return true;
        }
    }
    return false;
}

// One mapping, as the system merges what lies side by side.
static void take_huge(char *blocks[HUGE_BLOCKS]) {
    for (size_t i = 0; i < HUGE_BLOCKS; i++) {
        blocks[i] = malloc(HUGE_BYTES);
        expect(blocks[i] != NULL, "there is memory");
        memset(blocks[i], 3, HUGE_BYTES);
    }
}

static void free_inside_mappings(char *blocks[HUGE_BLOCKS]) {
    size_t full = resident_bytes();
    for (size_t i = 1; i < HUGE_BLOCKS; i += 2) {
        free(blocks[i]);
    }
    expect(resident_bytes() + (size_t)(HUGE_BLOCKS / 2) * HUGE_BYTES < full + 4 * MIB,
           "what is freed inside a mapping goes back");
    for (size_t i = 0; i < HUGE_BLOCKS; i += 2) {
        expect(blocks[i][0] == 3 && blocks[i][HUGE_BYTES - 1] == 3, "its neighbours are whole");
        char *grown = realloc(blocks[i], GROWN_BYTES);
        blocks[i] = grown != NULL ? grown : blocks[i];
        expect(blocks[i][HUGE_BYTES - 1] == 3, "a block is whole, grown or not");
        free(blocks[i]);
    }
}

// Small blocks of all sizes until there is no more, or 32 MB are there.
static void allocate_and_free(void) {
    struct chain *first = NULL;
    size_t total = 0;
    for (unsigned i = 0; total < 32 * MIB; i++) {
        size_t bytes = sizeof(struct chain) + (size_t)i * 7919 % (i % 50 == 0 ? 300000 : 2000);
        errno = 0;
        struct chain *block = malloc(bytes);
        if (block == NULL) {
            expect(errno == ENOMEM, "a failure is ENOMEM");
            break;
        }
        memset(block, 1, bytes);
        block->next = first;
        first = block;
        total += bytes;
    }
    printf("%zu MB of small blocks without a mapping to spare\n", total / MIB);
    while (first != NULL) {
        struct chain *block = first;
        first = block->next;
        free(block);
    }
}

int main(int argc, char **argv) {
    require_ashlar();
    deadline(120);
    static char *blocks[HUGE_BLOCKS];
    expect(exercise(21, 5000), "main allocates");
    size_t bytes = PAGES_MAX * (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    expect(pages != MAP_FAILED, "there are addresses");
    take_huge(blocks);
    bool few = argc == 2 && strcmp(argv[1], "few") == 0;
    bool met = use_up(pages, few ? FEW : PAGES_MAX);
    if (!met && !few && sizeof(void *) == 4) {
        puts("the system allows more mappings than the process has pages: there is no such limit");
    } else {
        expect(met, "the limit is met");
    }
    free_inside_mappings(blocks);
    allocate_and_free();
    expect(munmap(pages, bytes) == 0, "the mappings are taken back");
    take_huge(blocks);
    for (size_t i = 0; i < HUGE_BLOCKS; i++) {
        free(blocks[i]);
    }
    expect(exercise(22, 5000), "everything works again");
    return 0;
}
