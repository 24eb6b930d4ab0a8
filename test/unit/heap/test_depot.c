#include "heap/depot.h"

#include <string.h>

#include "ashlar/ashlar.h"
#include "ashlar/stats.h"
#include "heap/audit.h"
#include "heap/hold.h"
#include "heap/look.h"
#include "heap/release.h"
#include "heap/span.h"
#include "os_fake.h"
#include "platform/os.h"
#include "players.h"
#include "supply/meta.h"
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
    struct ash_magazine *newest = heap->shelves[CLASS].depot, *below = newest->below;
    expect(newest->blocks[0] == blocks[count - magazine()]);
    expect(below->blocks[0] == blocks[count - 2 * magazine()]);
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

// As many blocks as a magazine has, which the program has filled.
static void take_filled(unsigned class_index, struct ash_block **list) {
    const struct ash_class *c = &ash_classes[class_index];
    for (uint32_t i = 0; i < c->magazine; i++) {
        list[i] = ash_malloc(c->block_bytes);
        expect(list[i] != NULL);
        memset((void *)list[i], 0xA5, c->block_bytes);
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
        struct ash_block *list[ASH_BIN_BLOCKS];
        take_filled(i, list);
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
            expect_untouched(list[k], ash_classes[i].block_bytes);
        }
        ash_heap_audit(heap);
    }
}

// Of the smallest class, whose magazines are many before they have the bytes.
static uint32_t fill_rack(void) {
    struct ash_block *list[ASH_BIN_BLOCKS];
    uint32_t put = 0;
    take_filled(0, list);
    ash_release_bin(heap, 0);
    while (ash_depot_put(heap, 0, list)) {
        put++;
    }
    expect(heap->depot_bytes + ash_classes[0].magazine * ASH_CLASS_STEP <= ASH_DEPOT_BYTES);
    return put;
}

// All of its magazines are spare ones then.
static void empty_rack(void) {
    while (ash_depot_take(heap, 0)) {
        ash_bin_drop(heap, 0);
    }
}

static size_t magazine_0_bytes(void) {
    return sizeof(struct ash_magazine) + ash_classes[0].magazine * sizeof(void *);
}

CLAIM(a_rack_holds_so_many_magazines_and_no_more) {
    start();
    uint32_t put = fill_rack();
    size_t bytes = magazine_0_bytes();
    expect(put * bytes <= ASH_DEPOT_RACK_BYTES && (put + 1) * bytes > ASH_DEPOT_RACK_BYTES / 2);
    empty_rack();
    expect_equal(fill_rack(), put);  // where these were
    ash_depot_drop(heap);
    ash_bin_drop(heap, 0);
    expect_equal(fill_rack(), put);
    ash_depot_drop(heap);
}

CLAIM(settled_magazines_leave_the_rack_to_other_classes) {
    start();
    uint32_t put = fill_rack();
    ash_depot_drop(heap);
    put_one();
    expect(ash_depot_settle(heap));
    expect_equal(fill_rack(), put);
    ash_depot_drop(heap);
}

CLAIM(closing_gives_the_pages_of_the_rack_back_once) {
    start();
    size_t bytes = fill_rack() * magazine_0_bytes();
    empty_rack();
    size_t before = os_fake_tally().purged_bytes;
    ash_depot_close(heap);
    size_t purged = os_fake_tally().purged_bytes - before;
    expect(purged < bytes + 2 * ash_os_page_bytes() && purged + 2 * ash_os_page_bytes() > bytes);
    ash_depot_close(heap);
    expect_equal(os_fake_tally().purged_bytes - before, purged);
    expect_equal(fill_rack() * magazine_0_bytes(), bytes);
}

CLAIM(a_closed_rack_has_no_spare_magazines) {
    start();
    uint32_t put = fill_rack();
    empty_rack();
    ash_depot_close(heap);
    expect_equal(fill_rack(), put);
    ash_depot_drop(heap);
}

CLAIM(without_memory_for_magazines_there_are_none) {
    start();
    struct ash_block *list[ASH_BIN_BLOCKS];
    take_filled(0, list);
    ash_release_bin(heap, 0);
    os_fake_fail_from(OS_FAKE_ANY, 1);
    while (ash_meta_take(ASH_CACHE_LINE) != NULL) {
    }
    expect(!ash_depot_put(heap, 0, list));
    os_fake_fail_never();
    expect(ash_depot_put(heap, 0, list));
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

// A heap that was left behind by fork may show anything.
CLAIM(what_is_no_block_ends_the_look) {
    start();
    put_one();
    heap->shelves[CLASS].depot->blocks[1] = (struct ash_block *)(void *)&heap;
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

DEATH(a_block_of_another_class_in_a_magazine_is_seen) {
    start();
    struct ash_block *other = ash_malloc(2 * BYTES);
    put_one();
    last_words("ASH901: assertion failed: audit_owned(heap, span, class_index)...");
    heap->shelves[CLASS].depot->blocks[1] = other;
    ash_heap_audit(heap);
}

DEATH(a_wrong_number_of_magazines_is_seen) {
    start();
    put_one();
    last_words("ASH901: assertion failed: heap->shelves[class_index].magazines == magazines...");
    heap->shelves[CLASS].magazines++;
    ash_heap_audit(heap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_leaves_a_full_bin_waits_in_the_depot),
        cmocka_unit_test(an_empty_bin_is_filled_with_the_newest_magazine),
        cmocka_unit_test(a_magazine_comes_back_in_the_order_in_which_it_left),
        cmocka_unit_test(magazines_of_every_class_come_back_whole),
        cmocka_unit_test(a_depot_without_magazines_fills_no_bin),
        cmocka_unit_test(a_rack_holds_so_many_magazines_and_no_more),
        cmocka_unit_test(settled_magazines_leave_the_rack_to_other_classes),
        cmocka_unit_test(closing_gives_the_pages_of_the_rack_back_once),
        cmocka_unit_test(a_closed_rack_has_no_spare_magazines),
        cmocka_unit_test(without_memory_for_magazines_there_are_none),
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
        cmocka_unit_test(a_block_of_another_class_in_a_magazine_is_seen),
        cmocka_unit_test(a_wrong_number_of_magazines_is_seen),
    };
    return RUN_TESTS(tests) + (ASH_DEBUG ? RUN_TESTS(debug_tests) : 0);
}
