#include "ashlar/walk.h"

#include <errno.h>
#include <string.h>

#include "heap/remote.h"
#include "heap/span.h"
#include "os_fake.h"
#include "players.h"
#include "supply/region.h"
#include "support.h"

enum { BLOCKS = 600, SEEN = 2000 };

static struct {
    void *block;
    size_t bytes;
    ash_heap_t *heap;
} seen[SEEN];
static size_t seen_count, seen_areas, seen_used, stop_after = SIZE_MAX;
static void *blocks[BLOCKS];

static bool note(const struct ash_area *area, void *block, size_t bytes, void *argument) {
    expect(argument == blocks);
    expect(area->used > 0 && area->used <= area->blocks);
    expect(area->touched <= area->bytes);
    if (block == NULL) {
        expect_equal(bytes, 0);
        seen_areas++;
        seen_used += area->used;
    } else {
        expect(seen_count < SEEN);
        expect_equal(bytes, area->block_bytes);
        expect((char *)block >= (char *)area->start &&
               (char *)block + bytes <= (char *)area->start + area->bytes);
        seen[seen_count].block = block;
        seen[seen_count].heap = area->heap;
        seen[seen_count++].bytes = bytes;
    }
    return seen_count + seen_areas < stop_after;
}

static void walk(const ash_heap_t *heap) {
    seen_count = seen_areas = seen_used = 0;
    expect(ash_heap_visit(heap, true, note, blocks));
    expect_equal(seen_used, seen_count);
}

static unsigned times_seen(const void *block) {
    unsigned times = 0;
    for (size_t i = 0; i < seen_count; i++) {
        times += seen[i].block == block;
    }
    return times;
}

static void expect_walked(size_t count) {
    walk(NULL);
    expect_equal(seen_count, count);
    for (size_t i = 0; i < BLOCKS; i++) {
        expect_equal(times_seen(blocks[i]), blocks[i] != NULL);
    }
    for (size_t i = 0; i < seen_count; i++) {
        expect_equal(seen[i].bytes, ash_usable_size(seen[i].block));
        expect(seen[i].heap == ash_heap_of(seen[i].block));
    }
}

static size_t size_of(size_t i) {
    if (i % 100 == 3) {
        return (size_t)ASH_RUN_MAX + i;
    }
    return i % 20 == 1 ? (size_t)ASH_BLOCK_MAX + i * 100 : i * 7;
}

static void fill(void) {
    for (size_t i = 0; i < BLOCKS; i++) {
        player_enter((unsigned)(i % 3));
        blocks[i] = ash_malloc(size_of(i));
        expect(blocks[i] != NULL);
    }
}

CLAIM(nothing_is_reported_where_nothing_is) {
    player_enter(0);
    walk(NULL);
    ash_free(ash_malloc(100));
    walk(NULL);
    expect_equal(seen_count + seen_areas, 0);
}

CLAIM(blocks_of_all_threads_and_kinds_are_reported_once) {
    fill();
    expect_walked(BLOCKS);
}

// Others' frees: in their chains, and on the way home.
CLAIM(a_freed_block_is_not_reported_wherever_it_is) {
    fill();
    size_t left = BLOCKS;
    struct sequence sequence = sequence_from(7);
    for (size_t i = 0; i < BLOCKS; i++) {
        if (sequence_below(&sequence, 2) == 0) {
            player_enter((unsigned)sequence_below(&sequence, 4));
            ash_free(blocks[i]);
            blocks[i] = NULL;
            left--;
        }
        if (i % 40 == 0) {
            expect_walked(left);
        }
    }
    expect_walked(left);
}

CLAIM(orphans_blocks_are_reported) {
    fill();
    player_enter(1);
    player_end();
    player_enter(0);
    expect_walked(BLOCKS);
}

CLAIM(a_threads_late_blocks_are_reported) {
    fill();
    player_enter(1);
    player_end();
    ash_free(blocks[1]);
    blocks[1] = ash_malloc(40);  // from the late heap
    expect_walked(BLOCKS);
    ash_free(blocks[1]);
    blocks[1] = NULL;
    expect_walked(BLOCKS - 1);
}

CLAIM(a_walk_of_a_heap_is_of_that_heap) {
    fill();
    ash_heap_t *heap = ash_heap_new();
    const size_t sizes[] = {10, 5000, (size_t)ASH_BLOCK_MAX + 1, (size_t)ASH_RUN_MAX + 1};
    for (int i = 0; i < 4; i++) {
        void *block = ash_heap_malloc(heap, sizes[i]);
        walk(heap);
        expect_equal(seen_count, i + 1);
        expect_equal(times_seen(block), 1);
        expect(seen[0].heap == heap);
    }
    walk(ash_heap_main());
    expect_equal(seen_count, BLOCKS);
    walk(NULL);
    expect_equal(seen_count, BLOCKS + 4);
}

CLAIM(areas_alone_are_enough_for_some) {
    fill();
    seen_areas = seen_count = 0;
    expect(ash_heap_visit(NULL, false, note, blocks));
    expect_equal(seen_count, 0);
    expect_equal(seen_used, BLOCKS);
}

CLAIM(a_visitor_ends_the_walk_when_it_likes) {
    fill();
    for (stop_after = 1; stop_after < 2 * BLOCKS; stop_after += 100) {
        seen_areas = seen_count = 0;
        expect(!ash_heap_visit(NULL, true, note, blocks) || seen_count == BLOCKS);
        expect(seen_areas + seen_count <= stop_after);
    }
}

static bool work(const struct ash_area *area, void *block, size_t bytes, void *argument) {
    (void)area;
    (void)argument;
    if (block != NULL) {
        ash_free(ash_malloc(bytes));
        seen_count++;
    }
    return true;
}

CLAIM(a_visitor_may_allocate) {
    fill();
    player_enter(0);
    expect(ash_heap_visit(NULL, true, work, NULL));
    expect(seen_count >= BLOCKS);
}

CLAIM(without_memory_nothing_is_reported) {
    fill();
    for (uint64_t nth = 1; nth <= 2; nth++) {
        os_fake_fail_once(OS_FAKE_ANY, nth);
        errno = 0;
        seen_areas = 0;
        expect(!ash_heap_visit(NULL, true, note, blocks));
        expect_equal(errno, ENOMEM);
        expect_equal(seen_areas, 0);
    }
    os_fake_fail_never();
    expect_walked(BLOCKS);
}

CLAIM(a_walk_leaves_no_mapping) {
    fill();
    size_t mapped = os_fake_tally().mapped_bytes;
    walk(NULL);
    expect_equal(os_fake_tally().mapped_bytes, mapped);
}

// Utilisation -------------------------------------------------------------------------------

static struct ash_block_info info_of(const void *block) {
    struct ash_block_info info = {.bytes = sizeof info};
    expect(ash_block_info(block, &info));
    expect_equal(info.bytes, sizeof info);
    expect_equal(info.block_bytes, ash_usable_size(block));
    expect(info.heap == ash_heap_of(block));
    return info;
}

CLAIM(a_block_tells_how_full_its_span_is) {
    player_enter(0);
    expect(player_heap() != NULL);
    uint32_t in_span = ash_classes[ash_class_of(1000)].blocks;
    uint32_t count = 3 * in_span;
    expect(count < BLOCKS);
    for (uint32_t i = 0; i < count; i++) {
        blocks[i] = ash_malloc(1000);
    }
    struct ash_block_info first = info_of(blocks[0]);
    expect(first.area == (void *)ash_record_start(ash_record_first(blocks[0])));
    expect_equal(first.area_blocks, in_span);
    expect_equal(first.area_used, in_span);
    expect(!first.is_current);
    expect(info_of(blocks[count - 1]).is_current);
    expect(first.class_used >= count && first.class_blocks >= first.class_used);
    for (uint32_t i = 1; i < in_span; i++) {
        ash_free(blocks[i]);
    }
    (void)ash_collect();
    first = info_of(blocks[0]);
    expect_equal(first.area_used, 1);
    // The rule of walk.h: this one is worth moving, a block of a full span is not.
    expect(first.area_used * first.class_blocks < first.class_used * first.area_blocks);
    struct ash_block_info full = info_of(blocks[in_span]);
    expect(full.area_used * full.class_blocks >= full.class_used * full.area_blocks);
}

CLAIM(a_large_block_fills_its_place) {
    player_enter(0);
    const size_t sizes[] = {(size_t)ASH_BLOCK_MAX + 1, (size_t)ASH_RUN_MAX + 1};
    for (int i = 0; i < 2; i++) {
        void *block = ash_malloc(sizes[i]);
        struct ash_block_info info = info_of(block);
        expect(info.area == block && !info.is_current);
        expect_equal(info.area_blocks, 1);
        expect_equal(info.area_used, 1);
    }
}

CLAIM(what_is_no_block_is_refused) {
    player_enter(0);
    char *block = ash_malloc(100);
    struct ash_block_info info = {.bytes = sizeof info};
    const void *none[] = {NULL, &info, block + 16};
    for (int i = 0; i < 3; i++) {
        errno = 0;
        expect(!ash_block_info(none[i], &info));
        expect_equal(errno, EINVAL);
    }
    info.bytes = 1;
    expect(!ash_block_info(block, &info));
}

CLAIM(an_older_caller_gets_what_it_knows) {
    player_enter(0);
    struct ash_block_info info;
    memset(&info, 0x55, sizeof info);
    info.bytes = offsetof(struct ash_block_info, heap);
    expect(ash_block_info(ash_malloc(100), &info));
    expect_equal(info.block_bytes, 112);
    expect_equal(info.bytes, offsetof(struct ash_block_info, heap));
    expect_equal(((unsigned char *)&info)[offsetof(struct ash_block_info, heap)], 0x55);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_reported_where_nothing_is),
        cmocka_unit_test(blocks_of_all_threads_and_kinds_are_reported_once),
        cmocka_unit_test(a_freed_block_is_not_reported_wherever_it_is),
        cmocka_unit_test(orphans_blocks_are_reported),
        cmocka_unit_test(a_threads_late_blocks_are_reported),
        cmocka_unit_test(a_walk_of_a_heap_is_of_that_heap),
        cmocka_unit_test(areas_alone_are_enough_for_some),
        cmocka_unit_test(a_visitor_ends_the_walk_when_it_likes),
        cmocka_unit_test(a_visitor_may_allocate),
        cmocka_unit_test(without_memory_nothing_is_reported),
        cmocka_unit_test(a_walk_leaves_no_mapping),
        cmocka_unit_test(a_block_tells_how_full_its_span_is),
        cmocka_unit_test(a_large_block_fills_its_place),
        cmocka_unit_test(what_is_no_block_is_refused),
        cmocka_unit_test(an_older_caller_gets_what_it_knows),
    };
    return RUN_TESTS(tests);
}
