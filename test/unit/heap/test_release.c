#include "heap/release.h"

#include <string.h>

#include "ashlar/ashlar.h"
#include "heap/audit.h"
#include "heap/fast.h"
#include "heap/refill.h"
#include "heap/span.h"
#include "players.h"
#include "support.h"

enum { CLASS = 2, BLOCKS_MAX = ASH_SLICE_BYTES / 16 };

static struct ash_heap *heap;
static struct ash_block *blocks[BLOCKS_MAX];

// Gives one block back to its span.
static void give(struct ash_block *block) {
    ash_span_return(heap, ash_record_first(block)->class_index, &block, 1);
}

static void start(void) {
    player_enter(0);
    heap = player_heap();
    expect(heap != NULL);
}

static uint32_t length(void) {
    expect(*ash_bin_bottom(heap, CLASS) == NULL);
    return ash_bin_count(heap, CLASS);
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
    for (uint32_t i = 0; i < kept; i++) {
        expect(ash_bin_blocks(heap, CLASS)[i] == blocks[cap - kept + i]);
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
    uint32_t spans = heap->span_count;
    ash_release_bin(heap, CLASS);
    for (uint32_t i = 0; i + 1 < count; i++, in_first++) {
        if (bin->top == bin->end) {
            ash_release_bin(heap, CLASS);
        }
        ash_fast_push(bin, blocks[i]);
    }
    expect(count < BLOCKS_MAX);
    expect_equal(in_first, ash_classes[CLASS].blocks);
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
        expect(length() <= cap);
        expect(heap->bins[CLASS].head == blocks[i]);
        ash_heap_audit(heap);
    }
}

// A program that writes after free finds its own bytes there, and misleads nobody.
CLAIM(a_block_in_a_bin_is_not_written_to) {
    start();
    take(1);
    size_t bytes = ash_classes[CLASS].block_bytes;
    memset((void *)blocks[0], 0xA5, bytes);
    ash_free(blocks[0]);
    expect(heap->bins[CLASS].head == blocks[0]);
    const volatile unsigned char *left = (const volatile unsigned char *)blocks[0];
    for (size_t i = 0; i < bytes; i++) {
        expect_equal(left[i], 0xA5);
    }
    expect(ash_malloc(bytes) == blocks[0]);
    for (size_t i = 0; i < bytes; i++) {
        expect_equal(left[i], 0xA5);
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
        cmocka_unit_test(a_block_in_a_bin_is_not_written_to),
        cmocka_unit_test(a_block_that_is_twice_in_the_bin_is_seen),
    };
    return RUN_TESTS(tests);
}
