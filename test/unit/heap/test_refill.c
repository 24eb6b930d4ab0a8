#include "heap/refill.h"

#include "ashlar/ashlar.h"
#include "heap/audit.h"
#include "heap/release.h"
#include "heap/remote.h"
#include "heap/span.h"
#include "os_fake.h"
#include "players.h"
#include "support.h"

enum { CLASS = 8 };

// Gives one block back to its span.
static void give(struct ash_heap *heap, struct ash_block *block) {
    ash_span_return(heap, ash_record_first(block)->class_index, &block, 1);
}

static struct ash_heap *start(void) {
    player_enter(0);
    struct ash_heap *heap = player_heap();
    expect(heap != NULL);
    return heap;
}

static struct ash_block *blocks[4 * ASH_SLICE_BYTES / 16];

// Takes all that one span has; it is the current one.
static uint32_t take_span(struct ash_heap *heap, struct ash_block **into) {
    for (uint32_t i = 0; i < ash_classes[CLASS].blocks; i++) {
        into[i] = ash_refill(heap, CLASS);
        expect(into[i] != NULL);
    }
    return ash_classes[CLASS].blocks;
}

CLAIM(a_refill_stocks_the_bin_and_gives_one) {
    struct ash_heap *heap = start();
    struct ash_block *block = ash_refill(heap, CLASS);
    expect(block != NULL);
    expect(ash_bin_count(heap, CLASS) < ash_classes[CLASS].stock);
    expect_equal(heap->span_count, 1);
    struct ash_block *next = heap->bins[CLASS].head;
    if (next != NULL) {  // at hand: nothing else is looked at
        expect(ash_refill(heap, CLASS) == next);
    }
    ash_heap_audit(heap);
}

CLAIM(no_block_is_given_twice) {
    struct ash_heap *heap = start();
    for (uint32_t i = 0; i < 2 * ash_classes[CLASS].blocks; i++) {
        blocks[i] = ash_refill(heap, CLASS);
        expect(blocks[i] != NULL);
        expect(i == 0 ||
               (uintptr_t)blocks[i] >= (uintptr_t)blocks[i - 1] + ash_classes[CLASS].block_bytes);
    }
    expect_equal(heap->span_count, 2);
    ash_heap_audit(heap);
}

CLAIM(a_span_with_room_comes_before_a_new_one) {
    struct ash_heap *heap = start();
    uint32_t count = take_span(heap, blocks);
    blocks[count] = ash_refill(heap, CLASS);  // the first span is full now
    struct ash_record *span = ash_record_first(blocks[0]);
    expect_equal(span->place, ASH_PLACE_FULL);
    give(heap, blocks[5]);
    expect_equal(span->place, ASH_PLACE_ROOMY);
    for (uint32_t i = 1; i < count; i++) {
        blocks[count + i] = ash_refill(heap, CLASS);
    }
    expect(ash_refill(heap, CLASS) == blocks[5]);
    expect_equal(span->place, ASH_PLACE_CURRENT);
    expect_equal(heap->span_count, 2);
    ash_heap_audit(heap);
}

CLAIM(what_others_gave_back_comes_before_a_new_span) {
    struct ash_heap *heap = start();
    uint32_t count = take_span(heap, blocks);
    player_enter(1);
    struct ash_heap *other = player_heap();
    ash_remote_free(other, ash_record_first(blocks[1]), blocks[1]);
    ash_remote_flush(other);
    player_enter(0);
    expect(ash_remote_has_news(heap));
    expect(ash_refill(heap, CLASS) == blocks[1]);
    expect(!ash_remote_has_news(heap));
    expect_equal(heap->span_count, 1);
    expect_equal(ash_span_used(ash_record_first(blocks[0])), count);
}

// A block of the first player's that the second, who has a span, has gathered.
static struct ash_heap *gather_one(void) {
    struct ash_block *block = ash_refill(start(), CLASS);
    player_enter(1);
    struct ash_heap *other = player_heap();
    expect(ash_refill(other, CLASS) != NULL);
    ash_remote_free(other, ash_record_first(block), block);
    expect(ash_remote_gathers(other) == (ash_classes[CLASS].gather > 1));
    return other;
}

CLAIM(gathered_blocks_go_home_on_some_refill_though_no_span_is_cut) {
    struct ash_heap *other = gather_one();
    for (int i = 0; i < 16; i++) {
        ash_release_bin(other, CLASS);
        expect(ash_refill(other, CLASS) != NULL);
    }
    expect_equal(other->span_count, 1);
    expect(!ash_remote_gathers(other));
}

CLAIM(gathered_blocks_go_home_before_a_span_is_cut) {
    struct ash_heap *other = gather_one();
    expect(ash_refill(other, CLASS + 1) != NULL);
    expect_equal(other->span_count, 2);
    expect(!ash_remote_gathers(other));
}

CLAIM(without_memory_there_is_no_block_and_the_heap_stays_sound) {
    struct ash_heap *heap = start();
    os_fake_fail_from(OS_FAKE_ANY, 1);
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        expect(ash_refill(heap, i) == NULL);
    }
    ash_heap_audit(heap);
    expect_equal(heap->span_count, 0);
    os_fake_fail_never();
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        expect(ash_refill(heap, i) != NULL);
    }
    ash_heap_audit(heap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refill_stocks_the_bin_and_gives_one),
        cmocka_unit_test(no_block_is_given_twice),
        cmocka_unit_test(a_span_with_room_comes_before_a_new_one),
        cmocka_unit_test(what_others_gave_back_comes_before_a_new_span),
        cmocka_unit_test(gathered_blocks_go_home_on_some_refill_though_no_span_is_cut),
        cmocka_unit_test(gathered_blocks_go_home_before_a_span_is_cut),
        cmocka_unit_test(without_memory_there_is_no_block_and_the_heap_stays_sound),
    };
    return RUN_TESTS(tests);
}
