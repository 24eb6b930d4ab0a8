#include "api/boot.h"

#include <stdatomic.h>

#include "api/hard.h"
#include "api/helper.h"
#include "api/late.h"
#include "api/options.h"
#include "api/stats.h"
#include "api/thread.h"
#include "base/compiler.h"
#include "heap/hard.h"
#include "heap/hold.h"
#include "heap/registry.h"
#include "heap/sizeclass.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "supply/guard.h"
#include "supply/huge.h"
#include "supply/meta.h"
#include "supply/region.h"
#include "supply/store.h"

static struct ash_lock boot_lock = ASH_LOCK(ASH_RANK_BOOT);
static _Atomic bool boot_done;

// Under boot_lock.
static bool boot_options_read;  // what is wrong with them is said once
static bool boot_constructed;   // our constructors have run: they decide on some things, too

static ASH_COLD bool boot_first(void) {
    ash_lock_take(&boot_lock);
    bool done = atomic_load_explicit(&boot_done, memory_order_relaxed);
    if (!done) {
        if (!boot_options_read) {
            boot_options_read = true;
            ash_options_boot();
        }
        ash_class_boot();
        ash_hard_start();
        done = ash_region_boot();
        if (done && boot_constructed) {
            ash_hard_seal();
        }
        // release: pairs with the acquire in ash_boot.
        atomic_store_explicit(&boot_done, done, memory_order_release);
    }
    ash_lock_drop(&boot_lock);
    return done;
}

bool ash_boot(void) {
    // acquire: all that boot_first wrote; pairs with its release.
    return ash_likely(atomic_load_explicit(&boot_done, memory_order_acquire)) || boot_first();
}

// Fork: all locks in the order of their ranks, so that the child finds nothing
// half done.
static struct ash_heap *boot_forker;  // under the boot lock

static void boot_fork_prepare(void) {
    struct ash_heap *mine = ash_thread_find();
    ash_lock_take(&boot_lock);
    boot_forker = mine;
    ash_stats_fork_prepare();
    ash_late_fork_prepare();
    ash_registry_enter();
    if (mine != NULL) {
        ash_hold_home(mine);  // before the locks that the helper takes while it tends one
    }
    ash_store_fork_prepare();
    ash_huge_fork_prepare();
    ash_guard_fork_prepare();
    ash_meta_fork_prepare();
}

static void boot_fork_parent(void) {
    ash_meta_fork_done();
    ash_guard_fork_done();
    ash_huge_fork_done();
    ash_store_fork_done();
    if (boot_forker != NULL) {
        ash_hold_home_end(boot_forker);
    }
    ash_registry_leave();
    ash_late_fork_done();
    ash_stats_fork_done();
    ash_lock_drop(&boot_lock);
}

static void boot_fork_child(void) {
    ash_registry_fork_child(boot_forker);
    ash_thread_fork_child();
    ash_helper_fork_child();
    boot_fork_parent();
}

// The process's only thread may be anywhere in the library, if a signal's handler forks. What it
// was at goes on in parent and child alike; all that is done here is what the child's ids change,
// and that too is left if the thread was at just that: then its heap is as in a child of vfork.
static void boot_fork_alone_child(void) {
    if (ash_registry_try_enter()) {
        ash_registry_fork_child(ash_thread_own_heap());
        ash_registry_leave();
    }
    ash_thread_fork_child();
    ash_helper_fork_child();
}

static const struct ash_fork_hooks boot_fork_hooks = {
    boot_fork_prepare,   boot_fork_parent,      boot_fork_child,
    ash_thread_has_slot, boot_fork_alone_child,
};

static ASH_CONSTRUCTOR void boot_constructor(void) {
    ash_os_on_fork(&boot_fork_hooks);
}

static ASH_CONSTRUCTOR_LAST void boot_last_constructor(void) {
    ash_lock_take(&boot_lock);
    boot_constructed = true;
    // relaxed: under the lock.
    if (atomic_load_explicit(&boot_done, memory_order_relaxed)) {
        ash_hard_seal();
    }
    ash_lock_drop(&boot_lock);
}
