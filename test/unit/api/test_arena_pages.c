// Where reserved arenas come from, pages of 1 GiB, NUMA nodes, and what may go wrong.

#include "ashlar/arena.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "api/boot.h"
#include "arenas.h"
#include "base/bits.h"
#include "base/config.h"
#include "os_fake.h"
#include "players.h"
#include "supply/arena.h"
#include "supply/region.h"
#include "supply/store.h"
#include "support.h"

CLAIM(reserving_can_bring_the_memory_in) {
    ash_arena_t *arena = NULL;
    expect(ash_arena_reserve(UNIT + 1, ASH_ARENA_COMMITTED | ASH_ARENA_HUGE_PAGES, &arena));
    expect_equal(os_fake_tally().populated_bytes, 2 * (size_t)UNIT);
    expect_equal(os_fake_tally().advised_bytes, 2 * (size_t)UNIT);
    size_t purged = os_fake_tally().purged_bytes;
    arenas_unload(arena);
    expect_equal(os_fake_tally().purged_bytes, purged + 2 * (size_t)UNIT);

    os_fake_fail_once(1 << OS_FAKE_POPULATE, 1);
    expect_refused(ash_arena_reserve(UNIT, ASH_ARENA_COMMITTED, &arena), ENOMEM);
    players_expect_all_free();
}

CLAIM(an_arena_goes_around_somebodys_mapping) {
    expect(ash_boot());
    os_fake_occupy((char *)ash_region.base + 2 * (size_t)UNIT, 1);
    ash_arena_t *arena = arenas_make(RESERVED, 4 * (size_t)UNIT);
    expect(ash_arena_area(arena, NULL) == (char *)ash_region.base + 4 * (size_t)UNIT);
    ash_heap_t *heap = ash_heap_new_in_arena(arena);
    expect(ash_heap_malloc(heap, 4 * (size_t)UNIT) != NULL);
    void *outside = ash_malloc(UNIT);
    expect(outside == (void *)ash_region.base);  // units before it are everybody's
    ash_free(outside);
    ash_heap_destroy(heap);
    arenas_unload(arena);
}

CLAIM(an_unloaded_reservation_is_for_everybody) {
    ash_arena_t *arena = arenas_make(RESERVED, 4 * (size_t)UNIT);
    char *start = ash_arena_area(arena, NULL);
    ash_heap_t *heap = ash_heap_new_in_arena(arena);
    memset(ash_heap_malloc(heap, RUN), 1, RUN);
    ash_heap_destroy(heap);
    os_fake_fail_from(1 << OS_FAKE_PURGE, 1);
    expect(ash_arena_unload(arena, NULL, NULL, NULL));
    os_fake_fail_never();
    ash_store_audit();
    size_t active = ash_region.active;
    char *block = ash_calloc(1, 4 * (size_t)UNIT);
    expect(block == start && block[0] == 0 && block[RUN - 1] == 0);
    expect_equal(ash_region.active, active);
    ash_free(block);
    players_expect_all_free();
}

// Pages of 1 GiB --------------------------------------------------------------------------

#define GIB ((size_t)1 << 30)

static bool has_room_for_huge(void) {
    expect(ash_boot());
    return ash_region.unit_max / (GIB / UNIT) >= 4;
}

CLAIM(huge_pages_are_taken_one_by_one) {
    if (!has_room_for_huge()) {
        return;
    }
    os_fake_set_nodes(3);
    char *before = ash_malloc(100);
    ash_arena_t *arena = NULL;
    expect_equal(ash_arena_reserve_huge(2, 1, 0, ASH_ARENA_EXCLUSIVE, &arena), 2);
    expect_equal(os_fake_tally().huge_bytes, 2 * GIB);
    expect_equal(os_fake_tally().populated_bytes, 2 * GIB);
    expect_equal(os_fake_tally().preferred_bytes[1], 2 * GIB);
    expect_equal(os_fake_tally().calls[OS_FAKE_HUGE], 2);
    size_t bytes;
    expect_equal((uintptr_t)ash_arena_area(arena, &bytes) % GIB, 0);
    expect_equal(bytes, 2 * GIB);
    ash_heap_t *heap = ash_heap_new_in_arena(arena);
    arenas_work(heap, arena);
    ash_free(before);
    (void)ash_collect();
    size_t purged = os_fake_tally().purged_bytes;
    ash_free(ash_heap_malloc(heap, RUN));
    (void)ash_collect();
    expect_equal(os_fake_tally().purged_bytes, purged);  // pinned
    ash_heap_destroy(heap);
    void *area = ash_arena_area(arena, NULL);
    arenas_unload(arena);
    expect_equal(ash_arena_reserve_huge(2, -1, 0, 0, &arena), 2);  // at the same place
    expect(ash_arena_area(arena, NULL) == area);
    arenas_unload(arena);
}

CLAIM(huge_pages_come_behind_what_is_mapped_already) {
    if (!has_room_for_huge()) {
        return;
    }
    void *blocks[64];
    size_t count = 0;
    do {
        blocks[count++] = ash_malloc(UNIT - SLICE);
    } while (count < 64 && ash_region.active == ash_region.mapped);
    expect(ash_region.active < ash_region.mapped);
    ash_arena_t *arena = NULL;
    expect_equal(ash_arena_reserve_huge(1, -1, 0, 0, &arena), 1);
    expect(ash_region.active == ash_region.mapped);
    while (count > 0) {
        ash_free(blocks[--count]);
    }
    arenas_unload(arena);
}

CLAIM(fewer_huge_pages_are_better_than_none) {
    if (!has_room_for_huge()) {
        return;
    }
    static const unsigned kinds[] = {1 << OS_FAKE_HUGE, 1 << OS_FAKE_POPULATE};
    for (int i = 0; i < 2; i++) {
        ash_arena_t *arena = NULL;
        os_fake_fail_once(kinds[i], 2);
        errno = 0;
        expect_equal(ash_arena_reserve_huge(3, -1, 0, ASH_ARENA_EXCLUSIVE, &arena), 1);
        expect_equal(errno, ENOMEM);
        ash_heap_t *heap = ash_heap_new_in_arena(arena);
        expect(ash_heap_malloc(heap, GIB) != NULL);
        expect_refused(ash_heap_malloc(heap, 1) != NULL, ENOMEM);
        ash_heap_destroy(heap);
        arenas_unload(arena);
        os_fake_fail_once(kinds[i], 1);
        expect_refused(ash_arena_reserve_huge(3, -1, 0, 0, &arena) != 0, ENOMEM);
        expect(arena == NULL);
        players_expect_all_free();
    }
    expect(ash_region.active <= 5 * GIB / UNIT);  // places are used again
}

CLAIM(time_limits_are_kept) {
    if (!has_room_for_huge()) {
        return;
    }
    os_fake_set_populate_ms(100);
    ash_arena_t *arena = NULL;
    errno = 0;
    expect_equal(ash_arena_reserve_huge(3, -1, 150, 0, &arena), 2);
    expect_equal(errno, ETIMEDOUT);
    arenas_unload(arena);
    errno = 0;
    expect_equal(ash_arena_reserve_huge(3, -1, 300, 0, &arena), 3);
    expect_equal(errno, 0);
    arenas_unload(arena);
}

// Whether the printed lines name the node.
static void look_for_node(const char *line, void *seen) {
    *(bool *)seen |= strstr(line, ", node 3\n") != NULL;
}

CLAIM(huge_pages_are_spread_over_nodes) {
    if (!has_room_for_huge()) {
        return;
    }
    os_fake_set_nodes(0xb);  // nodes 0, 1 and 3
    expect_equal(ash_arena_reserve_huge_interleave(4, 0, 0), 4);
    const struct os_fake_tally tally = os_fake_tally();
    expect_equal(tally.preferred_bytes[0], 2 * GIB);
    expect_equal(tally.preferred_bytes[1], GIB);
    expect_equal(tally.preferred_bytes[3], GIB);
    bool named = false;
    ash_arenas_print(look_for_node, &named);
    expect(named);
    char *block = ash_malloc(100);  // not exclusive: everybody's
    expect(ash_arena_contains(&ash_arenas[0], block));
    ash_free(block);
    for (int i = 0; i < 3; i++) {
        expect(ash_arena_unload(&ash_arenas[i], NULL, NULL, NULL));
    }
    os_fake_set_populate_ms(100);
    expect_refused(ash_arena_reserve_huge_interleave(4, 2, 150) != 2, ETIMEDOUT);
}

// Nodes -----------------------------------------------------------------------------------

CLAIM(affinity_prefers_arenas_of_the_node_and_places_huge_blocks) {
    os_fake_set_nodes(3);
    char *far = arenas_memory(UNIT, 0), *near = arenas_memory(UNIT, 0);
    ash_arena_t *arenas[2] = {NULL, NULL};
    unsigned flags = ASH_ARENA_COMMITTED;
    expect(ash_arena_manage(far, UNIT, flags, 0, NULL, NULL, &arenas[0]));
    expect(ash_arena_manage(near, UNIT, flags, 1, NULL, NULL, &arenas[1]));
    ash_heap_t *heap = ash_heap_new();
    expect(ash_arena_contains(arenas[0], ash_heap_malloc(heap, RUN)));
    expect(ash_heap_set_numa_affinity(heap, 1));
    expect(ash_arena_contains(arenas[1], ash_heap_malloc(heap, RUN)));
    expect(ash_arena_contains(arenas[1], ash_heap_malloc(heap, 300)));
    expect(ash_heap_malloc(heap, 2 * (size_t)UNIT) != NULL);  // it does not fit: elsewhere
    expect(ash_heap_malloc(heap, (size_t)ASH_RUN_MAX + 1) != NULL);
    expect_equal(os_fake_tally().preferred_bytes[1], ash_round_up((size_t)ASH_RUN_MAX + 1, 4096));
    expect(ash_heap_set_numa_affinity(heap, -1));
    expect(ash_arena_contains(arenas[0], ash_heap_malloc(heap, RUN)));
    ash_heap_destroy(heap);
    expect(ash_arena_unload(arenas[0], NULL, NULL, NULL));
    arenas_unload(arenas[1]);
}

// Trouble ---------------------------------------------------------------------------------

static uint64_t sweep(uint64_t nth, int kind, char *memory) {
    ash_arena_t *arena = NULL;
    os_fake_fail_once(OS_FAKE_ANY, nth);
    uint64_t failures = os_fake_tally().failures;
    bool made = kind == HANDED_IN
                    ? ash_arena_manage(memory, 3 * (size_t)UNIT, 0, -1, NULL, NULL, &arena)
                    : ash_arena_reserve(3 * (size_t)UNIT, ASH_ARENA_COMMITTED, &arena);
    expect(made || errno == ENOMEM);
    ash_heap_t *heap = made ? ash_heap_new_in_arena(arena) : NULL;
    if (heap != NULL) {
        void *small = ash_heap_malloc(heap, 100), *run = ash_heap_malloc(heap, UNIT);
        ash_free(run);
        ash_free(small);
        ash_heap_destroy(heap);
    }
    expect(!made || ash_arena_unload(arena, NULL, NULL, NULL));
    os_fake_fail_never();
    players_expect_all_free();
    return os_fake_tally().failures - failures;
}

CLAIM(any_single_call_of_the_system_may_fail) {
    for (int kind = 0; kind < KINDS; kind++) {
        char *memory = arenas_memory(3 * (size_t)UNIT, SLICE);
        uint64_t nth = 1;
        while (sweep(nth, kind, memory) > 0) {
            nth++;
        }
        expect(nth > 3);
    }
}

CLAIM(a_place_for_the_tables_that_is_taken_is_no_memory) {
    expect(ash_boot());
    char *memory = arenas_memory(2 * (size_t)UNIT, 0);
    os_fake_occupy((char *)(ash_region.records + ash_region.arena_first * ASH_UNIT_SLICES), 1);
    expect_refused(ash_arena_manage(memory, UNIT, ASH_ARENA_COMMITTED, -1, NULL, NULL, NULL),
                   ENOMEM);
    players_expect_all_free();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reserving_can_bring_the_memory_in),
        cmocka_unit_test(an_arena_goes_around_somebodys_mapping),
        cmocka_unit_test(an_unloaded_reservation_is_for_everybody),
        cmocka_unit_test(huge_pages_are_taken_one_by_one),
        cmocka_unit_test(huge_pages_come_behind_what_is_mapped_already),
        cmocka_unit_test(fewer_huge_pages_are_better_than_none),
        cmocka_unit_test(time_limits_are_kept),
        cmocka_unit_test(huge_pages_are_spread_over_nodes),
        cmocka_unit_test(affinity_prefers_arenas_of_the_node_and_places_huge_blocks),
        cmocka_unit_test(any_single_call_of_the_system_may_fail),
        cmocka_unit_test(a_place_for_the_tables_that_is_taken_is_no_memory),
    };
    return RUN_TESTS(tests);
}
