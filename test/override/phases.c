// phases MEGABYTES [leak]: a program whose habits change: it fills so much memory with blocks of
// one size, frees all, and goes on with another size, at once. What was freed must serve again, or
// have gone back to the system, before more is asked for: a memory cgroup kills who has too much.
//
// With `leak` a tenth is not freed.

#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 4, LEAK_EVERY = 10 };

struct chain {
    struct chain *next;
};

static void phase(size_t bytes, size_t total, bool leak) {
    struct chain *first = NULL;
    for (size_t done = 0; done + bytes <= total; done += bytes) {
        struct chain *block = malloc(bytes);
        expect(block != NULL, "there is memory");
        memset(block, 1, bytes);
        block->next = first;
        first = block;
    }
    for (size_t i = 0; first != NULL; i++) {
        struct chain *block = first;
        first = block->next;
        if (!leak || i % LEAK_EVERY != 0) {
            free(block);
        }
    }
}

int main(int argc, char **argv) {
    require_ashlar();
    deadline(240);
    size_t total = argc >= 2 ? (size_t)strtoul(argv[1], NULL, 10) << 20 : 0;
    expect(total > 0, "usage: phases MEGABYTES [leak]");
    bool leak = argc == 3 && strcmp(argv[2], "leak") == 0;
    fputs(leak ? "a tenth is not freed\n" : "", stderr);
    static const size_t sizes[] = {48, 20000, 300, 700000, 5000, 9000000, 64, 40000000, 1500};
    for (size_t i = 0; i < ROUNDS * sizeof sizes / sizeof sizes[0]; i++) {
        phase(sizes[i * 5 % (sizeof sizes / sizeof sizes[0])], total, leak);
    }
    expect(exercise(51, 5000), "everything works at the end");
    return 0;
}
