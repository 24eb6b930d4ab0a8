#include "heap/realm.h"

#include "base/assert.h"
#include "heap/depot.h"
#include "heap/hold.h"
#include "heap/limit.h"
#include "heap/orphan.h"
#include "heap/registry.h"
#include "heap/release.h"
#include "heap/slots.h"
#include "heap/span.h"
#include "heap/tagged.h"
#include "heap/tenure.h"
#include "platform/cpu.h"
#include "platform/os.h"
#include "platform/report.h"
#include "supply/huge.h"
#include "supply/meta.h"
#include "supply/run.h"

struct ash_realm ash_realm_main = {
    .serial = 1,
    .root = &ash_realm_main,
};

// Under the registry's lock.
static struct ash_realm *realm_all;
static struct ash_realm *realm_spare;
static struct ash_heap *realm_spare_heaps;  // linked by older_orphan
static size_t realm_last_serial = 1;

struct ash_realm *ash_realm_new(struct ash_realm *root) {
    ash_registry_enter();
    struct ash_realm *realm = realm_spare;
    if (realm != NULL) {
        realm_spare = realm->next;
    } else {
        realm = ash_meta_take(sizeof *realm);
    }
    if (realm != NULL) {
        *realm = (struct ash_realm){
            .serial = ++realm_last_serial, .root = root != NULL ? root : realm, .next = realm_all};
        if (realm_all != NULL) {
            realm_all->prev = realm;
        }
        realm_all = realm;
    }
    ash_registry_leave();
    return realm;
}

void ash_realm_expect(const struct ash_realm *realm) {
    if (ash_unlikely(realm->serial == 0)) {
        ash_report_bad_pointer(ASH_E_HEAP_ENDED, "use", realm);
    }
}

// Joining and leaving -------------------------------------------------------------------

static void realm_remember(struct ash_heap *mine, const struct ash_realm *realm,
                           struct ash_heap *heap) {
    struct ash_recent *recent = ash_heap_recent(mine, realm->serial);
    recent->serial = realm->serial;
    recent->heap = heap;
}

// Whoever has the thread's own heap next must not find these by it.
static void realm_forget(struct ash_heap *mine) {
    for (int i = 0; i < ASH_HEAP_RECENT; i++) {
        mine->recent[i].serial = 0;
        mine->recent[i].heap = NULL;
    }
}

static struct ash_heap *realm_find(struct ash_realm *realm, const struct ash_heap *mine) {
    // acquire: pairs with the release in realm_link; a listed heap's next_in_realm is constant.
    struct ash_heap *heap = atomic_load_explicit(&realm->heaps, memory_order_acquire);
    while (heap != NULL && !ash_realm_is_home(heap, mine)) {
        heap = heap->next_in_realm;
    }
    return heap;
}

// Under the lock, all of these.

static void realm_set_home(struct ash_heap *heap, struct ash_heap *mine) {
    atomic_store_explicit(&heap->home, mine, memory_order_relaxed);
    if (mine != NULL) {
        heap->prev_other = NULL;
        heap->next_other = mine->others;
        if (heap->next_other != NULL) {
            heap->next_other->prev_other = heap;
        }
        mine->others = heap;
    }
}

static void realm_clear_home(struct ash_heap *heap) {
    struct ash_heap *mine = atomic_load_explicit(&heap->home, memory_order_relaxed);
    if (mine == NULL) {
        return;
    }
    *(heap->prev_other == NULL ? &mine->others : &heap->prev_other->next_other) = heap->next_other;
    if (heap->next_other != NULL) {
        heap->next_other->prev_other = heap->prev_other;
    }
    atomic_store_explicit(&heap->home, NULL, memory_order_relaxed);
}

static void realm_link(struct ash_realm *realm, struct ash_heap *heap) {
    ash_assert(!heap->is_listed);
    atomic_store_explicit(&heap->part_of, realm, memory_order_relaxed);
    heap->is_listed = true;
    heap->next_in_realm = atomic_load_explicit(&realm->heaps, memory_order_relaxed);
    // release: pairs with the acquire in realm_find.
    atomic_store_explicit(&realm->heaps, heap, memory_order_release);
}

void ash_realm_move_own(struct ash_realm *root, struct ash_heap *mine) {
    ash_assert(ash_realm_of(mine) == &ash_realm_main && mine->others == NULL);
    realm_forget(mine);
    ash_registry_enter();
    realm_link(root, mine);
    ash_registry_leave();
}

// Under the lock. A heap of a realm that has ended; it is the main realm's.
static struct ash_heap *realm_pop_spare(void) {
    struct ash_heap *heap = realm_spare_heaps;
    if (heap != NULL) {
        realm_spare_heaps = heap->older_orphan;
        atomic_store_explicit(&heap->state, ASH_HEAP_ACTIVE, memory_order_relaxed);
    }
    return heap;
}

struct ash_heap *ash_realm_take_spare(void) {
    ash_registry_enter();
    struct ash_heap *heap = realm_pop_spare();
    ash_registry_leave();
    return heap;
}

// A heap of the realm without a thread, or one of a realm that has ended.
static struct ash_heap *realm_take_used(struct ash_realm *realm, struct ash_heap *mine) {
    struct ash_heap *heap = ash_registry_claim_orphan(realm, true);
    if (heap == NULL) {
        heap = realm_pop_spare();
    }
    if (heap != NULL && !heap->is_listed) {
        realm_link(realm, heap);
    }
    if (heap != NULL) {
        realm_set_home(heap, mine);
    }
    return heap;
}

// An orphan of the main realm in which nothing is left: most heaps of a realm that was deleted end
// so.
static struct ash_heap *realm_take_empty(struct ash_realm *realm, struct ash_heap *mine) {
    ash_registry_enter();
    struct ash_heap *heap = ash_registry_claim_empty();
    ash_registry_leave();
    if (heap == NULL) {
        return NULL;
    }
    ash_assert(heap->span_count == 0);  // an orphan's empty spans have been retired
    ash_registry_enter();
    realm_link(realm, heap);
    realm_set_home(heap, mine);
    ash_registry_leave();
    ash_tenure_rest(&heap->state, ASH_HEAP_ACTIVE);
    return heap;
}

static struct ash_heap *realm_make_heap(struct ash_realm *realm, struct ash_heap *mine) {
    struct ash_heap *heap = ash_meta_take(sizeof *heap);
    if (heap == NULL) {
        return NULL;
    }
    ash_heap_init(heap);
    ash_registry_add(heap);
    ash_registry_enter();
    realm_link(realm, heap);
    realm_set_home(heap, mine);
    ash_registry_leave();
    return heap;
}

static struct ash_heap *realm_join(struct ash_realm *realm, struct ash_heap *mine) {
    ash_realm_expect(realm);
    ash_registry_enter();
    struct ash_heap *heap = realm_take_used(realm, mine);
    ash_registry_leave();
    if (heap == NULL) {
        heap = realm_take_empty(realm, mine);
    }
    return heap != NULL ? heap : realm_make_heap(realm, mine);
}

ASH_NOINLINE struct ash_heap *ash_realm_seek(struct ash_realm *realm, struct ash_heap *mine) {
    const struct ash_recent *recent = ash_heap_recent(mine, realm->serial);
    if (recent->serial == realm->serial) {  // the search goes through all the realm's heaps
        return recent->heap;
    }
    struct ash_heap *heap = ash_realm_of(mine) == realm ? mine : realm_find(realm, mine);
    if (heap != NULL) {
        realm_remember(mine, realm, heap);
    }
    return heap;
}

struct ash_heap *ash_realm_heap(struct ash_realm *realm, struct ash_heap *mine) {
    struct ash_heap *heap = mine == NULL ? NULL : ash_realm_seek(realm, mine);
    if (heap == NULL) {
        heap = realm_join(realm, mine);
        if (heap != NULL && mine != NULL) {
            realm_remember(mine, realm, heap);
        }
    }
    return heap;
}

// Somebody tends it, for a short while, or its thread is just leaving it.
static void realm_wait(void) {
    ash_cpu_pause();
    ash_os_sleep(0);
}

// The heap is claimed and has no home any more.
static void realm_abandon(struct ash_heap *heap) {
    ash_release_all(heap);
    ash_registry_enter();
    ash_registry_queue_orphan(heap);
    ash_registry_leave();
    ash_orphan_leave(heap);
}

void ash_realm_leave(struct ash_heap *heap) {
    ash_hold(heap);
    ash_registry_enter();
    realm_clear_home(heap);
    ash_registry_leave();
    realm_abandon(heap);
}

void ash_realm_leave_all(struct ash_heap *mine) {
    realm_forget(mine);
    for (;;) {
        ash_registry_enter();
        struct ash_heap *heap = mine->others;
        bool held = heap != NULL && ash_tenure_claim(&heap->state, ASH_HEAP_ACTIVE, ASH_HEAP_BUSY);
        if (held) {
            realm_clear_home(heap);
        }
        ash_registry_leave();
        if (heap == NULL) {
            return;
        }
        if (held) {
            realm_abandon(heap);
        } else {
            realm_wait();
        }
    }
}

// Runs ------------------------------------------------------------------------------

void ash_realm_add_run(struct ash_realm *realm, struct ash_record *run) {
    run->realm = realm;
    if (realm == &ash_realm_main) {
        return;
    }
    ash_registry_enter();
    run->prev = 0;
    run->next = realm->runs;
    if (run->next != 0) {
        ash_record_by_ticket(run->next)->prev = ash_record_ticket(run);
    }
    realm->runs = ash_record_ticket(run);
    ash_registry_leave();
}

void ash_realm_remove_run(struct ash_record *run) {
    struct ash_realm *realm = run->realm;
    if (realm == &ash_realm_main) {
        return;
    }
    ash_registry_enter();
    *(run->prev != 0 ? &ash_record_by_ticket(run->prev)->next : &realm->runs) = run->next;
    if (run->next != 0) {
        ash_record_by_ticket(run->next)->prev = run->prev;
    }
    ash_registry_leave();
}

// Ending ------------------------------------------------------------------------------

// Its thread was left behind by fork, anywhere inside of it: its blocks stay where they are.
static bool realm_is_lost(const struct ash_heap *heap) {
    return atomic_load_explicit(&heap->state, memory_order_relaxed) == ASH_HEAP_LOST;
}

static bool realm_claim(struct ash_heap *heap) {
    return ash_tenure_claim(&heap->state, ASH_HEAP_ORPHAN, ASH_HEAP_TENDED) ||
           ash_tenure_claim(&heap->state, ASH_HEAP_ACTIVE, ASH_HEAP_TENDED);
}

// Under the lock: takes heaps off the realm's list and puts them on `*claimed`. False if
// somebody is at work on the next one.
static bool realm_claim_some(struct ash_realm *realm, struct ash_heap **claimed) {
    for (struct ash_heap *heap;
         (heap = atomic_load_explicit(&realm->heaps, memory_order_relaxed));) {
        bool lost = realm_is_lost(heap);
        if (!lost && !realm_claim(heap)) {
            return false;
        }
        realm_clear_home(heap);
        atomic_store_explicit(&realm->heaps, heap->next_in_realm, memory_order_relaxed);
        heap->is_listed = false;
        if (lost) {
            atomic_store_explicit(&heap->part_of, realm->root, memory_order_relaxed);
        } else {
            heap->next_in_realm = *claimed;
            *claimed = heap;
        }
    }
    return true;
}

// Never waits under the lock: a thread that leaves a heap needs it.
static struct ash_heap *realm_claim_all(struct ash_realm *realm) {
    struct ash_heap *claimed = NULL;
    for (;;) {
        ash_registry_enter();
        bool all = realm_claim_some(realm, &claimed);
        ash_registry_leave();
        if (all) {
            return claimed;
        }
        realm_wait();
    }
}

static void realm_retire(struct ash_realm *realm) {
    if (realm->origin.only != NULL) {
        ash_arena_leave(realm->origin.only);
    }
    ash_registry_enter();
    realm->serial = 0;
    *(realm->prev == NULL ? &realm_all : &realm->prev->next) = realm->next;
    if (realm->next != NULL) {
        realm->next->prev = realm->prev;
    }
    realm->next = realm_spare;
    realm_spare = realm;
    ash_registry_leave();
}

static void realm_bequeath_heap(struct ash_heap *heap, struct ash_realm *heir) {
    ash_registry_enter();
    if (heir == &ash_realm_main) {
        atomic_store_explicit(&heap->part_of, heir, memory_order_relaxed);
    } else {
        realm_link(heir, heap);
    }
    ash_registry_queue_orphan(heap);
    ash_registry_leave();
    ash_orphan_leave(heap);
}

static struct ash_record *realm_next_run(const struct ash_realm *realm) {
    return realm->runs == 0 ? NULL : ash_record_by_ticket(realm->runs);
}

void ash_realm_delete(struct ash_realm *realm) {
    struct ash_realm *heir = realm->root;
    struct ash_heap *claimed = realm_claim_all(realm);
    for (struct ash_heap *heap = claimed; heap != NULL; heap = heap->next_in_realm) {
        ash_release_all(heap);  // before the bytes are counted that the heir will refund
    }
    size_t bytes = atomic_load_explicit(&realm->charged, memory_order_relaxed);
    atomic_fetch_add_explicit(&heir->charged, bytes, memory_order_relaxed);
    for (struct ash_heap *heap = claimed, *next; heap != NULL; heap = next) {
        next = heap->next_in_realm;
        realm_bequeath_heap(heap, heir);
    }
    for (struct ash_record *run; (run = realm_next_run(realm)) != NULL;) {
        ash_realm_remove_run(run);
        ash_realm_add_run(heir, run);
    }
    ash_huge_bequeath(realm, heir);
    realm_retire(realm);
}

static void realm_empty_heap(struct ash_heap *heap) {
    ash_tagged_forget(heap);
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        ash_span_drop_all(heap, i);
        ash_bin_drop(heap, i);
        heap->shelves[i].out = 0;
        heap->shelves[i].news = 0;
    }
    heap->news_classes = 0;
    atomic_store_explicit(&heap->news_spans, 0, memory_order_relaxed);
    ash_depot_drop(heap);
    ash_slots_forget(heap);
    atomic_store_explicit(&heap->inbox, 0, memory_order_relaxed);
    atomic_store_explicit(&heap->out_bytes, 0, memory_order_relaxed);
    ash_registry_enter();
    atomic_store_explicit(&heap->part_of, &ash_realm_main, memory_order_relaxed);
    atomic_store_explicit(&heap->state, ASH_HEAP_SPARE, memory_order_relaxed);
    heap->older_orphan = realm_spare_heaps;
    realm_spare_heaps = heap;
    ash_registry_leave();
}

void ash_realm_destroy(struct ash_realm *realm) {
    for (struct ash_heap *heap = realm_claim_all(realm), *next; heap != NULL; heap = next) {
        next = heap->next_in_realm;
        realm_empty_heap(heap);
    }
    for (struct ash_record *run; (run = realm_next_run(realm)) != NULL;) {
        ash_realm_remove_run(run);
        ash_run_give(run);
    }
    ash_huge_give_all(realm);
    ash_limit_refund(atomic_load_explicit(&realm->charged, memory_order_relaxed));
    realm_retire(realm);
}

// Sub-processes ------------------------------------------------------------------------

// Under the lock.
static bool realm_is_inhabited(const struct ash_realm *realm) {
    struct ash_heap *heap = atomic_load_explicit(&realm->heaps, memory_order_relaxed);
    for (; heap != NULL; heap = heap->next_in_realm) {
        uint32_t tid = atomic_load_explicit(&heap->tid, memory_order_relaxed);
        uint32_t process = atomic_load_explicit(&heap->process, memory_order_relaxed);
        if (tid != 0 && ash_os_thread_lives(tid, process)) {
            return true;
        }
    }
    return false;
}

size_t ash_realm_list(const struct ash_realm *root, struct ash_realm **realms, size_t count) {
    size_t found = 0;
    ash_registry_enter();
    for (struct ash_realm *realm = realm_all; realm != NULL; realm = realm->next) {
        if (realm->root == root && found++ < count) {
            realms[found - 1] = realm;
        }
    }
    ash_registry_leave();
    return found;
}

bool ash_realm_destroy_root(struct ash_realm *root) {
    ash_registry_enter();
    bool inhabited = realm_is_inhabited(root);
    ash_registry_leave();
    if (inhabited) {
        return false;
    }
    struct ash_realm *realm = root;
    while (ash_realm_list(root, &realm, 1) > 1) {  // the newest first, so the root last
        ash_realm_destroy(realm);
    }
    ash_realm_destroy(root);
    return true;
}

// Limits ------------------------------------------------------------------------------

bool ash_realm_charge(struct ash_realm *realm, size_t bytes) {
    ash_realm_expect(realm);
    // relaxed, all of these: a count.
    size_t before = atomic_fetch_add_explicit(&realm->charged, bytes, memory_order_relaxed);
    size_t limit = atomic_load_explicit(&realm->limit, memory_order_relaxed);
    bool fits = limit == 0 || (before <= limit && bytes <= limit - before);
    if (ash_likely(fits && ash_limit_charge(bytes))) {
        return true;
    }
    atomic_fetch_sub_explicit(&realm->charged, bytes, memory_order_relaxed);
    return false;
}

void ash_realm_refund(struct ash_realm *realm, size_t bytes) {
    atomic_fetch_sub_explicit(&realm->charged, bytes, memory_order_relaxed);
    ash_limit_refund(bytes);
}
