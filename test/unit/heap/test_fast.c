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
    int32_t room = heap->bins[class_index].room;
    if (room < 2) {  // a long refill left no room: use the bin up
        while (ash_fast_take(heap, 100) != NULL) {
        }
        room = heap->bins[class_index].room;
    }
    expect(ash_fast_give(first));
    expect_equal(heap->bins[class_index].room, room - 1);
    expect(room == 1 || ash_fast_give(second));
    expect(room == 1 || ash_fast_take(heap, 97) == second);
    expect(ash_fast_take(heap, 112) == first);
    expect_equal(heap->bins[class_index].room, room);
}

CLAIM(a_full_bin_is_a_miss_that_costs_one_of_its_room) {
    struct ash_heap *heap = start();
    struct ash_bin *bin = &heap->bins[2];
    struct ash_block *block = ash_refill(heap, 2);
    bin->room = 0;
    struct ash_block *head = bin->head;
    expect(!ash_fast_give(block));
    expect(bin->head == head);
    expect_equal(bin->room, -1);
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
    expect_equal(other->bins[2].room, ash_classes[2].cap);
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
        cmocka_unit_test(a_full_bin_is_a_miss_that_costs_one_of_its_room),
        cmocka_unit_test(what_is_not_in_the_region_is_a_miss),
        cmocka_unit_test(another_threads_block_is_a_miss),
        cmocka_unit_test(memory_that_no_heap_owns_is_a_miss_for_all),
        cmocka_unit_test(a_threads_first_free_may_be_of_somebodys_mapping_in_the_window),
    };
    return RUN_TESTS(tests);
}
