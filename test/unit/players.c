#include "players.h"

#include "api/stats.h"
#include "api/thread.h"
#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "heap/audit.h"
#include "heap/registry.h"
#include "os_fake.h"
#include "platform/os.h"
#include "platform/thread.h"
#include "supply/meta.h"
#include "supply/region.h"
#include "supply/store.h"
#include "support.h"

static unsigned player_now;
static struct ash_heap *player_slots[PLAYERS_MAX];

void player_enter(unsigned player) {
    player_slots[player_now] = ash_thread_heap();
    player_now = player;
    os_fake_set_process(PLAYER_TID);  // player 0 is the first thread
    os_fake_set_thread(PLAYER_TID + player);
    ash_thread_set_heap(player_slots[player]);
}

void player_start(unsigned player) {
    player_enter(player);
    ash_thread_set_heap(NULL);
}

void player_end(void) {
    os_fake_end_thread();
}

struct ash_heap *player_heap(void) {
    return ash_thread_attach();
}

static size_t players_foreign_units(size_t end) {
    size_t count = 0;
    for (size_t unit = 0; unit < end; unit++) {
        count += ash_region.units[unit].foreign;
    }
    return count;
}

// What the large tables have for memory handed in.
static size_t players_arena_tables(void) {
    size_t steps = 0;
    for (size_t i = 0; i < ASH_ARENA_STEPS; i++) {
        steps += ash_arena_covered[i];
    }
    size_t slice_bytes = sizeof(struct ash_record) + ASH_SLICE_MARKS * sizeof(uint64_t);
    slice_bytes += ash_region.with_states ? ASH_SLICE_BYTES / 16 : 0;
    return steps * ASH_ARENA_STEP * ASH_UNIT_SLICES * slice_bytes;
}

size_t players_claimed_bytes(void) {
    const size_t unit_bytes[] = {
        1, sizeof(struct ash_unit), ASH_UNIT_SLICES * sizeof(struct ash_record),
        ASH_UNIT_SLICES * ASH_SLICE_MARKS * sizeof(uint64_t), ASH_UNIT_BYTES / 16};
    _Static_assert(sizeof unit_bytes / sizeof unit_bytes[0] ==
                       sizeof ash_region.covered / sizeof ash_region.covered[0],
                   "every table is counted");
    size_t units = ash_region.mapped - players_foreign_units(ash_region.mapped);
    size_t bytes = units << ASH_UNIT_SHIFT;
    for (int i = 0; i < 5; i++) {  // of the states none is covered if there are none
        bytes += ash_round_up(ash_region.covered[i] * unit_bytes[i], ash_os_page_bytes());
    }
    return bytes + players_arena_tables();
}

void players_expect_all_free(void) {
    os_fake_fail_never();
    os_fake_fail_above(0);
    (void)ash_collect();
    players_audit();
    struct ash_figures f = ash_figures_take();
    size_t foreign = players_foreign_units(ash_region.active) << ASH_UNIT_SHIFT;
    expect_equal(f.allocated, 0);
    expect_equal(f.ready, 0);
    expect_equal(f.huge, 0);
    expect_equal(f.huge_count, 0);
    expect_equal(f.store, (ash_region.active << ASH_UNIT_SHIFT) - foreign);
    expect_equal(f.dirty, 0);
    // The index of huge blocks is the one mapping that ash_meta_bytes does not count: none, or
    // a power of two from a page on.
    size_t index = os_fake_tally().mapped_bytes - f.meta;
    expect(index == 0 || (ash_is_power_of_two(index) && index >= ash_os_page_bytes()));
    expect_equal(os_fake_tally().claimed_bytes, players_claimed_bytes());
}

void players_audit(void) {
    ash_store_audit();
    struct ash_heap *heap = NULL;
    while ((heap = ash_registry_next(heap)) != NULL) {
        ash_heap_audit(heap);
    }
}
