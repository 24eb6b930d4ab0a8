#include "heap/span.h"

#include "api/boot.h"
#include "heap/audit.h"
#include "supply/store.h"
#include "support.h"

static struct ash_heap heap;

static void start(void) {
    expect(ash_boot());
    ash_heap_init(&heap);
}

// A span as a heap's refill would place it.
static struct ash_record *current_span(unsigned class_index) {
    struct ash_record *span = ash_span_cut(&heap, class_index);
    expect(span != NULL);
    ash_span_put(&heap, span, ASH_PLACE_CURRENT);
    return span;
}

// Pops the bin, stocking it when it is empty. NULL when the span is full.
static struct ash_block *take(struct ash_record *span) {
    if (ash_bin_count(&heap, span->class_index) == 0 && !ash_span_stock(&heap, span)) {
        return NULL;
    }
    return ash_bin_pop(&heap, span->class_index);
}

static void give(struct ash_record *span, struct ash_block *block) {
    ash_span_return(&heap, span->class_index, &block, 1);
}

static uint32_t take_all(struct ash_record *span, struct ash_block **blocks) {
    uint32_t count = 0;
    for (struct ash_block *block; (block = take(span)) != NULL; count++) {
        blocks[count] = block;
    }
    return count;
}

static size_t free_slices(void) {
    return ash_store_measure().free_bytes / ASH_SLICE_BYTES;
}

static struct ash_block *blocks[ASH_SLICE_BYTES / 16];

CLAIM(a_cut_span_has_all_its_records_set) {
    start();
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        struct ash_record *span = ash_span_cut(&heap, i);
        expect(span != NULL);
        expect_equal(span->slices, ash_classes[i].slices);
        for (uint32_t k = 0; k < span->slices; k++) {
            expect_equal(span[k].kind, ASH_KIND_SPAN);
            expect(span[k].owner == &heap && span[k].bin == &heap.bins[i]);
            expect(&span[k] - span[k].back == span);
        }
        expect(ash_span_has_room(span));
        expect_equal(ash_span_used(span), 0);
    }
    expect_equal(heap.span_count, ASH_CLASS_COUNT);
}

CLAIM(a_span_gives_each_of_its_blocks_once) {
    start();
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        struct ash_record *span = current_span(i);
        uint32_t count = take_all(span, blocks);
        expect_equal(count, ash_classes[i].blocks);
        for (uint32_t k = 0; k < count; k++) {
            expect((char *)blocks[k] == ash_record_start(span) + k * ash_classes[i].block_bytes);
        }
        expect(!ash_span_has_room(span));
        expect_equal(span->carved, count);
    }
}

CLAIM(stock_is_bounded_and_counted) {
    start();
    struct ash_record *span = current_span(4);
    expect(ash_span_stock(&heap, span));
    const struct ash_class *c = ash_span_class(span);
    uint32_t count = ash_bin_count(&heap, 4);
    expect(count > 0 && count <= c->stock);
    expect_equal(ash_span_used(span), count);
    expect_equal(heap.out_bytes, (size_t)count * c->block_bytes);
    ash_heap_audit(&heap);
}

CLAIM(stock_grows_with_what_is_out) {
    enum { FIRST = ASH_HOSTILE ? 4 : 8 };
    start();
    struct ash_record *span = current_span(0);
    const struct ash_class *c = ash_span_class(span);
    uint32_t last = 0, most = 0, out = 0;
    while (ash_span_stock(&heap, span)) {
        uint32_t count = ash_bin_count(&heap, 0);
        expect(last != 0 || count == FIRST);
        expect(count >= last || out + count == c->blocks);
        most = count > most ? count : most;
        last = count;
        out += count;
        ash_bin_set_count(&heap, 0, 0);  // the program has them
    }
    expect_equal(most, c->stock);
    expect_equal(out, c->blocks);
}

CLAIM(what_came_back_is_given_again_lowest_first) {
    start();
    struct ash_record *span = current_span(8);
    uint32_t count = take_all(span, blocks);
    ash_span_lift(&heap, span);
    ash_span_put(&heap, span, ASH_PLACE_FULL);
    struct sequence sequence = sequence_from(61);
    bool back[ASH_SLICE_BYTES / 16] = {false};
    for (uint32_t i = 0; i < count / 2; i++) {
        uint32_t k = (uint32_t)sequence_below(&sequence, count);
        if (!back[k]) {
            give(span, blocks[k]);
            back[k] = true;
        }
    }
    for (uint32_t k = 0; k < count; k++) {
        expect(!back[k] || take(span) == blocks[k]);
    }
    expect(take(span) == NULL);
}

CLAIM(a_full_span_is_listed_when_a_block_comes_back) {
    start();
    struct ash_record *span = current_span(8);
    uint32_t count = take_all(span, blocks);
    ash_span_lift(&heap, span);
    ash_span_put(&heap, span, ASH_PLACE_FULL);
    give(span, blocks[3]);
    expect_equal(span->place, ASH_PLACE_ROOMY);
    expect_equal(heap.shelves[8].lists[ASH_PLACE_ROOMY], ash_record_ticket(span));
    ash_heap_audit(&heap);
    give(span, blocks[4]);
    expect_equal(heap.shelves[8].lists[ASH_PLACE_ROOMY], ash_record_ticket(span));
    for (uint32_t k = 0; k < count; k++) {
        if (k != 3 && k != 4) {
            expect_equal(span->kind, ASH_KIND_SPAN);
            give(span, blocks[k]);
        }
    }
    expect_equal(span->kind, ASH_KIND_FREE);  // give reports the moment a span empties
    expect_equal(heap.shelves[8].lists[ASH_PLACE_ROOMY], 0);
    expect_equal(heap.span_count, 0);
    expect_equal(heap.out_bytes, 0);
    expect_equal(free_slices() % ASH_UNIT_SLICES, 0);
    ash_store_audit();
}

CLAIM(the_current_span_stays_when_it_empties) {
    start();
    struct ash_record *span = current_span(8);
    struct ash_block *block = take(span);
    ash_bin_set_count(&heap, 8, 0);  // the rest of the stock goes back as well
    give(span, block);
    for (uint32_t k = 1; k < span->carved; k++) {
        give(span, (struct ash_block *)(void *)((char *)block + k * ash_classes[8].block_bytes));
    }
    expect_equal(ash_span_used(span), 0);
    expect_equal(span->kind, ASH_KIND_SPAN);
    expect_equal(span->place, ASH_PLACE_CURRENT);
    ash_heap_audit(&heap);
    ash_span_retire(&heap, span);
    expect(heap.shelves[8].current == NULL);
    expect_equal(span->kind, ASH_KIND_FREE);
}

CLAIM(a_span_cut_again_remembers_nothing) {
    start();
    for (int round = 0; round < 3; round++) {
        struct ash_record *span = current_span(20);
        uint32_t count = take_all(span, blocks);
        expect_equal(count, ash_classes[20].blocks);
        ash_span_lift(&heap, span);
        ash_span_put(&heap, span, ASH_PLACE_FULL);
        for (uint32_t k = 0; k < count; k++) {
            give(span, blocks[count - 1 - k]);
        }
        expect_equal(heap.span_count, 0);
    }
}

CLAIM(any_span_can_leave_the_list) {
    start();
    struct ash_record *spans[5];
    for (unsigned gone = 0; gone < 5; gone++) {
        for (int i = 0; i < 5; i++) {
            spans[i] = ash_span_cut(&heap, 2);
            expect(spans[i] != NULL);
            ash_span_put(&heap, spans[i], ASH_PLACE_ROOMY);
        }
        ash_span_lift(&heap, spans[gone]);
        ash_heap_audit(&heap);
        for (int i = 4; i >= 0; i--) {
            if (i == (int)gone) {
                continue;
            }
            expect_equal(heap.shelves[2].lists[ASH_PLACE_ROOMY], ash_record_ticket(spans[i]));
            ash_span_lift(&heap, spans[i]);
        }
        expect_equal(heap.shelves[2].lists[ASH_PLACE_ROOMY], 0);
    }
}

DEATH(a_block_that_comes_back_twice_is_seen) {
    start();
    struct ash_record *span = current_span(8);
    struct ash_block *block = take(span);
    give(span, block);
    last_words("ASH101: double free of %#jx: it is free already...", (uintmax_t)(uintptr_t)block);
    give(span, block);
}

DEATH(a_pointer_into_a_block_is_seen) {
    start();
    struct ash_record *span = current_span(8);
    char *inside = (char *)take(span) + 16;
    last_words("ASH103: free of %#jx: it does not point to the start of a block...",
               (uintmax_t)(uintptr_t)inside);
    give(span, (struct ash_block *)(void *)inside);
}

DEATH(an_odd_pointer_is_seen) {
    start();
    struct ash_record *span = current_span(8);
    char *inside = (char *)take(span) + 1;
    last_words("ASH103: free of %#jx: it does not point to the start of a block...",
               (uintmax_t)(uintptr_t)inside);
    give(span, (struct ash_block *)(void *)inside);
}

DEATH(a_block_that_was_never_given_is_seen) {
    start();
    struct ash_record *span = current_span(8);
    (void)take(span);
    char *never = ash_record_start(span) + span->carved * ash_classes[8].block_bytes;
    last_words("ASH103: free of %#jx: it does not point to the start of a block...",
               (uintmax_t)(uintptr_t)never);
    give(span, (struct ash_block *)(void *)never);
}

DEATH(more_blocks_than_were_out_are_seen) {
    last_words("ASH901: assertion failed: used >= count at ...");
    start();
    struct ash_record *span = current_span(8);
    struct ash_block *block = take(span);
    ash_span_set_used(span, 0);
    give(span, block);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_span_has_all_its_records_set),
        cmocka_unit_test(a_span_gives_each_of_its_blocks_once),
        cmocka_unit_test(stock_is_bounded_and_counted),
        cmocka_unit_test(stock_grows_with_what_is_out),
        cmocka_unit_test(what_came_back_is_given_again_lowest_first),
        cmocka_unit_test(a_full_span_is_listed_when_a_block_comes_back),
        cmocka_unit_test(the_current_span_stays_when_it_empties),
        cmocka_unit_test(a_span_cut_again_remembers_nothing),
        cmocka_unit_test(any_span_can_leave_the_list),
        cmocka_unit_test(a_block_that_comes_back_twice_is_seen),
        cmocka_unit_test(a_pointer_into_a_block_is_seen),
        cmocka_unit_test(an_odd_pointer_is_seen),
        cmocka_unit_test(a_block_that_was_never_given_is_seen),
    };
    const struct CMUnitTest debug_tests[] = {
        cmocka_unit_test(more_blocks_than_were_out_are_seen),
    };
    return RUN_TESTS(tests) + (ASH_DEBUG ? RUN_TESTS(debug_tests) : 0);
}
