#include "heap/realm.h"

#include <errno.h>
#include <string.h>

#include "ashlar/ashlar.h"
#include "heap/registry.h"
#include "heap/tenure.h"
#include "players.h"
#include "supply/huge.h"
#include "supply/region.h"
#include "support.h"

enum { SIZES = 5, BLOCKS = 200 };

static const size_t sizes[SIZES] = {24, 600, ASH_BLOCK_MAX, ASH_BLOCK_MAX + 1,
                                    (size_t)ASH_RUN_MAX + 1};
static void *blocks[BLOCKS];

static ash_heap_t *start(void) {
    player_enter(0);
    ash_heap_t *heap = ash_heap_new();
    expect(heap != NULL);
    return heap;
}

// Small ones, a run and a huge one; all written to.
static void fill(ash_heap_t *heap) {
    for (int i = 0; i < BLOCKS; i++) {
        size_t bytes = sizes[i < SIZES ? i : i % 2];
        blocks[i] = ash_heap_malloc(heap, bytes);
        expect(blocks[i] != NULL);
        memset(blocks[i], i, bytes < 1000 ? bytes : 1000);
    }
}

static void expect_filled(void) {
    for (int i = 0; i < BLOCKS; i++) {
        expect_equal(((unsigned char *)blocks[i])[20], (unsigned char)i);
    }
}

CLAIM(a_block_knows_its_heap) {
    ash_heap_t *heap = start();
    ash_heap_t *other = ash_heap_new();
    fill(heap);
    for (int i = 0; i < BLOCKS; i++) {
        expect(ash_heap_of(blocks[i]) == heap);
        expect(ash_heap_contains(heap, blocks[i]) && !ash_heap_contains(other, blocks[i]));
    }
    for (int i = 0; i < SIZES; i++) {
        expect(ash_heap_of(ash_malloc(sizes[i])) == ash_heap_main());
    }
    int local;
    expect(ash_heap_of(NULL) == NULL && ash_heap_of(&local) == NULL);
}

// A thread's own heap goes to the next new thread, with all that is in it. What the former
// thread remembered of other heaps is not the next one's.
CLAIM(the_next_thread_does_not_find_its_predecessors_heaps) {
    ash_heap_t *heap = start();
    (void)!ash_malloc(8);
    player_enter(1);
    struct ash_heap *own = player_heap();
    ash_free(ash_heap_malloc(heap, 100));
    player_end();
    player_start(2);
    expect(player_heap() == own);
    player_enter(3);
    char *first = ash_heap_malloc(heap, 100);  // takes over the heap in the realm
    struct ash_heap *in_realm = atomic_load(&ash_record_first(first)->owner);
    uint32_t count = ash_bin_count(in_realm, ash_class_of(100));
    player_enter(2);
    char *second = ash_heap_malloc(heap, 100);
    expect(atomic_load(&ash_record_first(second)->owner) != in_realm);
    expect_equal(ash_bin_count(in_realm, ash_class_of(100)), count);
}

CLAIM(destroying_leaves_nothing) {
    for (int round = 0; round < 3; round++) {
        ash_heap_t *heap = start();
        fill(heap);
        expect(ash_heap_bytes(heap) > (size_t)ASH_RUN_MAX);
        player_enter(1);
        void *foreign = ash_heap_malloc(heap, 24);
        expect(foreign != NULL);
        ash_free(blocks[0]);  // remote, to a heap that will be gone
        player_enter(0);
        ash_free(foreign);
        ash_heap_destroy(heap);
        players_audit();
        players_expect_all_free();
        player_enter(1);
        players_expect_all_free();
    }
}

CLAIM(deleted_blocks_live_on_in_the_main_heap) {
    ash_heap_t *heap = start();
    fill(heap);
    ash_free(ash_heap_malloc(heap, 3000));  // a span that goes back when the heap ends
    size_t bytes = ash_heap_bytes(heap);
    size_t before = ash_heap_bytes(ash_heap_main());
    ash_heap_delete(heap);
    expect(ash_heap_bytes(ash_heap_main()) <= before + bytes);
    expect_filled();
    for (int i = 0; i < BLOCKS; i++) {
        expect(ash_heap_of(blocks[i]) == ash_heap_main());
        ash_free(blocks[i]);
    }
    players_audit();
    players_expect_all_free();
    expect_equal(ash_heap_bytes(ash_heap_main()), 0);
}

CLAIM(a_new_heap_is_never_taken_for_an_old_one) {
    ash_heap_t *heap = start();
    void *block = ash_heap_malloc(heap, 24);
    ash_heap_destroy(heap);
    ash_heap_t *again = ash_heap_new();
    expect(again == heap);  // the same place
    size_t main_bytes = ash_heap_bytes(ash_heap_main());
    expect_equal(ash_heap_bytes(again), 0);
    block = ash_heap_malloc(again, 24);
    expect(ash_heap_of(block) == again);
    expect_equal(ash_heap_bytes(again), ASH_SLICE_BYTES);
    expect_equal(ash_heap_bytes(ash_heap_main()), main_bytes);
}

CLAIM(heaps_of_ended_threads_are_used_again) {
    ash_heap_t *heap = start();
    void *mine = ash_heap_malloc(heap, 24);
    for (unsigned i = 1; i < PLAYERS_MAX; i++) {
        player_enter(i);
        void *block = ash_heap_malloc(heap, 24);
        expect(ash_heap_of(block) == heap);
        player_end();
        player_enter(0);
        ash_free(block);
        expect_equal(ash_heap_bytes(heap), 2 * ASH_SLICE_BYTES - ASH_SLICE_BYTES * (i >= 1));
    }
    size_t heaps = 0;
    for (struct ash_heap *one = heap->heaps; one != NULL; one = one->next_in_realm) {
        heaps++;
    }
    expect_equal(heaps, 2);
    ash_free(mine);
    ash_heap_destroy(heap);
    players_expect_all_free();
}

static size_t count_heaps(void) {
    size_t count = 0;
    for (struct ash_heap *heap = NULL; (heap = ash_registry_next(heap)) != NULL;) {
        count++;
    }
    return count;
}

CLAIM(heaps_of_deleted_realms_are_used_again) {
    player_enter(0);
    expect(player_heap() != NULL);
    size_t before = count_heaps();
    for (int i = 0; i < 50; i++) {
        ash_heap_t *heap = ash_heap_new();
        void *block = ash_heap_malloc(heap, 24);
        ash_heap_delete(heap);
        ash_free(block);
        (void)ash_collect();
    }
    expect_equal(count_heaps(), before + 1);
    players_audit();
    players_expect_all_free();
}

CLAIM(a_deleted_realms_heap_with_a_block_out_is_not_used) {
    player_enter(0);
    ash_heap_t *first = ash_heap_new();
    void *out = ash_heap_malloc(first, 24);
    struct ash_heap *orphan = ash_record_first(out)->owner;
    ash_heap_delete(first);
    ash_heap_t *second = ash_heap_new();
    void *block = ash_heap_malloc(second, 24);
    expect(ash_record_first(block)->owner != orphan);
    expect(ash_heap_of(out) == ash_heap_main());
    ash_heap_destroy(second);
    ash_free(out);
    players_expect_all_free();
}

CLAIM(a_thread_remembers_more_heaps_than_it_has_room_for) {
    enum { HEAPS = 3 * ASH_HEAP_RECENT };
    ash_heap_t *heaps[HEAPS];
    player_enter(0);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < HEAPS; i++) {
            if (round == 0) {
                heaps[i] = ash_heap_new();
            }
            blocks[i] = ash_heap_malloc(heaps[i], 24);
            expect(ash_heap_of(blocks[i]) == heaps[i]);
            expect_equal(ash_heap_bytes(heaps[i]), ASH_SLICE_BYTES);
        }
    }
    for (int i = 0; i < HEAPS; i++) {
        ash_heap_destroy(heaps[i]);
    }
    players_expect_all_free();
}

CLAIM(a_limit_is_kept_and_what_comes_back_counts) {
    ash_heap_t *heap = start();
    ash_heap_set_limit(heap, 4 * ASH_SLICE_BYTES);
    void *run = ash_heap_malloc(heap, 3 * ASH_SLICE_BYTES);
    expect(run != NULL && ash_heap_malloc(heap, 24) != NULL);
    errno = 0;
    expect(ash_heap_malloc(heap, 600) == NULL);
    expect_equal(errno, ENOMEM);
    errno = 0;
    expect(ash_heap_malloc(heap, (size_t)ASH_RUN_MAX + 1) == NULL);
    expect_equal(errno, ENOMEM);
    expect(ash_heap_realloc(heap, run, 3 * ASH_SLICE_BYTES + 1) == NULL);
    expect(ash_heap_malloc(heap, 24) != NULL);  // of what it has
    run = ash_heap_realloc(heap, run, 2 * ASH_SLICE_BYTES);
    expect_equal(ash_heap_bytes(heap), 3 * ASH_SLICE_BYTES);
    expect(ash_heap_malloc(heap, 600) != NULL);
    ash_heap_set_limit(heap, 0);
    expect(ash_heap_malloc(heap, (size_t)ASH_RUN_MAX + 1) != NULL);
    ash_heap_destroy(heap);
    players_expect_all_free();
}

CLAIM(realloc_leaves_a_block_in_its_heap_and_heap_realloc_moves_it) {
    ash_heap_t *heap = start();
    for (int from = 0; from < SIZES; from++) {
        for (int to = 0; to < SIZES; to++) {
            void *block = ash_realloc(ash_heap_malloc(heap, sizes[from]), sizes[to]);
            expect(ash_heap_of(block) == heap);
            void *other = ash_heap_realloc(heap, ash_malloc(sizes[from]), 2 * sizes[from]);
            expect(ash_heap_of(other) == heap || from >= 3);  // the large ones may grow in place
            ash_free(other);
            ash_free(block);
        }
    }
    ash_heap_destroy(heap);
    players_expect_all_free();
}

CLAIM(every_kind_of_request_is_met) {
    ash_heap_t *heap = start();
    for (int i = 0; i < SIZES; i++) {
        char *block = ash_heap_malloc(heap, sizes[i]);
        memset(block, 1, sizes[i]);
        ash_free(block);
        block = ash_heap_zalloc(heap, sizes[i]);
        for (size_t k = 0; k < sizes[i]; k += 8) {
            expect_equal(block[k], 0);
        }
        block = ash_heap_aligned_alloc(heap, 4096, sizes[i]);
        expect_equal((uintptr_t)block % 4096, 0);
        expect(ash_heap_of(block) == heap);
    }
    errno = 0;
    expect(ash_heap_calloc(heap, SIZE_MAX / 2, 3) == NULL && errno == ENOMEM);
    errno = 0;
    expect(ash_heap_reallocarray(heap, NULL, SIZE_MAX / 2, 3) == NULL && errno == ENOMEM);
    errno = 0;
    expect(ash_heap_aligned_alloc(heap, 24, 24) == NULL && errno == EINVAL);
    expect(ash_heap_malloc(heap, 0) != NULL);
    ash_heap_destroy(heap);
    players_expect_all_free();
}

CLAIM(the_main_heap_and_no_heap_do_not_end) {
    (void)start();
    void *block = ash_heap_malloc(ash_heap_main(), 24);
    ash_heap_destroy(ash_heap_main());
    ash_heap_delete(ash_heap_main());
    ash_heap_destroy(NULL);
    ash_heap_delete(NULL);
    expect(ash_heap_of(block) == ash_heap_main());
    ash_free(block);
}

CLAIM(a_thread_past_its_end_still_gets_blocks_of_a_heap) {
    ash_heap_t *heap = start();
    player_enter(1);
    (void)player_heap();
    player_end();
    void *block = ash_heap_malloc(heap, 24);
    expect(ash_heap_of(block) == heap);
    ash_free(block);
    ash_heap_destroy(heap);
    player_enter(0);
    players_expect_all_free();
}

DEATH(a_small_block_of_an_ended_heap_is_refused) {
    ash_heap_t *heap = start();
    expect(ash_heap_malloc(heap, 24) != NULL);
    ash_heap_destroy(heap);
    last_words("ASH104: use of %#jx: that heap has ended before...", (uintmax_t)(uintptr_t)heap);
    (void)!ash_heap_malloc(heap, 24);
}

DEATH(a_large_block_of_an_ended_heap_is_refused) {
    ash_heap_t *heap = start();
    ash_heap_delete(heap);
    last_words("ASH104: use of %#jx: that heap has ended before...", (uintmax_t)(uintptr_t)heap);
    (void)!ash_heap_malloc(heap, ASH_BLOCK_MAX + 1);
}

DEATH(a_heap_that_is_ended_twice_is_seen) {
    ash_heap_t *heap = start();
    ash_heap_destroy(heap);
    last_words("ASH104: ash_heap_destroy of %#jx: that heap has ended...",
               (uintmax_t)(uintptr_t)heap);
    ash_heap_destroy(heap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_knows_its_heap),
        cmocka_unit_test(the_next_thread_does_not_find_its_predecessors_heaps),
        cmocka_unit_test(destroying_leaves_nothing),
        cmocka_unit_test(deleted_blocks_live_on_in_the_main_heap),
        cmocka_unit_test(a_new_heap_is_never_taken_for_an_old_one),
        cmocka_unit_test(heaps_of_ended_threads_are_used_again),
        cmocka_unit_test(heaps_of_deleted_realms_are_used_again),
        cmocka_unit_test(a_deleted_realms_heap_with_a_block_out_is_not_used),
        cmocka_unit_test(a_thread_remembers_more_heaps_than_it_has_room_for),
        cmocka_unit_test(a_limit_is_kept_and_what_comes_back_counts),
        cmocka_unit_test(realloc_leaves_a_block_in_its_heap_and_heap_realloc_moves_it),
        cmocka_unit_test(every_kind_of_request_is_met),
        cmocka_unit_test(the_main_heap_and_no_heap_do_not_end),
        cmocka_unit_test(a_thread_past_its_end_still_gets_blocks_of_a_heap),
        cmocka_unit_test(a_small_block_of_an_ended_heap_is_refused),
        cmocka_unit_test(a_large_block_of_an_ended_heap_is_refused),
        cmocka_unit_test(a_heap_that_is_ended_twice_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
