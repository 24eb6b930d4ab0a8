#define _GNU_SOURCE

#include "arenas.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "os_fake.h"
#include "players.h"
#include "supply/store.h"
#include "support.h"

char *arenas_memory(size_t bytes, size_t lead) {
    char *got = mmap(NULL, bytes + lead + UNIT, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    expect(got != MAP_FAILED);
    char *start = got + (UNIT - (uintptr_t)got % UNIT) % UNIT + lead;
    os_fake_hand_in(start, bytes);
    return start;
}

ash_arena_t *arenas_manage(char *start, size_t bytes, unsigned flags) {
    ash_arena_t *arena = NULL;
    expect(ash_arena_manage(start, bytes, flags | ASH_ARENA_COMMITTED, -1, NULL, NULL, &arena));
    expect(arena != NULL);
    ash_store_audit();
    return arena;
}

void expect_refused(bool result, int error) {
    expect(!result);
    expect_equal(errno, error);
}

ash_arena_t *arenas_make(int kind, size_t bytes) {
    ash_arena_t *arena = NULL;
    if (kind == HANDED_IN) {
        return arenas_manage(arenas_memory(bytes, 3 * SLICE), bytes, ASH_ARENA_EXCLUSIVE);
    }
    expect(ash_arena_reserve(bytes, ASH_ARENA_EXCLUSIVE, &arena));
    ash_store_audit();
    return arena;
}

void arenas_unload(ash_arena_t *arena) {
    expect(ash_arena_unload(arena, NULL, NULL, NULL));
    players_expect_all_free();
}

void arenas_work(ash_heap_t *heap, const ash_arena_t *arena) {
    static const size_t sizes[] = {1, 100, 5000, ASH_BLOCK_MAX, RUN, 3 * RUN + 1, UNIT + SLICE};
    char *blocks[sizeof sizes / sizeof sizes[0]];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        blocks[i] = ash_heap_malloc(heap, sizes[i]);
        expect(blocks[i] != NULL && ash_arena_contains(arena, blocks[i]));
        expect(ash_arena_contains(arena, blocks[i] + sizes[i] - 1));
        memset(blocks[i], (int)i, sizes[i]);
        expect(ash_usable_size(blocks[i]) >= sizes[i]);
        expect(ash_heap_of(blocks[i]) == heap && ash_heap_contains(heap, blocks[i]));
    }
    players_audit();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        expect_equal(blocks[i][sizes[i] - 1], i);
        ash_free(blocks[i]);
    }
}
