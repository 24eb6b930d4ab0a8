#include "heap/depot.h"

#include "ashlar/ashlar.h"
#include "ashlar/stats.h"
#include "heap/audit.h"
#include "heap/hold.h"
#include "heap/look.h"
#include "heap/release.h"
#include "heap/span.h"
#include "os_fake.h"
#include "players.h"
#include "supply/store.h"
#include "support.h"

enum { CLASS = 2, BYTES = 48, BLOCKS_MAX = 2 * ASH_SLICE_BYTES / BYTES };

static struct ash_heap *heap;
static void *blocks[BLOCKS_MAX];

static void start(void) {
    player_enter(0);
    heap = player_heap();
    expect(heap != NULL);
}

static uint32_t cap(void) {
    return (uint32_t)ash_classes[CLASS].cap;
}

static uint32_t magazine(void) {
    return ash_classes[CLASS].magazine;
}

static void take(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        blocks[i] = ash_malloc(BYTES);
        expect(blocks[i] != NULL);
    }
}

static void give(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        ash_free(blocks[i]);
    }
    ash_heap_audit(heap);
}

// One magazine is in the depot, and the bin is empty.
static void put_one(void) {
    take(cap() + 1);
    ash_release_bin(heap, CLASS);
    give(cap() + 1);
    ash_release_bin(heap, CLASS);
    expect_equal(ash_depot_count(heap, CLASS), magazine());
}

CLAIM(what_leaves_a_full_bin_waits_in_the_depot) {
    start();
    take(cap() + 1);
    ash_release_bin(heap, CLASS);
    uint32_t used = ash_span_used(ash_record_first(blocks[0]));
    give(cap());
    expect_equal(heap->depot_bytes, 0);
    ash_free(blocks[cap()]);
    ash_heap_audit(heap);
    expect_equal(ash_depot_count(heap, CLASS), magazine());
    expect_equal(heap->depot_bytes, magazine() * BYTES);
    expect_equal(ash_span_used(ash_record_first(blocks[0])), used);
}

CLAIM(an_empty_bin_is_filled_with_the_newest_magazine) {
    start();
    take(3 * cap());
    ash_release_bin(heap, CLASS);
    give(3 * cap());
    ash_release_bin(heap, CLASS);
    size_t count = ash_depot_count(heap, CLASS);
    expect(count >= 2 * magazine());
    struct ash_block *newest = heap->shelves[CLASS].depot;
    struct ash_block *below = ash_depot_below(newest);
    expect(ash_malloc(BYTES) == newest);
    expect_equal(ash_depot_count(heap, CLASS), count - magazine());
    expect(heap->shelves[CLASS].depot == below);
    expect_equal(heap->bins[CLASS].room, ash_classes[CLASS].cap - (int32_t)magazine() + 1);
    ash_heap_audit(heap);
}

CLAIM(a_depot_without_magazines_fills_no_bin) {
    start();
    take(1);
    ash_release_bin(heap, CLASS);
    expect(!ash_depot_take(heap, CLASS));
    expect(!ash_depot_settle(heap));
    expect(heap->bins[CLASS].head == NULL);
    ash_heap_audit(heap);
}

CLAIM(what_is_no_magazine_is_not_put) {
    start();
    take(2);
    struct ash_block *list = blocks[0];
    list->next = NULL;
    expect(!ash_depot_put(heap, CLASS, list, 1));
    expect_equal(heap->depot_bytes, 0);
}

CLAIM(depots_hold_so_many_bytes_and_no_more) {
    start();
    enum { LARGE = 4096 };
    static void *large[2 * ASH_DEPOT_BYTES / LARGE];
    size_t count = sizeof large / sizeof large[0];
    for (size_t i = 0; i < count; i++) {
        large[i] = ash_malloc(LARGE);
    }
    for (size_t i = 0; i < count; i++) {
        ash_free(large[i]);
        expect(heap->depot_bytes <= ASH_DEPOT_BYTES);
    }
    unsigned class_index = ash_class_of(LARGE);
    expect(heap->depot_bytes + ash_classes[class_index].magazine * LARGE > ASH_DEPOT_BYTES);
    ash_heap_audit(heap);
}

CLAIM(settling_returns_every_block_to_its_span) {
    start();
    put_one();
    expect(ash_depot_settle(heap));
    expect_equal(heap->depot_bytes, 0);
    expect_equal(ash_depot_count(heap, CLASS), 0);
    expect_equal(ash_span_used(heap->shelves[CLASS].current), 0);
    ash_heap_audit(heap);
}

CLAIM(depots_are_settled_before_a_span_is_cut) {
    start();
    uint32_t count = ash_classes[CLASS].blocks + 1;
    expect(count <= BLOCKS_MAX);
    take(count);
    give(count);
    ash_release_bin(heap, CLASS);
    expect(heap->depot_bytes > 0);
    uint32_t spans = heap->span_count;
    expect(ash_malloc(20 * BYTES) != NULL);
    expect_equal(heap->depot_bytes, 0);
    expect(heap->span_count <= spans);  // one that had fallen empty was used again
    ash_heap_audit(heap);
}

CLAIM(who_tends_a_heap_deeply_settles_it) {
    start();
    put_one();
    player_enter(1);
    bool more;
    expect(ash_hold_tend(heap, false, &more));
    expect(heap->depot_bytes > 0);
    expect(ash_hold_tend(heap, true, &more));
    expect_equal(heap->depot_bytes, 0);
}

CLAIM(collecting_settles) {
    start();
    put_one();
    (void)ash_collect();
    expect_equal(heap->depot_bytes, 0);
    ash_heap_audit(heap);
}

CLAIM(a_heap_that_is_destroyed_has_no_depot) {
    start();
    ash_heap_t *realm = ash_heap_new();
    for (uint32_t i = 0; i < cap() + 1; i++) {
        blocks[i] = ash_heap_malloc(realm, BYTES);
    }
    struct ash_heap *part = ash_record_first(blocks[0])->owner;
    give(cap() + 1);
    expect(part->depot_bytes > 0);
    ash_heap_destroy(realm);
    expect_equal(part->depot_bytes, 0);
    expect(part->shelves[CLASS].depot == NULL);
    expect_equal(part->shelves[CLASS].magazines, 0);
}

static void count_block(void *argument, const struct ash_record *span, struct ash_block *block) {
    expect(ash_record_first(block) == span);
    ++*(uint32_t *)argument;
}

CLAIM(blocks_in_a_depot_are_ready_and_seen) {
    start();
    take(3 * cap());
    give(3 * cap());
    uint32_t count = 0;
    ash_look_depot(heap, CLASS, count_block, &count);
    expect_equal(count, ash_depot_count(heap, CLASS));
    size_t at_hand = (size_t)(ash_classes[CLASS].cap - heap->bins[CLASS].room);
    expect_equal(ash_look_ready(heap, CLASS), (count + at_hand) * BYTES);
}

// A heap that was left behind by fork may show anything.
CLAIM(what_is_no_block_ends_the_look) {
    start();
    put_one();
    heap->shelves[CLASS].depot->next = (struct ash_block *)(void *)&heap;
    uint32_t count = 0;
    ash_look_depot(heap, CLASS, count_block, &count);
    expect_equal(count, 1);
}

DEATH(a_block_that_is_twice_in_a_depot_is_seen) {
    start();
    take(cap() + 1);
    ash_release_bin(heap, CLASS);
    last_words("ASH101: double free of %#jx: it is free already...",
               (uintmax_t)(uintptr_t)blocks[0]);
    ash_free(blocks[0]);
    for (uint32_t i = 1; i < cap() + 1; i++) {
        ash_free(blocks[i]);
    }
    ash_free(blocks[0]);
    ash_release_bin(heap, CLASS);
    (void)ash_depot_settle(heap);
}

DEATH(a_wrong_sum_is_seen) {
    start();
    put_one();
    last_words("ASH901: assertion failed: heap->depot_bytes == depot_bytes...");
    heap->depot_bytes += BYTES;
    ash_heap_audit(heap);
}

DEATH(a_short_magazine_is_seen) {
    start();
    put_one();
    last_words("ASH901: assertion failed: count == ash_classes[class_index].magazine...");
    heap->shelves[CLASS].depot->next = NULL;
    ash_heap_audit(heap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_leaves_a_full_bin_waits_in_the_depot),
        cmocka_unit_test(an_empty_bin_is_filled_with_the_newest_magazine),
        cmocka_unit_test(a_depot_without_magazines_fills_no_bin),
        cmocka_unit_test(what_is_no_magazine_is_not_put),
        cmocka_unit_test(depots_hold_so_many_bytes_and_no_more),
        cmocka_unit_test(settling_returns_every_block_to_its_span),
        cmocka_unit_test(depots_are_settled_before_a_span_is_cut),
        cmocka_unit_test(who_tends_a_heap_deeply_settles_it),
        cmocka_unit_test(collecting_settles),
        cmocka_unit_test(a_heap_that_is_destroyed_has_no_depot),
        cmocka_unit_test(blocks_in_a_depot_are_ready_and_seen),
        cmocka_unit_test(what_is_no_block_ends_the_look),
        cmocka_unit_test(a_block_that_is_twice_in_a_depot_is_seen),
    };
    const struct CMUnitTest debug_tests[] = {
        cmocka_unit_test(a_wrong_sum_is_seen),
        cmocka_unit_test(a_short_magazine_is_seen),
    };
    return RUN_TESTS(tests) + (ASH_DEBUG ? RUN_TESTS(debug_tests) : 0);
}
