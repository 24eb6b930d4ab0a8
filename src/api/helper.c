// No wake-up is lost: who makes work makes it under the store's lock, then tries to turn
// PARKED; the helper says that it parks, then looks for work under that lock. Whoever has
// the lock second sees what the other did before. So the state's own order is relaxed.

#include "api/helper.h"

#include <stdatomic.h>

#include "api/thread.h"
#include "base/compiler.h"
#include "base/options.h"
#include "heap/hold.h"
#include "heap/registry.h"
#include "platform/os.h"
#include "platform/report.h"
#include "supply/store.h"

enum {
    HELPER_TICK_MS = 100,
    HELPER_STILL_TICKS = 5,       // a heap is left alone this long
    HELPER_QUIET_TICKS = 20,      // it stays awake this long, in case more is coming
    HELPER_WORK_BYTES = 1 << 20,  // less than this, dirty, wakes nobody
};

enum helper_state { HELPER_NONE, HELPER_AWAKE, HELPER_PARKED };

static _Alignas(4) _Atomic uint32_t helper_state;

static bool helper_turn(uint32_t from, uint32_t to) {
    return atomic_compare_exchange_strong_explicit(&helper_state, &from, to, memory_order_relaxed,
                                                   memory_order_relaxed);
}

// What it was a moment ago. Who has made work since the helper said that it parks sees that: the
// store's lock came between.
static bool helper_is(enum helper_state state) {
    return atomic_load_explicit(&helper_state, memory_order_relaxed) == state;
}

static bool helper_is_on(void) {
    return ash_option_value(ASH_OPTION_HELPER_THREAD) != 0;
}

// A smaller heap has no helper.
static bool helper_is_worth_it(void) {
    return ash_store_used_bytes() >= ash_option_value(ASH_OPTION_HELPER_THREAD_MIN);
}

static bool helper_has_work(void) {
    return ash_store_dirty_bytes() >= HELPER_WORK_BYTES;
}

// A heap whose thread has not been on a slow path for a while sleeps. True if there will
// be something to do later.
static bool helper_tend(struct ash_heap *heap) {
    uint32_t slow_paths = ash_heap_slow_paths(heap);
    if (slow_paths != heap->seen_slow_paths) {
        heap->seen_slow_paths = slow_paths;
        heap->seen_still = 0;
        return true;
    }
    if (heap->seen_still > HELPER_STILL_TICKS) {
        return false;
    }
    bool deep = ++heap->seen_still > HELPER_STILL_TICKS;
    for (bool more = true; more && ash_hold_tend(heap, deep, &more);) {
    }
    return true;
}

bool ash_helper_step(void) {
    while (ash_store_purge(false)) {
    }
    struct ash_heap *heap = NULL;
    bool left = false;
    while ((heap = ash_registry_next(heap)) != NULL) {
        left |= helper_tend(heap);
    }
    return left || ash_store_dirty_bytes() > 0;
}

static void helper_work(void) {
    unsigned quiet = 0;
    while (quiet < HELPER_QUIET_TICKS && helper_is_on()) {
        ash_os_sleep(HELPER_TICK_MS);
        quiet = ash_helper_step() ? 0 : quiet + 1;
    }
}

static void helper_park(void) {
    atomic_store_explicit(&helper_state, HELPER_PARKED, memory_order_relaxed);
    if (ash_store_measure().dirty_bytes >= HELPER_WORK_BYTES || !helper_is_on()) {
        (void)helper_turn(HELPER_PARKED, HELPER_AWAKE);
    }
    while (helper_is(HELPER_PARKED)) {
        ash_os_wait(&helper_state, HELPER_PARKED);
    }
}

static void helper_run(void) {
    ash_thread_set_heap(ash_heap_end());  // what the C library frees for it goes home at once
    helper_work();
    while (helper_is_on() && helper_is_worth_it()) {
        helper_park();
        helper_work();
    }
    atomic_store_explicit(&helper_state, HELPER_NONE, memory_order_relaxed);
}

static ASH_COLD void helper_start(void) {
    if (!helper_turn(HELPER_NONE, HELPER_AWAKE)) {
        return;
    }
    if (!ash_os_start_thread(helper_run)) {
        atomic_store_explicit(&helper_state, HELPER_NONE, memory_order_relaxed);
    } else if (ash_option_value(ASH_OPTION_VERBOSE)) {
        ash_say("the helper thread was started");
    }
}

void ash_helper_start(void) {
    // An early look; helper_turn decides. The state first, which hardly ever changes: what is in
    // use does whenever any thread takes slices.
    if (ash_unlikely(ash_thread_is_not_alone() && helper_is(HELPER_NONE) && helper_is_worth_it() &&
                     helper_is_on())) {
        helper_start();
    }
}

void ash_helper_wake(void) {
    if (ash_unlikely(helper_is(HELPER_PARKED) && helper_has_work()) &&
        helper_turn(HELPER_PARKED, HELPER_AWAKE)) {
        ash_os_wake(&helper_state);
    }
}

// The caller has set the option; the store's lock orders that before what helper_park sees.
void ash_helper_stop(void) {
    (void)ash_store_measure();
    if (helper_turn(HELPER_PARKED, HELPER_AWAKE)) {
        ash_os_wake(&helper_state);
    }
}

void ash_helper_fork_child(void) {
    atomic_store_explicit(&helper_state, HELPER_NONE, memory_order_relaxed);
}
