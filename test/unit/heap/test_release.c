#include "heap/release.h"

#include "ashlar/ashlar.h"
#include "heap/audit.h"
#include "heap/refill.h"
#include "heap/span.h"
#include "players.h"
#include "support.h"

enum { CLASS = 2, BLOCKS_MAX = ASH_SLICE_BYTES / 16 };

static struct ash_heap *heap;
static struct ash_block *blocks[BLOCKS_MAX];

// Gives one block back to its span.
static void give(struct ash_block *block) {
    block->next = NULL;
    expect_equal(ash_span_return(heap, ash_record_first(block)->class_index, block), 1);
}

static void start(void) {
    player_enter(0);
    heap = player_heap();
    expect(heap != NULL);
}

static uint32_t length(void) {
    uint32_t count = 0;
    for (struct ash_block *b = heap->bins[CLASS].head; b != NULL; b = b->next) {
        count++;
    }
    return count;
}

// Leaves the bin empty and `count` blocks taken.
static void take(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        blocks[i] = ash_refill(heap, CLASS);
        expect(blocks[i] != NULL);
    }
    ash_release_bin(heap, CLASS);
    expect_equal(length(), 0);
}

CLAIM(the_blocks_freed_last_are_kept) {
    start();
    uint32_t cap = (uint32_t)ash_classes[CLASS].cap;
    take(cap);
    for (uint32_t i = 0; i < cap; i++) {
        ash_free(blocks[i]);
    }
    expect_equal(length(), cap);
    uint32_t kept = cap - ash_classes[CLASS].magazine;
    ash_release_older(heap, CLASS);
    expect_equal(length(), kept);
    struct ash_block *block = heap->bins[CLASS].head;
    for (uint32_t i = 0; i < kept; i++, block = block->next) {
        expect(block == blocks[cap - 1 - i]);
    }
    ash_heap_audit(heap);
}

CLAIM(releasing_an_empty_bin_changes_nothing) {
    start();
    take(3);
    ash_free(blocks[0]);
    expect_equal(length(), 1);
    ash_release_bin(heap, CLASS);
    ash_release_bin(heap, CLASS);
    expect_equal(length(), 0);
    expect_equal(heap->bins[CLASS].room, ash_classes[CLASS].cap);
    ash_heap_audit(heap);
}

CLAIM(spans_that_fall_empty_are_retired_on_the_way) {
    start();
    uint32_t count = 0;
    struct ash_record *first = NULL;
    do {  // until a second span is the current one
        blocks[count] = ash_refill(heap, CLASS);
        first = first == NULL ? ash_record_first(blocks[count]) : first;
    } while (ash_record_first(blocks[count++]) == first && count < BLOCKS_MAX);
    uint32_t in_first = 0;
    struct ash_bin *bin = &heap->bins[CLASS];
    ash_release_bin(heap, CLASS);
    for (uint32_t i = 0; i + 1 < count; i++, in_first++) {
        blocks[i]->next = bin->head;
        bin->head = blocks[i];
        bin->room--;
    }
    expect(count < BLOCKS_MAX);
    expect_equal(in_first, ash_classes[CLASS].blocks);
    uint32_t spans = heap->span_count;
    ash_release_bin(heap, CLASS);
    expect_equal(heap->span_count, spans - 1);
    expect_equal(first->kind, ASH_KIND_FREE);
    ash_heap_audit(heap);
}

CLAIM(a_free_into_a_full_bin_makes_room) {
    start();
    uint32_t cap = (uint32_t)ash_classes[CLASS].cap;
    take(3 * cap);
    for (uint32_t i = 0; i < 3 * cap; i++) {
        ash_free(blocks[i]);
        expect(heap->bins[CLASS].room >= 0);
        expect(heap->bins[CLASS].head == blocks[i]);
        ash_heap_audit(heap);
    }
}

DEATH(a_block_that_is_twice_in_the_bin_is_seen) {
    start();
    take(4);
    last_words("ASH101: double free of %#jx: it is free already...",
               (uintmax_t)(uintptr_t)blocks[1]);
    give(blocks[1]);
    ash_free(blocks[1]);
    ash_release_bin(heap, CLASS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_blocks_freed_last_are_kept),
        cmocka_unit_test(releasing_an_empty_bin_changes_nothing),
        cmocka_unit_test(spans_that_fall_empty_are_retired_on_the_way),
        cmocka_unit_test(a_free_into_a_full_bin_makes_room),
        cmocka_unit_test(a_block_that_is_twice_in_the_bin_is_seen),
    };
    return RUN_TESTS(tests);
}
