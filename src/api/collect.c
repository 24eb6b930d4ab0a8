#include "api/collect.h"

#include "api/helper.h"
#include "api/late.h"
#include "api/pending.h"
#include "api/thread.h"
#include "ashlar/ashlar.h"
#include "base/compiler.h"
#include "heap/audit.h"
#include "heap/depot.h"
#include "heap/hold.h"
#include "heap/realm.h"
#include "heap/registry.h"
#include "heap/release.h"
#include "supply/store.h"

static void collect_one(struct ash_heap *heap) {
    ash_hold(heap);
    ash_release_all(heap);
    ash_depot_close(heap);
    if (ASH_AUDIT) {
        ash_heap_audit(heap);
    }
    ash_hold_end(heap);
}

static bool collect_wants(const struct ash_heap *heap, const struct ash_realm *realm) {
    return realm == NULL || ash_realm_of(heap) == realm;
}

// `realm` NULL is all of them, here and below. Only this thread adds to its list of others, and
// only who ends a realm takes from it.
static void collect_mine(struct ash_heap *mine, const struct ash_realm *realm) {
    if (collect_wants(mine, realm)) {
        collect_one(mine);
    }
    ash_registry_enter();
    for (struct ash_heap *heap = mine->others; heap != NULL; heap = heap->next_other) {
        if (collect_wants(heap, realm)) {
            collect_one(heap);
        }
    }
    ash_registry_leave();
}

// As far as others are not at work on them.
static bool collect_all(const struct ash_realm *realm) {
    bool gave = false;
    struct ash_heap *heap = NULL;
    while ((heap = ash_registry_next(heap)) != NULL) {
        for (bool more = collect_wants(heap, realm); more && ash_hold_tend(heap, true, &more);) {
            gave |= more;
        }
    }
    return gave;
}

bool ash_collect_realm(const struct ash_realm *realm) {
    struct ash_heap *mine = ash_thread_attach();
    if (mine == NULL) {
        return false;
    }
    ash_pending_force();
    if (mine != &ash_heap_done) {
        collect_mine(mine, realm);
    }
    bool gave = collect_all(realm);
    ash_late_strip();
    return ash_store_purge(true) || gave;
}

ASH_NOINLINE bool ash_collect(void) {
    return ash_collect_realm(NULL);
}

ASH_NOINLINE void ash_thread_idle(void) {
    struct ash_heap *mine = ash_thread_attach();
    if (mine != NULL && mine != &ash_heap_done) {
        collect_mine(mine, NULL);
        ash_helper_wake();
    }
}
