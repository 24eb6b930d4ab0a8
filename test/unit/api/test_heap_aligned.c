#include <errno.h>
#include <string.h>

#include "api/query.h"
#include "ashlar/arena.h"
#include "ashlar/ashlar.h"
#include "players.h"
#include "support.h"

enum { SIZES = 5 };

static const size_t sizes[SIZES] = {1, 100, ASH_BLOCK_MAX, ASH_BLOCK_MAX + 1,
                                    (size_t)ASH_RUN_MAX + 1};

static ash_heap_t *start(void) {
    player_enter(0);
    ash_heap_t *heap = ash_heap_new();
    expect(heap != NULL);
    return heap;
}

static bool is_zero(const char *block) {
    size_t bytes = ash_usable_size(block);
    bytes = bytes < 100000 ? bytes : 100000;
    for (size_t i = 0; i < bytes; i++) {
        if (block[i] != 0) {
            return false;
        }
    }
    return true;
}

static void expect_placed(const ash_heap_t *heap, const void *block, size_t align, size_t offset) {
    expect(block != NULL);
    expect_equal(((uintptr_t)block + offset) % align, 0);
    expect(ash_heap_of(block) == heap);
}

CLAIM(the_byte_at_the_offset_is_aligned) {
    ash_heap_t *heap = start();
    for (size_t align = 1; align <= 1 << 20; align *= 16) {
        for (int i = 0; i < SIZES; i++) {
            for (size_t offset = 0; offset <= 40; offset += 20) {
                void *block = ash_heap_malloc_aligned_at(heap, sizes[i], align, offset);
                expect_placed(heap, block, align, offset);
                memset(block, 0xee, sizes[i] < 1000 ? sizes[i] : 1000);
                ash_free(block);
                block = ash_heap_zalloc_aligned_at(heap, sizes[i], align, offset);
                expect_placed(heap, block, align, offset);
                expect(is_zero(block));
                ash_free(block);
            }
        }
    }
    ash_heap_destroy(heap);
    players_audit();
    players_expect_all_free();
}

CLAIM(an_alignment_that_is_none_is_einval) {
    ash_heap_t *heap = start();
    const size_t bad[] = {0, 3, 48, SIZE_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        errno = 0;
        expect(ash_heap_malloc_aligned_at(heap, 10, bad[i], 4) == NULL && errno == EINVAL);
        errno = 0;
        expect(ash_heap_zalloc_aligned_at(heap, 10, bad[i], 0) == NULL && errno == EINVAL);
    }
    errno = 0;
    expect(ash_heap_malloc_aligned_at(heap, SIZE_MAX, 64, 4) == NULL && errno == ENOMEM);
    expect_equal(ash_heap_bytes(heap), 0);
}

CLAIM(the_limit_of_a_heap_holds_for_odd_places_too) {
    ash_heap_t *heap = start();
    ash_heap_set_limit(heap, (size_t)1 << 20);
    expect(ash_heap_malloc_aligned_at(heap, (size_t)1 << 20, 64, 8) == NULL);
    expect(ash_heap_malloc_aligned_at(heap, (size_t)ASH_RUN_MAX + 1, 64, 8) == NULL);
    expect_equal(ash_heap_bytes(heap), 0);
    void *block = ash_heap_malloc_aligned_at(heap, (size_t)1 << 19, 64, 8);
    expect(block != NULL && ash_heap_bytes(heap) > 0);
    ash_free(block);
    expect_equal(ash_heap_bytes(heap), 0);
}

static ash_heap_t *ended(bool destroyed) {
    ash_heap_t *heap = start();
    expect(ash_heap_malloc(heap, 24) != NULL);
    if (destroyed) {
        ash_heap_destroy(heap);
    } else {
        ash_heap_delete(heap);
    }
    last_words("ASH104: use of %#jx: that heap has ended...", (uintmax_t)(uintptr_t)heap);
    return heap;
}

DEATH(an_aligned_block_of_an_ended_heap_is_refused) {
    (void)!ash_heap_malloc_aligned_at(ended(true), 24, 64, 0);
}

DEATH(a_small_block_at_an_odd_place_of_an_ended_heap_is_refused) {
    (void)!ash_heap_zalloc_aligned_at(ended(false), 24, 64, 8);
}

DEATH(a_huge_block_at_an_odd_place_of_an_ended_heap_is_refused) {
    (void)!ash_heap_malloc_aligned_at(ended(true), (size_t)ASH_RUN_MAX + 1, 64, 8);
}

DEATH(a_huge_block_of_an_ended_heap_is_refused) {
    (void)!ash_heap_malloc(ended(true), (size_t)ASH_RUN_MAX + 1);
}

DEATH(an_aligned_huge_block_of_an_ended_heap_is_refused) {
    (void)!ash_heap_aligned_alloc(ended(false), (size_t)1 << 22, 100);
}

// Where its memory came from may be gone.
DEATH(a_heap_in_an_arena_that_has_ended_is_refused) {
    player_enter(0);
    ash_arena_t *arena;
    expect(ash_arena_reserve((size_t)4 << 20, 0, &arena));
    ash_heap_t *heap = ash_heap_new_in_arena(arena);
    ash_heap_destroy(heap);
    expect(ash_arena_unload(arena, NULL, NULL, NULL));
    last_words("ASH104: use of %#jx: that heap has ended...", (uintmax_t)(uintptr_t)heap);
    (void)!ash_heap_zalloc_aligned_at(heap, ASH_BLOCK_MAX + 1, (size_t)1 << 22, 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_byte_at_the_offset_is_aligned),
        cmocka_unit_test(an_alignment_that_is_none_is_einval),
        cmocka_unit_test(the_limit_of_a_heap_holds_for_odd_places_too),
        cmocka_unit_test(an_aligned_block_of_an_ended_heap_is_refused),
        cmocka_unit_test(a_small_block_at_an_odd_place_of_an_ended_heap_is_refused),
        cmocka_unit_test(a_huge_block_at_an_odd_place_of_an_ended_heap_is_refused),
        cmocka_unit_test(a_huge_block_of_an_ended_heap_is_refused),
        cmocka_unit_test(an_aligned_huge_block_of_an_ended_heap_is_refused),
        cmocka_unit_test(a_heap_in_an_arena_that_has_ended_is_refused),
    };
    return RUN_TESTS(tests);
}
