// Threads, and the system they run on: its clock, its failures, forks, options.

#include <errno.h>
#include <stdlib.h>

#include "ashlar/options.h"
#include "fault.h"
#include "heap/heap.h"
#include "os_fake.h"
#include "platform/thread.h"
#include "players.h"
#include "world.h"

// What a played thread is known by: a new one has no heap yet.
void world_enter(struct world *w, unsigned player) {
    struct player *p = &w->players[player];
    w->player = player;
    if (p->state != PLAYER_NEW) {
        player_enter(player);
        return;
    }
    player_start(player);
    *p = (struct player){.state = PLAYER_RUNS, .root = w->main};
}

// A thread without a heap has no exit handler, nor has one for which the system had none: it goes
// on as if it had not ended.
void world_leave(struct world *w) {
    struct player *p = &w->players[w->player];
    const struct ash_heap *heap = ash_thread_heap();
    if (heap == NULL || !heap->hooked) {
        return;
    }
    player_end();
    p->state = PLAYER_ENDED;
}

// The main thread does not end, so that somebody is there to clean up.
void world_thread(struct world *w) {
    unsigned player = input_below(&w->in, WORLD_PLAYERS);
    unsigned kind = input_below(&w->in, 8);
    world_note(w, "thread");
    if (kind == 0 && w->player != 0 && w->players[w->player].state == PLAYER_RUNS) {
        world_leave(w);
        return;
    }
    if (kind == 1 && w->players[player].state == PLAYER_ENDED) {
        w->players[player].state = PLAYER_NEW;
    }
    world_enter(w, player);
    if (kind == 2) {
        ash_thread_idle();
    }
    world_expect_errno_kept();
}

static void fail(struct world *w) {
    unsigned kinds = input_byte(&w->in) & OS_FAKE_ANY;
    uint64_t nth = 1 + input_below(&w->in, 32);
    w->failing = true;
    switch (input_below(&w->in, 6)) {
    case 0:
        os_fake_fail_once(kinds, nth);
        break;
    case 1:
        os_fake_fail_every(kinds, nth);
        break;
    case 2:
        os_fake_fail_from(kinds, nth);
        break;
    case 3:
        os_fake_fail_until(kinds, nth);
        break;
    case 4:
        os_fake_fail_above(input_size(&w->in));
        break;
    default:
        os_fake_fail_never();
        os_fake_fail_above(0);
        w->failing = false;
    }
}

// The values that make a difference to what happens next; verbose and show_stats only write.
static void set_option(struct world *w) {
    static const enum ash_option some[] = {ASH_OPTION_PURGE_DELAY, ASH_OPTION_HELPER_THREAD,
                                           ASH_OPTION_HELPER_THREAD_MIN, ASH_OPTION_HUGE_PAGES,
                                           ASH_OPTION_SHOW_WARNINGS};
    enum ash_option option = some[input_below(&w->in, sizeof some / sizeof some[0])];
    struct ash_option_details known;
    (void)ash_option_info(option, &known, sizeof known);
    int64_t value = (int64_t)input_size(&w->in) - 1;
    bool good = value >= known.lowest && value <= known.highest;
    if (ash_option_set(option, value) != (good ? 0 : EINVAL) ||
        ash_option_get(option) != (good ? value : known.value)) {
        fuzz_fail("%s set to %lld is %lld", known.name, (long long)value,
                  (long long)ash_option_get(option));
    }
}

static void fork_and_go_on(void) {
    os_fake_fork_prepare();
    os_fake_fork_parent();
}

void world_system(struct world *w) {
    world_note(w, "system");
    switch (input_below(&w->in, 8)) {
    case 0:
    case 1:
        fail(w);
        return;
    case 2:
        os_fake_pass_ms(input_size(&w->in) % 10000);
        break;
    case 3:
        set_option(w);
        break;
    case 4:
        fork_and_go_on();
        break;
    case 5:
        os_fake_set_remap_moves(input_below(&w->in, 2) == 1);
        break;
    case 6:
        (void)ash_collect();
        break;
    default:
        players_audit();
    }
    world_expect_errno_kept();
}
