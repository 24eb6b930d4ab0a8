// What memory in arenas holds, and who is asked for it.

#define _GNU_SOURCE

#include "ashlar/arena.h"
#include "ashlar/stats.h"
#include "ashlar/walk.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "arenas.h"
#include "base/config.h"
#include "os_fake.h"
#include "supply/store.h"
#include "support.h"

// What it holds ---------------------------------------------------------------------------

CLAIM(handed_in_memory_is_not_taken_for_zero) {
    char *memory = arenas_memory(2 * (size_t)UNIT, 0);
    memset(memory, 0xAA, 2 * (size_t)UNIT);
    ash_arena_t *arena = arenas_manage(memory, 2 * (size_t)UNIT, 0);
    char *block = ash_calloc(1, RUN);
    expect(ash_arena_contains(arena, block));
    for (size_t i = 0; i < RUN; i++) {
        expect_equal(block[i], 0);
    }
    block[5] = 1;
    ash_free(block);
    (void)ash_collect();  // whatever madvise makes of memory that is somebody else's
    memory[5] = 1;
    block = ash_calloc(1, RUN);
    expect(block == memory && block[5] == 0);
    ash_free(block);
    arenas_unload(arena);
}

CLAIM(memory_said_to_be_zero_is_believed_once) {
    char *memory = arenas_memory(UNIT, 0);
    memory[5] = 1;  // a lie, to see that it is not looked at
    ash_arena_t *arena = arenas_manage(memory, UNIT, ASH_ARENA_ZERO);
    char *block = ash_calloc(1, RUN);
    expect(block == memory && block[5] == 1);
    ash_free(block);
    block = ash_calloc(1, RUN);
    expect(block == memory && block[5] == 0);
    ash_free(block);
    arenas_unload(arena);
}

CLAIM(memory_that_is_not_accessible_is_made_so) {
    char *memory = arenas_memory(2 * (size_t)UNIT, SLICE);
    expect(mprotect(memory, 2 * (size_t)UNIT, PROT_NONE) == 0);
    os_fake_fail_once(1 << OS_FAKE_COMMIT, 1);
    ash_arena_t *arena = NULL;
    expect_refused(ash_arena_manage(memory, 2 * (size_t)UNIT, 0, -1, NULL, NULL, &arena), ENOMEM);
    expect(ash_arena_manage(memory, 2 * (size_t)UNIT, 0, -1, NULL, NULL, &arena));
    expect_equal(os_fake_tally().committed_bytes, 2 * (size_t)UNIT);
    char *block = ash_malloc(RUN);
    expect(ash_arena_contains(arena, block));
    *block = 1;
    ash_free(block);
    arenas_unload(arena);
}

CLAIM(free_slices_go_back_but_for_pinned_ones) {
    static const unsigned flags[] = {0, ASH_ARENA_PINNED};
    for (int i = 0; i < 2; i++) {
        ash_arena_t *arenas[2] = {arenas_manage(arenas_memory(UNIT, 0), UNIT, flags[i]), NULL};
        expect(ash_arena_reserve(UNIT, flags[i] | ASH_ARENA_EXCLUSIVE, &arenas[1]));
        for (int k = 0; k < 2; k++) {
            ash_heap_t *heap = ash_heap_new_in_arena(arenas[k]);
            ash_free(ash_heap_malloc(heap, RUN));
            char *small = ash_heap_malloc(heap, 32);
            expect_equal(ash_store_measure().dirty_bytes, i == 1 ? 0 : SLICE);
            size_t before = os_fake_tally().purged_bytes;
            (void)ash_collect();
            expect_equal(os_fake_tally().purged_bytes > before, i == 0);
            expect_equal(ash_store_measure().dirty_bytes, 0);
            ash_free(small);
            ash_heap_destroy(heap);
            (void)ash_collect();
        }
        expect(ash_arena_unload(arenas[0], NULL, NULL, NULL));
        arenas_unload(arenas[1]);
    }
}

CLAIM(a_refused_purge_of_memory_handed_in_is_let_be) {
    ash_arena_t *arena = arenas_manage(arenas_memory(UNIT, 0), UNIT, 0);
    ash_free(ash_malloc(RUN));
    os_fake_fail_from(1 << OS_FAKE_PURGE, 1);
    expect(!ash_collect());
    os_fake_fail_never();
    expect_equal(ash_store_measure().dirty_bytes, 0);
    size_t before = os_fake_tally().purged_bytes;
    (void)ash_collect();
    expect_equal(os_fake_tally().purged_bytes, before);
    arenas_unload(arena);
}

// The callback ------------------------------------------------------------------------------

struct owner {
    char *start;
    size_t bytes;
    bool slices[4 * ASH_UNIT_SLICES];  // committed
    bool refuses, keeps, zeroes;
    size_t commits, decommits;
};

// Checks that it is asked for whole slices that are as they should be, and makes the others
// inaccessible.
static bool owner_commit(bool commit, void *start, size_t bytes, bool *is_zero, void *argument) {
    struct owner *owner = argument;
    size_t offset = (size_t)((char *)start - owner->start);
    expect(offset < owner->bytes && offset + bytes <= owner->bytes && bytes > 0);
    expect_equal((uintptr_t)start % SLICE, 0);
    expect_equal(bytes % SLICE, 0);
    expect(!*is_zero);
    if (commit ? owner->refuses : owner->keeps) {
        return false;
    }
    for (size_t i = offset / SLICE; i < (offset + bytes) / SLICE; i++) {
        expect_equal(owner->slices[i], !commit);
        owner->slices[i] = commit;
    }
    expect(mprotect(start, bytes, commit ? PROT_READ | PROT_WRITE : PROT_NONE) == 0);
    if (commit) {
        memset(start, owner->zeroes ? 0 : 0x55, bytes);
    }
    owner->commits += commit;
    owner->decommits += !commit;
    *is_zero = commit && owner->zeroes;
    return true;
}

static ash_arena_t *manage_with(struct owner *owner, unsigned flags) {
    owner->bytes = 4 * (size_t)UNIT;
    owner->start = arenas_memory(owner->bytes, 5 * SLICE);
    expect(mprotect(owner->start, owner->bytes, PROT_NONE) == 0);
    ash_arena_t *arena = NULL;
    expect(ash_arena_manage(owner->start, owner->bytes, flags, -1, owner_commit, owner, &arena));
    return arena;
}

CLAIM(slices_are_committed_before_use_and_decommitted_after) {
    struct owner owner = {.zeroes = true};
    ash_arena_t *arena = manage_with(&owner, ASH_ARENA_EXCLUSIVE);
    ash_heap_t *heap = ash_heap_new_in_arena(arena);
    expect_equal(owner.commits, 0);
    arenas_work(heap, arena);
    expect(owner.commits > 0);
    (void)ash_collect();
    expect(owner.decommits > 0);
    arenas_work(heap, arena);
    char *run = ash_heap_malloc(heap, RUN);
    expect(ash_heap_realloc(heap, run, 3 * (size_t)UNIT - SLICE) != NULL);
    ash_heap_destroy(heap);
    (void)ash_collect();
    arenas_unload(arena);
    for (size_t i = 0; i < owner.bytes / SLICE; i++) {
        expect(!owner.slices[i]);
    }
}

CLAIM(what_was_committed_is_zero_only_if_its_owner_says_so) {
    for (int zeroes = 0; zeroes < 2; zeroes++) {
        struct owner owner = {.zeroes = zeroes != 0};
        ash_arena_t *arena = manage_with(&owner, 0);
        for (int i = 0; i < 3; i++) {
            char *block = ash_calloc(1, RUN);
            expect(ash_arena_contains(arena, block));
            for (size_t k = 0; k < RUN; k++) {
                expect_equal(block[k], 0);
            }
            memset(block, 1, RUN);
            ash_free(block);
            if (i == 1) {
                (void)ash_collect();
            }
        }
        arenas_unload(arena);
    }
}

CLAIM(a_refused_commit_is_no_memory_for_a_heap_in_the_arena) {
    struct owner owner = {.refuses = true};
    ash_arena_t *arena = manage_with(&owner, ASH_ARENA_EXCLUSIVE);
    ash_heap_t *heap = ash_heap_new_in_arena(arena);
    expect_refused(ash_heap_malloc(heap, 10) != NULL, ENOMEM);
    expect_refused(ash_heap_malloc(heap, 3 * (size_t)UNIT) != NULL, ENOMEM);
    expect_equal(ash_heap_bytes(heap), 0);
    ash_store_audit();
    owner.refuses = false;
    char *run = ash_heap_malloc(heap, RUN);
    expect(run != NULL);
    owner.refuses = true;
    expect_refused(ash_realloc(run, 2 * RUN) != NULL, ENOMEM);
    expect_equal(ash_usable_size(run), RUN);
    ash_free(run);
    ash_heap_destroy(heap);
    arenas_unload(arena);
}

CLAIM(a_refused_commit_sends_others_elsewhere) {
    struct owner owner = {.refuses = true};
    ash_arena_t *arena = manage_with(&owner, 0);
    static const size_t sizes[] = {10, RUN, 2 * (size_t)UNIT};
    for (size_t i = 0; i < 3; i++) {
        char *block = ash_malloc(sizes[i]);
        expect(block != NULL && !ash_arena_contains(arena, block));
        memset(block, 1, sizes[i]);
        ash_free(block);
    }
    arenas_unload(arena);
}

CLAIM(an_owner_may_keep_what_is_free) {
    struct owner owner = {.keeps = true, .zeroes = true};
    ash_arena_t *arena = manage_with(&owner, 0);
    char *block = ash_malloc(RUN);
    memset(block, 1, RUN);
    ash_free(block);
    (void)ash_collect();
    size_t commits = owner.commits;
    block = ash_calloc(1, RUN);
    expect(ash_arena_contains(arena, block) && block[3] == 0);
    expect_equal(owner.commits, commits);  // it still was
    ash_free(block);
    owner.keeps = false;
    (void)ash_collect();
    arenas_unload(arena);
    expect(owner.decommits > 0);
}

CLAIM(pinned_memory_stays_committed) {
    struct owner owner = {0};
    ash_arena_t *arena = manage_with(&owner, ASH_ARENA_PINNED);
    ash_free(ash_malloc(RUN));
    (void)ash_collect();
    expect(owner.commits > 0 && owner.decommits == 0);
    arenas_unload(arena);
}

CLAIM(arenas_live_on_in_a_child) {
    struct owner owner = {.zeroes = true};
    ash_arena_t *arena = manage_with(&owner, 0);
    char *block = ash_malloc(RUN), *small = ash_malloc(20);
    expect(ash_arena_contains(arena, block) && ash_arena_contains(arena, small));
    os_fake_fork_prepare();
    os_fake_fork_child();
    ash_free(block);
    ash_free(small);
    block = ash_malloc(RUN);
    expect(ash_arena_contains(arena, block));
    ash_free(block);
    arenas_unload(arena);
}

// Walking and statistics ------------------------------------------------------------------

enum { FOUND = 300 };

static void *found[FOUND];
static size_t found_count;

static bool find(const struct ash_area *area, void *block, size_t bytes, void *argument) {
    expect(area->start != NULL && argument == &found_count);
    if (block != NULL) {
        expect(found_count < FOUND && bytes == ash_usable_size(block));
        found[found_count++] = block;
    }
    return true;
}

static size_t times_found(const void *block) {
    size_t times = 0;
    for (size_t i = 0; i < found_count; i++) {
        times += found[i] == block;
    }
    return times;
}

CLAIM(what_lies_in_arenas_is_walked_and_counted) {
    for (int kind = 0; kind < KINDS; kind++) {
        struct ash_stats before = {.bytes = sizeof before}, now = before, own = before;
        expect(ash_stats_get(&before));
        ash_arena_t *arena = arenas_make(kind, 4 * (size_t)UNIT);
        ash_heap_t *heap = ash_heap_new_in_arena(arena);
        void *blocks[FOUND];
        size_t large = 0, all = 0;
        for (size_t i = 0; i < FOUND; i++) {
            blocks[i] = ash_heap_malloc(heap, i % 50 == 0 ? (size_t)RUN : 40);
            large += i % 50 == 0 ? ash_usable_size(blocks[i]) : 0;
            all += ash_usable_size(blocks[i]);
        }
        found_count = 0;
        expect(ash_heap_visit(heap, true, find, &found_count));
        expect_equal(found_count, FOUND);
        for (size_t i = 0; i < FOUND; i++) {
            expect_equal(times_found(blocks[i]), 1);
        }
        struct ash_block_info info = {.bytes = sizeof info};
        expect(ash_block_info(blocks[1], &info) && info.heap == heap && info.area_used > 200);
        expect(ash_heap_stats_get(heap, &own) && ash_stats_get(&now));
        expect_equal(own.allocated, all);
        expect_equal(own.large, large);
        expect_equal(now.allocated, before.allocated + all);
        expect(now.mapped >= now.active && now.active >= own.active);
        expect(now.other <= before.other);  // all that was handed in has its place
        ash_heap_destroy(heap);
        arenas_unload(arena);
        expect(ash_stats_get(&now));
        expect(now.other <= before.other);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handed_in_memory_is_not_taken_for_zero),
        cmocka_unit_test(memory_said_to_be_zero_is_believed_once),
        cmocka_unit_test(memory_that_is_not_accessible_is_made_so),
        cmocka_unit_test(free_slices_go_back_but_for_pinned_ones),
        cmocka_unit_test(a_refused_purge_of_memory_handed_in_is_let_be),
        cmocka_unit_test(slices_are_committed_before_use_and_decommitted_after),
        cmocka_unit_test(what_was_committed_is_zero_only_if_its_owner_says_so),
        cmocka_unit_test(a_refused_commit_is_no_memory_for_a_heap_in_the_arena),
        cmocka_unit_test(a_refused_commit_sends_others_elsewhere),
        cmocka_unit_test(an_owner_may_keep_what_is_free),
        cmocka_unit_test(pinned_memory_stays_committed),
        cmocka_unit_test(arenas_live_on_in_a_child),
        cmocka_unit_test(what_lies_in_arenas_is_walked_and_counted),
    };
    return RUN_TESTS(tests);
}
