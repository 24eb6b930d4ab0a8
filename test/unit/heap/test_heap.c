#include "heap/heap.h"

#include "heap/span.h"
#include "support.h"

static struct ash_heap heap;

CLAIM(a_new_heap_is_empty_and_knows_its_bins) {
    ash_class_boot();
    ash_heap_init(&heap);
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        expect(heap.bins[i].head == NULL);
        expect_equal(heap.bins[i].room, ash_classes[i].cap);
        expect(heap.shelves[i].current == NULL && heap.shelves[i].lists[ASH_PLACE_ROOMY] == 0);
    }
    expect_equal(heap.inbox, 0);
    expect_equal(heap.out_bytes, 0);
}

CLAIM(the_table_leads_every_fast_request_to_its_bin) {
    ash_class_boot();
    ash_heap_init(&heap);
    for (size_t bytes = 0; bytes <= ASH_FAST_MAX; bytes++) {
        size_t at = heap.bin_at[(bytes + ASH_CLASS_STEP - 1) / ASH_CLASS_STEP];
        const char *bin = (const char *)&heap + at * ASH_BIN_UNIT;
        expect(bin == (const char *)&heap.bins[ash_class_of(bytes)]);
    }
}

CLAIM(blocks_out_are_counted_in_bytes) {
    ash_class_boot();
    ash_heap_init(&heap);
    ash_heap_count(&heap, &ash_classes[3], 10);
    ash_heap_count(&heap, &ash_classes[7], 2);
    ash_heap_count(&heap, &ash_classes[3], -4);
    expect_equal(heap.out_bytes, 6 * 64 + 2 * 128);
}

CLAIM(the_heap_of_ended_threads_owns_nothing) {
    ash_class_boot();
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        expect(ash_heap_done.bins[i].head == NULL);
    }
    for (size_t i = 0; i < ASH_FAST_SLOTS; i++) {
        expect_equal(ash_heap_done.bin_at[i], 0);  // every request finds an empty bin
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_heap_is_empty_and_knows_its_bins),
        cmocka_unit_test(the_table_leads_every_fast_request_to_its_bin),
        cmocka_unit_test(blocks_out_are_counted_in_bytes),
        cmocka_unit_test(the_heap_of_ended_threads_owns_nothing),
    };
    return RUN_TESTS(tests);
}
