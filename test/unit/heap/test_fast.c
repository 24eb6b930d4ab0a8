#include "heap/fast.h"

#include "heap/refill.h"
#include "heap/span.h"
#include "os_fake.h"
#include "players.h"
#include "support.h"

static struct ash_heap *start(void) {
    player_enter(0);
    struct ash_heap *heap = player_heap();
    expect(heap != NULL);
    return heap;
}

// Takes all that a bin holds.
static void use_up(struct ash_heap *heap, size_t bytes) {
    unsigned class_index = ash_class_of(bytes);
    for (uint32_t left = ash_bin_count(heap, class_index); left > 0; left--) {
        expect(ash_fast_take(heap, bytes) != NULL);
    }
    expect_equal(ash_bin_count(heap, class_index), 0);
}

CLAIM(an_empty_bin_is_a_miss) {
    struct ash_heap *heap = start();
    for (size_t bytes = 0; bytes <= ASH_FAST_MAX; bytes++) {
        expect(ash_fast_take(heap, bytes) == NULL);
        expect(ash_fast_take(&ash_heap_done, bytes) == NULL);
    }
}

CLAIM(what_was_freed_last_is_taken_first) {
    struct ash_heap *heap = start();
    unsigned class_index = ash_class_of(100);
    struct ash_block *first = ash_refill(heap, class_index);
    struct ash_block *second = ash_refill(heap, class_index);
    use_up(heap, 100);
    expect(ash_fast_give(first));
    expect_equal(ash_bin_count(heap, class_index), 1);
    expect(ash_fast_give(second));
    expect(ash_fast_take(heap, 97) == second);
    expect(ash_fast_take(heap, 112) == first);
    expect(ash_fast_take(heap, 100) == NULL);
    expect_equal(ash_bin_count(heap, class_index), 0);
}

CLAIM(a_full_bin_is_a_miss_that_changes_nothing) {
    struct ash_heap *heap = start();
    static struct ash_block *blocks[ASH_BIN_BLOCKS + 1];
    uint32_t cap = (uint32_t)ash_classes[2].cap;
    for (uint32_t i = 0; i < cap + 1; i++) {
        blocks[i] = ash_refill(heap, 2);
    }
    use_up(heap, 48);
    for (uint32_t i = 0; i < cap; i++) {
        expect(ash_fast_give(blocks[i]));
    }
    expect(!ash_fast_give(blocks[cap]));
    expect_equal(ash_bin_count(heap, 2), cap);
    expect(*ash_bin_bottom(heap, 2) == NULL);
    for (uint32_t i = 0; i < cap; i++) {
        expect(ash_bin_blocks(heap, 2)[i] == blocks[i]);
    }
}

CLAIM(what_is_not_in_the_region_is_a_miss) {
    (void)start();
    static char outside[64];
    expect(!ash_fast_give(outside));
    expect(!ash_fast_give(NULL));
}

CLAIM(another_threads_block_is_a_miss) {
    struct ash_block *block = ash_refill(start(), 2);
    player_enter(1);
    expect(!ash_fast_give(block));  // without a heap
    struct ash_heap *other = player_heap();
    expect(other != NULL);
    expect(!ash_fast_give(block));
    expect_equal(ash_bin_count(other, 2), 0);
}

CLAIM(memory_that_no_heap_owns_is_a_miss_for_all) {
    (void)ash_refill(start(), 2);
    char *start_of_unit = (char *)ash_region.base;
    for (unsigned player = 0; player < 3; player++) {
        player_enter(player);
        // The last slice is still in the store.
        expect(!ash_fast_give(start_of_unit + ASH_UNIT_BYTES - ASH_SLICE_BYTES));
    }
}

CLAIM(a_threads_first_free_may_be_of_somebodys_mapping_in_the_window) {
    struct ash_heap *heap = start();
    char *base = (char *)ash_region.base;
    os_fake_occupy(base + ASH_UNIT_BYTES, ASH_SLICE_BYTES);
    while (ash_region.active < 3) {
        expect(ash_span_cut(heap, ASH_CLASS_COUNT - 1) != NULL);
    }
    player_enter(1);
    expect(ash_region_is_foreign(base + ASH_UNIT_BYTES));
    expect(!ash_fast_give(base + ASH_UNIT_BYTES));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_bin_is_a_miss),
        cmocka_unit_test(what_was_freed_last_is_taken_first),
        cmocka_unit_test(a_full_bin_is_a_miss_that_changes_nothing),
        cmocka_unit_test(what_is_not_in_the_region_is_a_miss),
        cmocka_unit_test(another_threads_block_is_a_miss),
        cmocka_unit_test(memory_that_no_heap_owns_is_a_miss_for_all),
        cmocka_unit_test(a_threads_first_free_may_be_of_somebodys_mapping_in_the_window),
    };
    return RUN_TESTS(tests);
}
