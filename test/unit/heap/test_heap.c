#include "heap/heap.h"

#include <string.h>

#include "heap/fast.h"
#include "heap/span.h"
#include "os_fake.h"
#include "support.h"

static struct ash_heap heap;

CLAIM(a_new_heap_is_empty) {
    ash_class_boot();
    ash_heap_init(&heap);
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        expect(heap.bins[i].head == NULL && heap.bins[i].end == NULL);
        expect_equal(ash_bin_count(&heap, i), 0);
        expect(heap.shelves[i].current == NULL && heap.shelves[i].lists[ASH_PLACE_ROOMY] == 0);
    }
    expect_equal(heap.inbox, 0);
    expect_equal(heap.out_bytes, 0);
}

static void write_all_places(unsigned class_index) {
    struct ash_block *any = (struct ash_block *)(void *)&heap;
    for (int32_t k = 0; k < ash_classes[class_index].cap; k++) {
        ash_fast_push(&heap.bins[class_index], any);
    }
    expect(heap.bins[class_index].top == heap.bins[class_index].end);
}

CLAIM(bins_have_as_many_places_as_they_may_hold_and_share_none) {
    ash_class_boot();
    ash_heap_init(&heap);
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        expect(ash_heap_lay_bin(&heap, i));
        expect(ash_bin_bottom(&heap, i) == heap.bins[i].top && *heap.bins[i].top == NULL);
        write_all_places(i);
    }
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        const struct ash_bin laid = heap.bins[i];
        expect_equal(ash_bin_count(&heap, i), ash_classes[i].cap);
        expect(*ash_bin_bottom(&heap, i) == NULL);
        expect(ash_heap_lay_bin(&heap, i) && heap.bins[i].end == laid.end);
    }
}

CLAIM(a_bin_without_memory_stays_without_places) {
    ash_class_boot();
    ash_heap_init(&heap);
    memset(heap.bins, 0, sizeof heap.bins);
    os_fake_fail_from(OS_FAKE_ANY, 1);
    unsigned laid = 0;
    while (laid < 100 * ASH_CLASS_COUNT && ash_heap_lay_bin(&heap, laid % ASH_CLASS_COUNT)) {
        heap.bins[laid++ % ASH_CLASS_COUNT].end = NULL;
    }
    os_fake_fail_never();
    expect(laid < 100 * ASH_CLASS_COUNT);
    expect_equal(ash_bin_count(&heap, laid % ASH_CLASS_COUNT), 0);
    expect(ash_heap_lay_bin(&heap, laid % ASH_CLASS_COUNT));
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
    for (size_t bytes = 0; bytes <= ASH_FAST_MAX; bytes++) {
        expect(ash_fast_take(ash_heap_end(), bytes) == NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_heap_is_empty),
        cmocka_unit_test(bins_have_as_many_places_as_they_may_hold_and_share_none),
        cmocka_unit_test(a_bin_without_memory_stays_without_places),
        cmocka_unit_test(the_table_leads_every_fast_request_to_its_bin),
        cmocka_unit_test(blocks_out_are_counted_in_bytes),
        cmocka_unit_test(the_heap_of_ended_threads_owns_nothing),
    };
    return RUN_TESTS(tests);
}
