#define _GNU_SOURCE

#include "ashlar/arena.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "api/aligned.h"
#include "api/boot.h"
#include "arenas.h"
#include "base/bits.h"
#include "base/config.h"
#include "heap/node.h"
#include "os_fake.h"
#include "players.h"
#include "supply/region.h"
#include "supply/store.h"
#include "support.h"

CLAIM(a_heaps_blocks_lie_in_its_arena) {
    for (int kind = 0; kind < KINDS; kind++) {
        ash_arena_t *arena = arenas_make(kind, 8 * (size_t)UNIT);
        ash_heap_t *heap = ash_heap_new_in_arena(arena);
        arenas_work(heap, arena);
        arenas_work(heap, arena);
        ash_heap_destroy(heap);
        arenas_unload(arena);
    }
}

CLAIM(an_exclusive_arena_serves_nobody_else) {
    for (int kind = 0; kind < KINDS; kind++) {
        ash_arena_t *arena = arenas_make(kind, 4 * (size_t)UNIT);
        for (size_t bytes = 100; bytes < 3 * (size_t)UNIT; bytes *= 4) {
            void *block = ash_malloc(bytes);
            expect(block != NULL && !ash_arena_contains(arena, block));
            ash_free(block);
        }
        arenas_unload(arena);
    }
}

CLAIM(a_shared_arena_serves_everybody) {
    ash_arena_t *arena = arenas_manage(arenas_memory(4 * (size_t)UNIT, SLICE), 4 * (size_t)UNIT, 0);
    char *small = ash_malloc(100), *run = ash_malloc(3 * (size_t)UNIT - SLICE);
    expect(ash_arena_contains(arena, small) && ash_arena_contains(arena, run));
    memset(run, 7, 3 * (size_t)UNIT - SLICE);
    char *outside = ash_malloc(2 * (size_t)UNIT);  // there is no room for it any more
    expect(outside != NULL && !ash_arena_contains(arena, outside));
    players_audit();
    ash_free(small);
    ash_free(run);
    ash_free(outside);
    arenas_unload(arena);

    expect(ash_arena_reserve(2 * (size_t)UNIT, 0, &arena));
    size_t bytes;
    expect(ash_region_contains(ash_arena_area(arena, &bytes)) && bytes == 2 * (size_t)UNIT);
    arenas_unload(arena);
}

CLAIM(what_the_arena_has_no_room_for_fails) {
    for (int kind = 0; kind < KINDS; kind++) {
        ash_arena_t *arena = arenas_make(kind, 4 * (size_t)UNIT);
        ash_heap_t *heap = ash_heap_new_in_arena(arena);
        size_t before = os_fake_tally().mapped_bytes;
        expect_refused(ash_heap_malloc(heap, 4 * (size_t)UNIT + 1) != NULL, ENOMEM);
        expect_refused(ash_heap_malloc(heap, (size_t)ASH_RUN_MAX + UNIT) != NULL, ENOMEM);
        expect_refused(ash_heap_aligned_alloc(heap, 2 * (size_t)UNIT, 1) != NULL, ENOMEM);
        size_t count = 0;
        void *first = NULL, *block;
        while ((block = ash_heap_malloc(heap, RUN)) != NULL) {
            first = first == NULL ? block : first;
            count++;
        }
        expect_equal(count, 2 * ASH_UNIT_SLICES);  // all of it
        expect_refused(ash_heap_malloc(heap, 10) != NULL, ENOMEM);
        ash_free(first);
        expect(ash_heap_malloc(heap, 10) != NULL);
        block = ash_malloc(RUN);
        expect(ash_heap_realloc(heap, block, RUN) == block);
        expect_equal(os_fake_tally().mapped_bytes, before);
        ash_free(block);
        ash_heap_destroy(heap);
        arenas_unload(arena);
    }
}

CLAIM(a_block_may_be_as_large_as_its_arena) {
    for (int kind = 0; kind < KINDS; kind++) {
        size_t bytes = (size_t)ASH_RUN_MAX + 4 * (size_t)UNIT;
        ash_arena_t *arena = arenas_make(kind, bytes);
        ash_heap_t *heap = ash_heap_new_in_arena(arena);
        char *block = ash_heap_malloc(heap, bytes);
        expect(block == ash_arena_area(arena, NULL));
        block[bytes - 1] = 1;
        ash_free(block);
        ash_heap_destroy(heap);
        arenas_unload(arena);
    }
}

CLAIM(runs_grow_in_place_up_to_the_end_of_their_arena) {
    char *memory = arenas_memory(4 * (size_t)UNIT, 0);
    ash_arena_t *low = arenas_manage(memory, 2 * (size_t)UNIT, ASH_ARENA_EXCLUSIVE);
    ash_arena_t *high =
        arenas_manage(memory + 2 * (size_t)UNIT, 2 * (size_t)UNIT, ASH_ARENA_EXCLUSIVE);
    ash_heap_t *heap = ash_heap_new_in_arena(low);
    char *block = ash_heap_malloc(heap, RUN);
    expect(ash_realloc(block, 2 * (size_t)UNIT) == block);
    expect_refused(ash_realloc(block, 2 * (size_t)UNIT + 1) != NULL, ENOMEM);
    expect_equal(ash_usable_size(block), 2 * (size_t)UNIT);
    expect(ash_realloc(block, RUN) == block);
    ash_heap_destroy(heap);
    expect(ash_arena_unload(low, NULL, NULL, NULL));
    arenas_unload(high);
}

CLAIM(general_runs_do_not_grow_into_an_arena) {
    char *runs[ASH_UNIT_SLICES / 2];
    for (int i = 0; i < ASH_UNIT_SLICES / 2; i++) {
        runs[i] = ash_malloc(RUN);
    }
    char *last = runs[ASH_UNIT_SLICES / 2 - 1];
    ash_arena_t *arena = arenas_make(RESERVED, UNIT);
    expect(ash_arena_area(arena, NULL) == last + RUN);
    char *moved = ash_realloc(last, 2 * (size_t)RUN);
    expect(moved != last && !ash_arena_contains(arena, moved));
    ash_free(moved);
    for (int i = 0; i < ASH_UNIT_SLICES / 2 - 1; i++) {
        ash_free(runs[i]);
    }
    arenas_unload(arena);
}

CLAIM(blocks_at_an_offset_lie_in_the_arena) {
    ash_arena_t *arena = arenas_make(HANDED_IN, 4 * (size_t)UNIT);
    ash_heap_t *heap = ash_heap_new_in_arena(arena);
    bool zero;
    char *block = ash_aligned_take_at(heap, SLICE, 24, UNIT + 1, &zero);
    expect(ash_arena_contains(arena, block) && ((uintptr_t)block + 24) % SLICE == 0);
    expect(ash_usable_size(block) > UNIT && ash_heap_of(block) == heap);
    expect(ash_aligned_take_at(heap, SLICE, 24, 4 * (size_t)UNIT, &zero) == NULL);
    char *grown = ash_realloc(block, UNIT + 2 * SLICE);
    expect(ash_arena_contains(arena, grown));
    ash_free(grown);
    ash_heap_destroy(heap);
    arenas_unload(arena);
}

CLAIM(aligned_blocks_are_aligned_in_memory_that_is_not) {
    ash_arena_t *arena = arenas_make(HANDED_IN, 4 * (size_t)UNIT);
    ash_heap_t *heap = ash_heap_new_in_arena(arena);
    for (size_t align = 16; align <= UNIT; align *= 2) {
        char *block = ash_heap_aligned_alloc(heap, align, SLICE + 1);
        expect(block != NULL && (uintptr_t)block % align == 0);
        expect(ash_arena_contains(arena, block));
        ash_free(block);
    }
    ash_heap_destroy(heap);
    arenas_unload(arena);
}

CLAIM(other_threads_free_what_lies_in_an_arena) {
    for (int kind = 0; kind < KINDS; kind++) {
        ash_arena_t *arena = arenas_make(kind, 4 * (size_t)UNIT);
        player_enter(0);
        ash_heap_t *heap = ash_heap_new_in_arena(arena);
        void *blocks[200];
        for (int i = 0; i < 200; i++) {
            blocks[i] = ash_heap_malloc(heap, i % 9 == 8 ? RUN : 64);
            expect(blocks[i] != NULL);
        }
        player_start(1);
        for (int i = 0; i < 200; i++) {
            ash_free(blocks[i]);
        }
        player_end();
        player_enter(0);
        expect_refused(ash_arena_unload(arena, NULL, NULL, NULL), EBUSY);  // the heap
        ash_heap_delete(heap);
        expect(ash_arena_unload(arena, NULL, NULL, NULL));
        players_audit();
    }
}

CLAIM(a_deleted_heaps_blocks_stay_in_the_arena) {
    for (int kind = 0; kind < KINDS; kind++) {
        ash_arena_t *arena = arenas_make(kind, 4 * (size_t)UNIT);
        ash_heap_t *heap = ash_heap_new_in_arena(arena);
        char *small = ash_heap_malloc(heap, 50), *run = ash_heap_malloc(heap, RUN);
        ash_heap_delete(heap);
        expect(ash_heap_of(small) == ash_heap_main() && ash_heap_of(run) == ash_heap_main());
        expect_refused(ash_arena_unload(arena, NULL, NULL, NULL), EBUSY);
        ash_free(small);
        expect_refused(ash_arena_unload(arena, NULL, NULL, NULL), EBUSY);
        ash_free(run);
        arenas_unload(arena);
    }
}

CLAIM(unloading_tells_what_is_the_callers_again) {
    char *memory = arenas_memory(4 * (size_t)UNIT, SLICE + 16);
    char *start = memory + SLICE - 16;
    os_fake_hand_in(memory - 16, 16);
    ash_arena_t *arena = arenas_manage(memory, 3 * (size_t)UNIT, 0);
    size_t bytes = 0, accessed = 7;
    expect(ash_arena_area(arena, &bytes) == start);
    expect_equal(bytes, 3 * (size_t)UNIT - SLICE);
    expect(!ash_arena_contains(arena, start - 1) && ash_arena_contains(arena, start));
    expect(!ash_arena_contains(arena, start + bytes) && !ash_arena_contains(arena, NULL));
    expect(ash_arena_record_of(start) != NULL && ash_arena_record_of(start + bytes) == NULL);
    ash_free(ash_malloc(5 * (size_t)SLICE));
    void *base = NULL;
    bytes = 0;
    expect(ash_arena_unload(arena, &base, &accessed, &bytes));
    expect(base == start);
    expect_equal(bytes, 3 * (size_t)UNIT - SLICE);
    expect_equal(accessed, 5 * (size_t)SLICE);
    memset(base, 1, bytes);

    expect(ash_arena_reserve(1, 0, &arena));
    expect(ash_arena_unload(arena, &base, &accessed, &bytes));
    expect(base == NULL && accessed == 0 && bytes == 0);
    players_expect_all_free();
}

CLAIM(indices_and_numbers_are_used_again) {
    char *memory = arenas_memory(4 * (size_t)UNIT, 0);
    size_t claimed = 0;
    for (int i = 0; i < 2 * ASH_ARENA_MAX; i++) {
        ash_arena_t *arena = arenas_manage(memory, (1 + (size_t)i % 4) * UNIT, ASH_ARENA_EXCLUSIVE);
        ash_heap_t *heap = ash_heap_new_in_arena(arena);
        expect(ash_heap_calloc(heap, 1, 100) != NULL && ash_heap_malloc(heap, RUN) != NULL);
        ash_heap_destroy(heap);
        expect(ash_arena_unload(arena, NULL, NULL, NULL));
        claimed = i == 3 ? os_fake_tally().claimed_bytes : claimed;
    }
    expect_equal(os_fake_tally().claimed_bytes, claimed);
    players_expect_all_free();
}

CLAIM(there_are_as_many_arenas_as_was_said) {
    size_t room = ash_min(ASH_ARENA_UNITS / ASH_ARENA_STEP, ASH_ARENA_MAX);
    char *memory = arenas_memory(ASH_ARENA_MAX * (size_t)SLICE, 0);
    for (size_t i = 0; i < room; i++) {
        ash_arena_t *arena = arenas_manage(memory + i * SLICE, SLICE, ASH_ARENA_EXCLUSIVE);
        ash_heap_t *heap = ash_heap_new_in_arena(arena);
        expect(ash_heap_malloc(heap, SLICE) == memory + i * SLICE);
    }
    expect_refused(
        ash_arena_manage(arenas_memory(SLICE, 0), SLICE, ASH_ARENA_COMMITTED, -1, NULL, NULL, NULL),
        ENOMEM);
    players_audit();
}

CLAIM(bad_requests_are_refused) {
    char *memory = arenas_memory(4 * (size_t)UNIT, 0);
    ash_arena_t *arena = arenas_manage(memory, 2 * (size_t)UNIT, 0);
    ash_arena_t *none = arena;
    unsigned flags = ASH_ARENA_COMMITTED;
    char *inside = memory + UNIT, *behind = memory + 2 * (size_t)UNIT;
    expect_refused(ash_arena_manage(inside, UNIT, flags, -1, NULL, NULL, &none), EINVAL);
    expect(none == NULL);
    expect_refused(ash_arena_manage(memory, 3 * (size_t)UNIT, flags, -1, NULL, NULL, &none),
                   EINVAL);
    expect_refused(ash_arena_manage(behind + 1, SLICE, flags, -1, NULL, NULL, &none), EINVAL);
    expect_refused(ash_arena_manage(behind, SLICE - 1, flags, -1, NULL, NULL, &none), EINVAL);
    expect_refused(ash_arena_manage(behind, 0, flags, -1, NULL, NULL, &none), EINVAL);
    expect_refused(ash_arena_manage(NULL, UNIT, flags, -1, NULL, NULL, &none), EINVAL);
    expect_refused(ash_arena_manage(behind, SIZE_MAX, flags, -1, NULL, NULL, &none), EINVAL);
    expect_refused(ash_arena_manage(behind, UNIT, 32, -1, NULL, NULL, &none), EINVAL);
    expect_refused(ash_arena_manage(behind, UNIT, flags, -2, NULL, NULL, &none), EINVAL);
    expect_refused(ash_arena_manage(behind, UNIT, flags, 64, NULL, NULL, &none), EINVAL);
    expect_refused(ash_arena_reserve(UNIT, 64, &none), EINVAL);
    expect_refused(ash_arena_reserve(SIZE_MAX, 0, &none), ENOMEM);
    expect_refused(ash_arena_reserve_huge(1, 64, 0, 0, &none) != 0, EINVAL);
    expect_refused(ash_arena_reserve_huge(SIZE_MAX, 0, 0, 0, &none) != 0, ENOMEM);
    expect_refused(ash_heap_set_numa_affinity(ash_heap_main(), 64), EINVAL);
    expect_refused(ash_heap_set_numa_affinity(ash_heap_main(), -2), EINVAL);
    arenas_unload(arena);
}

CLAIM(memory_of_our_own_cannot_be_handed_in) {
    char *run = ash_malloc(RUN);
    expect(ash_region_contains(run));
    expect_refused(ash_arena_manage(run, RUN, ASH_ARENA_COMMITTED, -1, NULL, NULL, NULL), EINVAL);
    ash_free(run);
    players_expect_all_free();
}

// A foreign unit of the window below the limit: what lies in it is found all the same.
CLAIM(memory_inside_the_window_can_be_handed_in) {
    expect(ash_boot());
    char *memory = (char *)ash_region.base + 2 * (size_t)UNIT;
    expect(mmap(memory, UNIT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                0) == memory);
    os_fake_hand_in(memory, UNIT);
    os_fake_occupy(memory, UNIT);
    ash_arena_t *arena = arenas_manage(memory, UNIT, ASH_ARENA_EXCLUSIVE);
    ash_heap_t *heap = ash_heap_new_in_arena(arena);
    char *before = ash_heap_malloc(heap, 100);
    while (ash_region.active < 4) {
        expect(ash_malloc(UNIT) != NULL);
    }
    expect(ash_region_contains(before) && ash_region_is_foreign(before));
    expect_equal(ash_usable_size(before), ash_good_size(100));
    char *after = ash_heap_malloc(heap, RUN);
    expect(ash_arena_contains(arena, after) && ash_heap_of(after) == heap);
    ash_free(before);
    ash_free(after);
    for (int i = 0; i < 1000; i++) {  // through the bin and back to the span
        void *blocks[40];
        for (int k = 0; k < 40; k++) {
            blocks[k] = ash_heap_malloc(heap, 1000);
            expect(ash_arena_contains(arena, blocks[k]));
        }
        for (int k = 0; k < 40; k++) {
            ash_free(blocks[k]);
        }
    }
    players_audit();
    ash_heap_destroy(heap);
    expect(ash_arena_unload(arena, NULL, NULL, NULL));
    ash_store_audit();
}

DEATH(a_block_freed_twice_in_an_arena_is_seen) {
    ash_arena_t *arena = arenas_make(HANDED_IN, UNIT);
    ash_heap_t *heap = ash_heap_new_in_arena(arena);
    char *run = ash_heap_malloc(heap, RUN);
    last_words("ASH102: free of 0x%llx: no block lives there (freed before?)...",
               (unsigned long long)(uintptr_t)run);
    ash_free(run);
    ash_free(run);
}

DEATH(a_pointer_into_a_block_of_an_arena_is_seen) {
    ash_arena_t *arena = arenas_make(HANDED_IN, UNIT);
    ash_heap_t *heap = ash_heap_new_in_arena(arena);
    char *run = ash_heap_malloc(heap, RUN);
    last_words("ASH103: free of 0x%llx: it does not point to the start of a block...",
               (unsigned long long)(uintptr_t)(run + 16));
    ash_free(run + 16);
}

// What is said ------------------------------------------------------------------------------

static char printed[4096];

static void keep(const char *line, void *argument) {
    expect(argument == printed);
    strncat(printed, line, sizeof printed - strlen(printed) - 1);
}

CLAIM(the_text_shows_what_is_in_use) {
    ash_arena_t *arena = arenas_make(HANDED_IN, 3 * (size_t)UNIT);
    ash_heap_t *heap = ash_heap_new_in_arena(arena);
    expect(ash_heap_malloc(heap, (size_t)UNIT - 3 * SLICE) != NULL);
    char *run = ash_heap_malloc(heap, RUN);
    ash_free(ash_heap_malloc(heap, (size_t)UNIT + SLICE));
    char wanted[256];
    snprintf(wanted, sizeof wanted,
             "arena 0: %zu KiB at 0x%llx, handed in, exclusive, committed\n  x+-.\n",
             3 * (size_t)UNIT >> 10, (unsigned long long)(uintptr_t)ash_arena_area(arena, NULL));
    ash_arenas_print(keep, printed);
    expect_text(printed, wanted);
    os_fake_set_quiet(true);
    os_fake_forget_text();
    ash_arenas_print(NULL, NULL);
    expect_text(os_fake_text(), wanted);
    ash_free(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_heaps_blocks_lie_in_its_arena),
        cmocka_unit_test(an_exclusive_arena_serves_nobody_else),
        cmocka_unit_test(a_shared_arena_serves_everybody),
        cmocka_unit_test(what_the_arena_has_no_room_for_fails),
        cmocka_unit_test(a_block_may_be_as_large_as_its_arena),
        cmocka_unit_test(runs_grow_in_place_up_to_the_end_of_their_arena),
        cmocka_unit_test(general_runs_do_not_grow_into_an_arena),
        cmocka_unit_test(blocks_at_an_offset_lie_in_the_arena),
        cmocka_unit_test(aligned_blocks_are_aligned_in_memory_that_is_not),
        cmocka_unit_test(other_threads_free_what_lies_in_an_arena),
        cmocka_unit_test(a_deleted_heaps_blocks_stay_in_the_arena),
        cmocka_unit_test(unloading_tells_what_is_the_callers_again),
        cmocka_unit_test(indices_and_numbers_are_used_again),
        cmocka_unit_test(there_are_as_many_arenas_as_was_said),
        cmocka_unit_test(bad_requests_are_refused),
        cmocka_unit_test(memory_of_our_own_cannot_be_handed_in),
        cmocka_unit_test(memory_inside_the_window_can_be_handed_in),
        cmocka_unit_test(a_block_freed_twice_in_an_arena_is_seen),
        cmocka_unit_test(a_pointer_into_a_block_of_an_arena_is_seen),
        cmocka_unit_test(the_text_shows_what_is_in_use),
    };
    return RUN_TESTS(tests);
}
