#include "api/stats.h"

#include <errno.h>
#include <string.h>

#include "ashlar/ashlar.h"
#include "base/config.h"
#include "heap/remote.h"
#include "os_fake.h"
#include "platform/os.h"
#include "players.h"
#include "supply/meta.h"
#include "support.h"

enum { BLOCKS = 800 };

static void *blocks[BLOCKS];

// What of the region is neither in the store nor in a block is what spans have not cut, or hold
// ready: never negative.
static void expect_consistent(void) {
    struct ash_figures f = ash_figures_take();
    expect(f.store <= f.active);
    expect(f.dirty <= f.store);
    expect(f.allocated - f.huge + f.ready <= f.active - f.store);
    expect_equal(f.meta, ash_meta_bytes());
    expect_equal(f.active % ASH_UNIT_BYTES, 0);
}

CLAIM(allocated_is_what_the_blocks_hold) {
    player_enter(0);
    struct sequence sequence = sequence_from(81);
    size_t held = 0;
    for (int i = 0; i < BLOCKS; i++) {
        size_t bytes = sequence_below(&sequence, i % 40 == 0 ? 2 * ASH_UNIT_BYTES : 3000);
        bytes += i % 200 == 7 ? (size_t)ASH_RUN_MAX : 0;
        blocks[i] = ash_malloc(bytes);
        held += ash_usable_size(blocks[i]);
        expect_equal(ash_figures_take().allocated, held);
        expect_consistent();
    }
    for (int i = 0; i < BLOCKS; i++) {
        held -= ash_usable_size(blocks[i]);
        ash_free(blocks[i]);
        expect_equal(ash_figures_take().allocated, held);
        expect_consistent();
    }
    expect_equal(held, 0);
}

CLAIM(huge_blocks_are_counted_apart) {
    player_enter(0);
    void *first = ash_malloc((size_t)ASH_RUN_MAX + 1);
    void *second = ash_malloc(2 * (size_t)ASH_RUN_MAX);
    struct ash_figures f = ash_figures_take();
    expect_equal(f.huge_count, 2);
    expect_equal(f.huge, ash_usable_size(first) + ash_usable_size(second));
    expect_equal(f.allocated, f.huge);
    ash_free(first);
    expect_equal(ash_figures_take().huge_count, 1);
    ash_free(second);
    expect_equal(ash_figures_take().huge, 0);
}

CLAIM(ready_blocks_are_all_threads) {
    player_enter(0);
    ash_free(ash_malloc(100));
    size_t ready = ash_figures_take().ready;
    expect(ready >= 112);
    player_enter(1);
    expect_equal(ash_figures_take().ready, ready);
    expect_equal(ash_figures_take().allocated, 0);
}

CLAIM(an_ended_thread_may_ask) {
    player_enter(0);
    void *block = ash_malloc(ASH_SLICE_BYTES);
    player_enter(1);
    expect(player_heap() != NULL);
    player_end();
    expect_equal(ash_figures_take().ready, 0);
    expect_equal(ash_figures_take().allocated, ash_usable_size(block));
}

CLAIM(without_memory_all_is_0) {
    player_enter(0);
    os_fake_fail_from(OS_FAKE_ANY, 1);
    struct ash_figures f = ash_figures_take();
    expect_equal(f.active + f.allocated + f.ready + f.store + f.huge + f.meta, 0);
}

CLAIM(somebodys_mappings_are_not_counted) {
    player_enter(0);
    ash_free(ash_malloc(1));
    os_fake_occupy((char *)ash_region.base + ASH_UNIT_BYTES, 1);
    void *run = ash_malloc(2 * (size_t)ASH_UNIT_BYTES);
    expect(run != NULL);
    size_t units = 0;
    for (size_t unit = 0; unit < ash_region.active; unit++) {
        units += !ash_region.units[unit].foreign;
    }
    expect(units < ash_region.active);
    expect_equal(ash_figures_take().active, units * ASH_UNIT_BYTES);
}

// The public figures ------------------------------------------------------------------------

static struct ash_stats stats_of(const ash_heap_t *heap) {
    struct ash_stats s = {.bytes = sizeof s};
    expect(ash_heap_stats_get(heap, &s));
    expect_equal(s.bytes, sizeof s);
    expect_equal(s.version, ASH_STATS_VERSION);
    expect_equal(s.exact, 1);
    expect_equal(s.mapped, s.other + s.unused + s.purged + s.committed);
    expect_equal(s.committed, s.metadata + s.dirty + s.active);
    expect_equal(s.active, s.run_rest + s.span_free + s.ready + s.returning + s.allocated);
    expect_equal(s.allocated, s.small + s.large + s.huge);
    return s;
}

// Three threads allocate, free their own and others', and end.
CLAIM(every_level_adds_up_after_every_step) {
    player_enter(0);
    struct sequence sequence = sequence_from(5);
    size_t held = 0;
    for (int i = 0; i < 4 * BLOCKS; i++) {
        player_enter((unsigned)sequence_below(&sequence, 3));
        size_t k = sequence_below(&sequence, BLOCKS);
        held -= ash_usable_size(blocks[k]);
        ash_free(blocks[k]);
        size_t bytes = sequence_below(&sequence, i % 30 == 0 ? 2 * ASH_UNIT_BYTES : 2000);
        blocks[k] = i % 3 == 0 ? NULL : ash_malloc(bytes);
        held += ash_usable_size(blocks[k]);
        struct ash_stats s = stats_of(NULL);
        expect_equal(s.allocated, held);
        expect_equal(s.other, 0);
        expect_equal(s.mapped, os_fake_tally().mapped_bytes + os_fake_tally().claimed_bytes);
    }
}

// What another thread has freed is neither allocated nor ready, gathered or published.
CLAIM(what_comes_home_is_counted_apart) {
    player_enter(0);
    void *block = ash_malloc(100);
    player_enter(1);
    ash_free(block);
    expect_equal(stats_of(NULL).allocated, 0);
    expect_equal(stats_of(NULL).returning, 112);
    ash_remote_flush(player_heap());
    expect_equal(stats_of(NULL).returning, 112);
    player_enter(0);
    ash_remote_drain(player_heap());
    expect_equal(stats_of(NULL).returning, 0);
    expect_equal(stats_of(NULL).returned, 1);
}

CLAIM(a_heaps_figures_are_its_own) {
    player_enter(0);
    ash_heap_t *heap = ash_heap_new();
    void *own = ash_malloc(1000);
    const size_t sizes[] = {1000, (size_t)ASH_BLOCK_MAX + 5, (size_t)ASH_RUN_MAX + 5};
    size_t held = 0;
    for (int i = 0; i < 3; i++) {
        held += ash_usable_size(ash_heap_malloc(heap, sizes[i]));
        expect_equal(stats_of(heap).allocated, held);
        expect_equal(stats_of(heap).mapped, stats_of(heap).active);
        expect_equal(stats_of(heap).active, ash_heap_bytes(heap));
    }
    expect_equal(stats_of(ash_heap_main()).allocated, ash_usable_size(own));
    expect_equal(stats_of(NULL).allocated, held + ash_usable_size(own));
    expect_equal(stats_of(heap).huge_blocks, 1);
    ash_heap_destroy(heap);
    expect_equal(stats_of(NULL).allocated, ash_usable_size(own));
}

CLAIM(classes_add_up_to_the_whole) {
    player_enter(0);
    struct ash_class_stats classes[ASH_CLASS_COUNT];
    for (int i = 0; i < BLOCKS; i++) {
        (void)!ash_malloc((size_t)i * 11);
    }
    struct ash_stats s = stats_of(NULL);
    expect_equal(ash_stats_classes(NULL, classes, ASH_CLASS_COUNT, sizeof classes[0]),
                 ASH_CLASS_COUNT);
    size_t small = 0, spans = 0;
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        const struct ash_class_stats *c = &classes[i];
        size_t count = c->allocated + c->ready + c->returning + c->free;
        expect_equal(c->block_bytes, ash_classes[i].block_bytes);
        expect_equal(count, c->spans * ash_classes[i].blocks);
        small += c->allocated * c->block_bytes;
        spans += c->spans;
    }
    expect_equal(small, s.small);
    expect_equal(spans, s.spans);
}

CLAIM(fewer_or_shorter_classes_may_be_asked_for) {
    player_enter(0);
    size_t sizes[3] = {0, 0, 77};
    expect_equal(
        ash_stats_classes(NULL, (struct ash_class_stats *)(void *)sizes, 2, sizeof(size_t)),
        ASH_CLASS_COUNT);
    expect_equal(sizes[0], 16);
    expect_equal(sizes[1], 32);
    expect_equal(sizes[2], 77);
    expect_equal(ash_stats_classes(NULL, NULL, 0, 0), ASH_CLASS_COUNT);
}

CLAIM(peaks_and_calls_are_kept) {
    player_enter(0);
    size_t huge = 4 * (size_t)ASH_RUN_MAX;
    ash_free(ash_malloc(huge));
    struct ash_stats s = stats_of(NULL);
    expect(s.active_peak >= huge && s.mapped_peak >= huge && s.active < huge);
    expect(s.maps > 0 && s.unmaps > 0);
    uint64_t calls = os_fake_tally().calls[OS_FAKE_PURGE];
    ash_free(ash_malloc(1));
    (void)ash_collect();
    expect_equal(stats_of(NULL).purges - s.purges, os_fake_tally().calls[OS_FAKE_PURGE] - calls);
    expect_equal(stats_of(NULL).purged_so_far, os_fake_tally().purged_bytes);
}

CLAIM(an_older_caller_gets_what_it_knows) {
    player_enter(0);
    struct ash_stats s;
    memset(&s, 0x55, sizeof s);
    s.bytes = offsetof(struct ash_stats, active);
    expect(ash_stats_get(&s));
    expect_equal(s.bytes, offsetof(struct ash_stats, active));
    expect(s.mapped > 0 && s.mapped < 1 << 30);
    expect_equal(((unsigned char *)&s)[offsetof(struct ash_stats, active)], 0x55);
    s.bytes = 3;
    errno = 0;
    expect(!ash_stats_get(&s));
    expect_equal(errno, EINVAL);
}

// Somebody is in the middle of a slow path, and does not come out.
CLAIM(a_heap_that_cannot_be_held_makes_a_snapshot_inexact) {
    player_enter(0);
    (void)!ash_malloc(100);
    atomic_store(&player_heap()->state, ASH_HEAP_BUSY);
    player_enter(1);
    struct ash_stats s = {.bytes = sizeof s};
    expect(ash_stats_get(&s));
    expect_equal(s.exact, 0);
    expect_equal(s.active, s.run_rest + s.span_free + s.ready + s.returning + s.allocated);
    expect_equal(s.mapped, s.other + s.unused + s.purged + s.committed);
}

CLAIM(the_kernels_figures_are_passed_on) {
    player_enter(0);
    os_fake_usage = (struct ash_os_usage){1, 2, 3, 4, 5, 6, 7};
    struct ash_process_info info = {.bytes = sizeof info};
    expect(ash_process_info(&info));
    expect(info.elapsed_ms == 1 && info.user_ms == 2 && info.system_ms == 3);
    expect(info.resident == 4 && info.resident_peak == 5);
    expect(info.minor_faults == 6 && info.major_faults == 7);
    expect_equal(info.committed, stats_of(NULL).committed);
    info.bytes = 1;
    expect(!ash_process_info(&info));
}

// Text and JSON -----------------------------------------------------------------------------

CLAIM(a_short_buffer_gets_the_beginning) {
    player_enter(0);
    char whole[16384], part[16384];
    size_t length = ash_stats_json(whole, sizeof whole);
    expect(length > 1000 && length < sizeof whole);
    expect_equal(strlen(whole), length);
    for (size_t room = 0; room < 200; room++) {
        memset(part, 'x', sizeof part);
        expect_equal(ash_stats_json(part, room), length);
        size_t stored = room == 0 ? 0 : room - 1;
        expect_equal(memcmp(part, whole, stored), 0);
        expect_equal(part[stored], room == 0 ? 'x' : 0);
        expect_equal(part[room], 'x');
    }
    expect_equal(ash_stats_json(NULL, 0), length);
}

static size_t lines;

static void count_line(const char *text, void *argument) {
    expect(argument == &lines);
    ash_free(ash_malloc(10));  // may allocate
    lines++;
    expect_equal(text[strlen(text) - 1], '\n');
}

CLAIM(every_figure_has_a_line) {
    player_enter(0);
    expect(ash_stats_print(count_line, &lines));
    expect(lines >= ASH_STATS_PARTS + ASH_STATS_COUNTS);
    os_fake_set_quiet(true);
    expect(ash_stats_print(NULL, NULL));
    expect(strstr(os_fake_text(), "committed") != NULL);
}

CLAIM(without_memory_nothing_is_said) {
    player_enter(0);
    os_fake_fail_from(OS_FAKE_ANY, 1);
    struct ash_stats s = {.bytes = sizeof s};
    errno = 0;
    expect(!ash_stats_get(&s));
    expect_equal(errno, ENOMEM);
    expect_equal(s.mapped + s.allocated + s.version, 0);
    expect_equal(ash_stats_json(NULL, 0), 0);
    expect_equal(ash_stats_classes(NULL, NULL, 0, 0), 0);
    expect(!ash_stats_print(count_line, &lines));
    expect_equal(lines, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocated_is_what_the_blocks_hold),
        cmocka_unit_test(huge_blocks_are_counted_apart),
        cmocka_unit_test(ready_blocks_are_all_threads),
        cmocka_unit_test(an_ended_thread_may_ask),
        cmocka_unit_test(without_memory_all_is_0),
        cmocka_unit_test(somebodys_mappings_are_not_counted),
        cmocka_unit_test(every_level_adds_up_after_every_step),
        cmocka_unit_test(what_comes_home_is_counted_apart),
        cmocka_unit_test(a_heaps_figures_are_its_own),
        cmocka_unit_test(classes_add_up_to_the_whole),
        cmocka_unit_test(fewer_or_shorter_classes_may_be_asked_for),
        cmocka_unit_test(peaks_and_calls_are_kept),
        cmocka_unit_test(an_older_caller_gets_what_it_knows),
        cmocka_unit_test(a_heap_that_cannot_be_held_makes_a_snapshot_inexact),
        cmocka_unit_test(the_kernels_figures_are_passed_on),
        cmocka_unit_test(a_short_buffer_gets_the_beginning),
        cmocka_unit_test(every_figure_has_a_line),
        cmocka_unit_test(without_memory_nothing_is_said),
    };
    return RUN_TESTS(tests);
}
