// Guarding starts in a constructor, not at boot: loading the unwinder may allocate and takes the
// loader's lock, and boot may run inside of the loader, or under locks of ours. What was allocated
// before is not guarded.

#include "api/guard.h"

#include <stdint.h>

#include "api/boot.h"
#include "api/hard.h"
#include "api/malloc.h"
#include "api/options.h"
#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "base/options.h"
#include "heap/fence_report.h"
#include "heap/hard.h"
#include "heap/realm.h"
#include "platform/fault.h"
#include "platform/report.h"
#include "platform/stack.h"

// Starting ----------------------------------------------------------------------------------

static ASH_COLD void guard_start(void) {
    ash_stack_load();
    if (!ash_guard_open(ash_option_value(ASH_OPTION_GUARD_SLOTS)) ||
        !ash_fault_watch(ash_fence_report_access)) {
        ash_report_setting(ASH_E_GUARD_OFF, "guard_sample: no memory for the slots; going on "
                                            "without guarded blocks");
        ash_guard.bytes = 0;
        return;
    }
    ash_hard_guard();
    // relaxed: who reads an old value does not count a few blocks.
    atomic_store_explicit(&ash_hard_detour, ash_hard_on() ? ASH_DETOUR_ALL : ASH_DETOUR_TAKES,
                          memory_order_relaxed);
    ash_thread_idle();  // what is at hand already would not be counted
}

// A process that has not asked for it is not booted here.
static ASH_CONSTRUCTOR void guard_constructor(void) {
    if (ash_options_mention(ASH_OPTION_GUARD_SAMPLE) && ash_boot() &&
        ash_option_value(ASH_OPTION_GUARD_SAMPLE) != 0) {
        guard_start();
    }
}

// Counting ----------------------------------------------------------------------------------

// On average N: so a program whose own pattern has that length is not always met at one place.
static int64_t guard_draw(void) {
    size_t every = ash_option_value(ASH_OPTION_GUARD_SAMPLE);
    return 1 + (int64_t)ash_guard_draw(2 * (uint64_t)every - 1);
}

// The calling thread's own heap; NULL if it has none, or if the unwinder allocates.
static struct ash_heap *guard_heap(void) {
    struct ash_heap *mine = ash_thread_own_heap();
    return mine == NULL || mine == &ash_heap_done || mine->guarding ? NULL : mine;
}

static bool guard_is_due(struct ash_heap *mine) {
    if (!mine->guard_drawn) {
        mine->guard_drawn = true;
        mine->guard_left = guard_draw();
    }
    mine->guard_left--;
    if (mine->guard_left > 0) {
        return false;
    }
    mine->guard_left += guard_draw();
    return true;
}

void ash_guard_count_on(struct ash_realm *realm, size_t bytes) {
    struct ash_heap *mine = guard_heap();
    if (mine == NULL || bytes > ash_guard.page_bytes || bytes > ASH_BLOCK_MAX) {
        return;
    }
    const struct ash_heap *heap = realm == NULL ? mine : ash_realm_seek(realm, mine);
    if (heap != NULL) {
        unsigned class_index = ash_class_of(bytes);
        mine->guard_left -= (int64_t)ash_bin_count(heap, class_index);
    }
}

// Guarded blocks ----------------------------------------------------------------------------

// A heap in an exclusive arena has no block outside of it.
static void *guard_make(struct ash_realm *realm, size_t bytes, size_t align) {
    if (realm->origin.only != NULL || !ash_realm_charge(realm, bytes)) {
        return NULL;
    }
    void *block = ash_huge_take_guarded(realm, bytes, align);
    if (block == NULL) {
        ash_realm_refund(realm, bytes);
    }
    return block;
}

void *ash_guard_sample_on(struct ash_realm *realm, size_t bytes, size_t align) {
    if (ash_thread_own_heap() == NULL) {  // a thread's first block counts as well
        (void)ash_thread_attach();
    }
    struct ash_heap *mine = guard_heap();
    if (mine == NULL || bytes > ash_guard.page_bytes || !guard_is_due(mine)) {
        return NULL;
    }
    mine->guarding = true;
    void *block =
        guard_make(ash_thread_realm(realm), ash_max(bytes, 1), ash_max(align, ASH_MIN_ALIGN));
    mine->guarding = false;
    return block;
}

struct ash_huge ash_guard_free(void *block) {
    struct ash_heap *mine = guard_heap();
    if (mine == NULL) {
        return ash_huge_give(block);
    }
    mine->guarding = true;
    struct ash_huge was = ash_huge_give(block);
    mine->guarding = false;
    return was;
}
