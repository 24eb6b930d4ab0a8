#include "api/stats.h"

#include "ashlar/ashlar.h"
#include "base/config.h"
#include "os_fake.h"
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

CLAIM(ready_blocks_are_this_threads) {
    player_enter(0);
    ash_free(ash_malloc(100));
    size_t ready = ash_figures_take().ready;
    expect(ready >= 112);
    player_enter(1);
    expect_equal(ash_figures_take().ready, 0);
    expect_equal(ash_figures_take().allocated, ready);  // as documented: others' count as in use
    player_enter(0);
    expect_equal(ash_figures_take().allocated, 0);
}

CLAIM(an_ended_thread_may_ask) {
    player_enter(0);
    void *block = ash_malloc(ASH_SLICE_BYTES);
    player_enter(1);
    expect(player_heap() != NULL);
    player_end();
    expect_equal(ash_figures_take().ready, 0);
    expect(ash_figures_take().allocated >= ash_usable_size(block));
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocated_is_what_the_blocks_hold),
        cmocka_unit_test(huge_blocks_are_counted_apart),
        cmocka_unit_test(ready_blocks_are_this_threads),
        cmocka_unit_test(an_ended_thread_may_ask),
        cmocka_unit_test(without_memory_all_is_0),
        cmocka_unit_test(somebodys_mappings_are_not_counted),
    };
    return RUN_TESTS(tests);
}
