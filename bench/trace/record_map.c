// A hash table with linear probing; an entry that is taken out lets those behind it move up.

#include <sys/mman.h>

#include "record.h"

#define FIRST_ROOM ((size_t)1 << 16)

struct entry {
    uintptr_t block;  // 0: empty
    uint64_t number;
};

static struct entry *entries;
static size_t room;  // a power of two
static size_t used;

static size_t place_of(uintptr_t block) {
    return (size_t)((block >> 4) * 0x9e3779b97f4a7c15U >> 20) & (room - 1);
}

static void insert(uintptr_t block, uint64_t number) {
    size_t at = place_of(block);
    while (entries[at].block != 0 && entries[at].block != block) {
        at = (at + 1) & (room - 1);
    }
    used += entries[at].block == 0;
    entries[at] = (struct entry){.block = block, .number = number};
}

static bool grow(void) {
    struct entry *old = entries;
    size_t old_room = room;
    size_t new_room = room == 0 ? FIRST_ROOM : 2 * room;
    void *memory = mmap(NULL, new_room * sizeof *entries, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return false;
    }
    entries = memory;
    room = new_room;
    used = 0;
    for (size_t i = 0; i < old_room; i++) {
        if (old[i].block != 0) {
            insert(old[i].block, old[i].number);
        }
    }
    if (old != NULL) {
        munmap(old, old_room * sizeof *old);
    }
    return true;
}

bool map_put(const void *block, uint64_t number) {
    if (2 * used >= room && !grow()) {
        return false;
    }
    insert((uintptr_t)block, number);
    return true;
}

// Moves entries into the hole as long as one behind it may stand there.
static void close_hole(size_t hole) {
    for (size_t at = (hole + 1) & (room - 1); entries[at].block != 0; at = (at + 1) & (room - 1)) {
        size_t home = place_of(entries[at].block);
        if (((at - home) & (room - 1)) >= ((at - hole) & (room - 1))) {
            entries[hole] = entries[at];
            hole = at;
        }
    }
    entries[hole].block = 0;
    used--;
}

bool map_take(const void *block, uint64_t *number) {
    if (room == 0) {
        return false;
    }
    size_t at = place_of((uintptr_t)block);
    while (entries[at].block != (uintptr_t)block) {
        if (entries[at].block == 0) {
            return false;
        }
        at = (at + 1) & (room - 1);
    }
    *number = entries[at].number;
    close_hole(at);
    return true;
}
