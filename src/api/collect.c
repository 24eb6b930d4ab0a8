#include "api/helper.h"
#include "api/late.h"
#include "api/thread.h"
#include "ashlar/ashlar.h"
#include "base/compiler.h"
#include "heap/audit.h"
#include "heap/hold.h"
#include "heap/registry.h"
#include "heap/release.h"
#include "supply/store.h"

static void collect_mine(struct ash_heap *mine) {
    ash_hold(mine);
    ash_release_all(mine);
    if (ASH_AUDIT) {
        ash_heap_audit(mine);
    }
    ash_hold_end(mine);
}

// As far as others are not at work on them.
static bool collect_all(void) {
    bool gave = false;
    struct ash_heap *heap = NULL;
    while ((heap = ash_registry_next(heap)) != NULL) {
        for (bool more = true; more && ash_hold_tend(heap, true, &more);) {
            gave |= more;
        }
    }
    return gave;
}

ASH_NOINLINE bool ash_collect(void) {
    struct ash_heap *mine = ash_thread_attach();
    if (mine == NULL) {
        return false;
    }
    if (mine != &ash_heap_done) {
        collect_mine(mine);
    }
    bool gave = collect_all();
    ash_late_strip();
    return ash_store_purge(true) || gave;
}

ASH_NOINLINE void ash_thread_idle(void) {
    struct ash_heap *mine = ash_thread_attach();
    if (mine != NULL && mine != &ash_heap_done) {
        collect_mine(mine);
        ash_helper_wake();
    }
}
