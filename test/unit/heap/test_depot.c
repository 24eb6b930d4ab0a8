#include "heap/depot.h"

#include <string.h>

#include "ashlar/ashlar.h"
#include "ashlar/stats.h"
#include "heap/audit.h"
#include "heap/hold.h"
#include "heap/look.h"
#include "heap/node.h"
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
    expect(newest == blocks[count - magazine()] && below == blocks[count - 2 * magazine()]);
    expect(ash_malloc(BYTES) == blocks[count - 1]);
    expect_equal(ash_depot_count(heap, CLASS), count - magazine());
    expect(heap->shelves[CLASS].depot == below);
    expect_equal(ash_bin_count(heap, CLASS), magazine() - 1);
    ash_heap_audit(heap);
}

// The one that was freed last is the first one out, as if none of them had left the bin.
CLAIM(a_magazine_comes_back_in_the_order_in_which_it_left) {
    start();
    take(cap() + 1);
    ash_release_bin(heap, CLASS);
    give(cap() + 1);
    ash_release_bin(heap, CLASS);
    for (uint32_t i = magazine(); i-- > 0;) {
        expect(ash_malloc(BYTES) == blocks[i]);
    }
    expect_equal(ash_bin_count(heap, CLASS), 0);
    expect(*ash_bin_bottom(heap, CLASS) == NULL);
    expect_equal(heap->depot_bytes, 0);
}

// As many blocks for a magazine, and as many in use between them, which the program has filled.
static void take_alternating(unsigned class_index, struct ash_block **list,
                             struct ash_block **between) {
    const struct ash_class *c = &ash_classes[class_index];
    for (uint32_t i = 0; i < c->magazine; i++) {
        list[i] = ash_malloc(c->block_bytes);
        between[i] = ash_malloc(c->block_bytes);
        expect(list[i] != NULL && between[i] != NULL);
        memset((void *)between[i], 0xA5, c->block_bytes);
    }
}

static void expect_untouched(const struct ash_block *block, size_t bytes) {
    const unsigned char *left = (const unsigned char *)block;
    for (size_t i = 0; i < bytes; i++) {
        expect_equal(left[i], 0xA5);
    }
}

CLAIM(magazines_of_every_class_come_back_whole) {
    start();
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        uint32_t count = ash_classes[i].magazine;
        struct ash_block *list[ASH_BIN_BLOCKS], *between[ASH_BIN_BLOCKS];
        take_alternating(i, list, between);
        ash_release_bin(heap, i);
        (void)ash_depot_settle(heap);
        if (count * (size_t)ash_classes[i].block_bytes > ASH_DEPOT_BYTES) {
            expect(!ash_depot_put(heap, i, list));
            continue;
        }
        expect(ash_depot_put(heap, i, list) && ash_depot_take(heap, i));
        expect_equal(ash_bin_count(heap, i), count);
        expect_equal(memcmp(ash_bin_blocks(heap, i), list, count * sizeof list[0]), 0);
        for (uint32_t k = 0; k < count; k++) {
            expect_untouched(between[k], ash_classes[i].block_bytes);
        }
        ash_heap_audit(heap);
    }
}

CLAIM(a_depot_without_magazines_fills_no_bin) {
    start();
    take(1);
    ash_release_bin(heap, CLASS);
    expect(!ash_depot_take(heap, CLASS));
    expect(!ash_depot_settle(heap));
    expect_equal(ash_bin_count(heap, CLASS), 0);
    ash_heap_audit(heap);
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
    expect_equal(ash_look_ready(heap, CLASS), (count + ash_bin_count(heap, CLASS)) * BYTES);
}

static struct ash_node *first_node(void) {
    return ash_node_of(heap->shelves[CLASS].depot);
}

static struct ash_node *last_node(void) {
    struct ash_node *node = first_node();
    for (uint32_t left = magazine(); left > 0 && ash_node_next(node) != NULL; left--) {
        node = ash_node_of(ash_node_next(node));
    }
    return node;
}

// A heap that was left behind by fork may show anything.
CLAIM(what_is_no_node_ends_the_look) {
    start();
    put_one();
    static _Alignas(ASH_CLASS_STEP) char elsewhere[ASH_CLASS_STEP];
    ash_node_set_next(first_node(), elsewhere);
    uint32_t count = 0;
    ash_look_depot(heap, CLASS, count_block, &count);
    expect_equal(count, 1 + ash_node_count(first_node()));
}

CLAIM(what_is_no_block_ends_the_look) {
    start();
    put_one();
    expect(ash_node_count(first_node()) > 1);
    first_node()->blocks[1] = (struct ash_block *)(void *)&heap;
    uint32_t count = 0;
    ash_look_depot(heap, CLASS, count_block, &count);
    expect_equal(count, 2);
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

CLAIM(a_node_that_claims_to_hold_too_many_fills_no_more_than_a_magazine) {
    start();
    put_one();
    expect(ash_node_count(last_node()) < ASH_NODE_BLOCKS_MAX);
    last_node()->next |= ASH_NODE_BLOCKS_MAX;
    memset((void *)ash_bin_bottom(heap, CLASS), 0, (cap() + 1) * sizeof(struct ash_block *));
    expect(ash_depot_take(heap, CLASS));
    expect_equal(ash_bin_count(heap, CLASS), magazine());
    for (struct ash_block **at = heap->bins[CLASS].top + 1; at <= heap->bins[CLASS].end; at++) {
        expect(*at == NULL);
    }
}

// Of the smallest class, whose magazines have more nodes than one in any build.
DEATH(a_magazine_that_was_overwritten_fills_no_bin) {
    start();
    struct ash_block *list[ASH_BIN_BLOCKS], *between[ASH_BIN_BLOCKS];
    take_alternating(0, list, between);
    ash_release_bin(heap, 0);
    (void)ash_depot_settle(heap);
    expect(ash_depot_put(heap, 0, list));
    last_words("ASH111: a list of freed blocks was overwritten (write after free?)...");
    ash_node_set_next(ash_node_of(list[0]), &heap);
    (void)ash_depot_take(heap, 0);
}

// It would be written to, beyond its end.
DEATH(what_is_no_blocks_start_becomes_no_node) {
    start();
    take(cap() + 1);
    ash_release_bin(heap, CLASS);
    char *inside = (char *)blocks[cap()] + 16;
    last_words("ASH103: free of %#jx: it does not point to the start of a block...",
               (uintmax_t)(uintptr_t)inside);
    ash_free(inside);
    for (uint32_t i = 0; i < cap(); i++) {
        ash_free(blocks[i]);
    }
}

DEATH(a_long_magazine_is_seen) {
    start();
    put_one();
    last_words("ASH901: assertion failed: left >= held + 1...");
    ash_node_set_next(last_node(), blocks[cap()]);
    ash_heap_audit(heap);
}

DEATH(a_short_magazine_is_seen) {
    start();
    put_one();
    last_words("ASH901: assertion failed: left == 0...");
    first_node()->next = 0;
    ash_heap_audit(heap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_leaves_a_full_bin_waits_in_the_depot),
        cmocka_unit_test(a_magazine_that_was_overwritten_fills_no_bin),
        cmocka_unit_test(what_is_no_blocks_start_becomes_no_node),
        cmocka_unit_test(an_empty_bin_is_filled_with_the_newest_magazine),
        cmocka_unit_test(a_magazine_comes_back_in_the_order_in_which_it_left),
        cmocka_unit_test(magazines_of_every_class_come_back_whole),
        cmocka_unit_test(a_depot_without_magazines_fills_no_bin),
        cmocka_unit_test(depots_hold_so_many_bytes_and_no_more),
        cmocka_unit_test(settling_returns_every_block_to_its_span),
        cmocka_unit_test(depots_are_settled_before_a_span_is_cut),
        cmocka_unit_test(who_tends_a_heap_deeply_settles_it),
        cmocka_unit_test(collecting_settles),
        cmocka_unit_test(a_heap_that_is_destroyed_has_no_depot),
        cmocka_unit_test(blocks_in_a_depot_are_ready_and_seen),
        cmocka_unit_test(what_is_no_node_ends_the_look),
        cmocka_unit_test(what_is_no_block_ends_the_look),
        cmocka_unit_test(a_node_that_claims_to_hold_too_many_fills_no_more_than_a_magazine),
        cmocka_unit_test(a_block_that_is_twice_in_a_depot_is_seen),
    };
    const struct CMUnitTest debug_tests[] = {
        cmocka_unit_test(a_wrong_sum_is_seen),
        cmocka_unit_test(a_long_magazine_is_seen),
        cmocka_unit_test(a_short_magazine_is_seen),
    };
    return RUN_TESTS(tests) + (ASH_DEBUG ? RUN_TESTS(debug_tests) : 0);
}
