#include "heap/registry.h"

#include "base/assert.h"
#include "heap/realm.h"
#include "heap/tenure.h"
#include "platform/lock.h"
#include "platform/os.h"

enum {
    REGISTRY_TRIES = 4,
    REGISTRY_NEAR = 16,     // orphans among which one of the caller's processor is looked for
    REGISTRY_WAIT_MS = 16,  // for orphans that are all tended
    REGISTRY_REAPS = 16,
    REGISTRY_BUCKETS = ASH_HOSTILE ? 64 : 1024,  // 4,096 threads have four heaps in each
};

static _Atomic uint32_t registry_waiting;  // threads, for an orphan
static struct ash_lock registry_lock = ASH_LOCK(ASH_RANK_REGISTRY);

// Written under the lock; read by walkers without it.
static _Atomic(struct ash_heap *) registry_all;

void ash_registry_enter(void) {
    ash_lock_take(&registry_lock);
}

bool ash_registry_try_enter(void) {
    return ash_lock_try(&registry_lock);
}

void ash_registry_leave(void) {
    ash_lock_drop(&registry_lock);
}

void ash_registry_add(struct ash_heap *heap) {
    ash_registry_enter();
    heap->next = atomic_load_explicit(&registry_all, memory_order_relaxed);
    // release: pairs with the acquire in ash_registry_next.
    atomic_store_explicit(&registry_all, heap, memory_order_release);
    ash_registry_leave();
}

struct ash_heap *ash_registry_next(const struct ash_heap *heap) {
    // acquire: pairs with the release in ash_registry_add. A heap's own `next` is
    // written before it is published and constant after.
    return heap == NULL ? atomic_load_explicit(&registry_all, memory_order_acquire) : heap->next;
}

// Whose heap is whose -------------------------------------------------------------------

// Under the lock: heaps by their threads' ids. A heap stays in its bucket when its
// thread ends, and moves when the next one has it.
static ASH_FAR struct ash_heap *registry_buckets[REGISTRY_BUCKETS];
static struct ash_heap *registry_reaped_last;
static _Atomic size_t registry_reaped;

static void registry_leave_bucket(struct ash_heap *heap) {
    if (heap->id_bucket == 0) {
        return;
    }
    struct ash_heap **link = &registry_buckets[heap->id_bucket - 1];
    while (*link != heap) {
        link = &(*link)->next_by_id;
    }
    *link = heap->next_by_id;
    heap->id_bucket = 0;
}

// Under the lock.
static void registry_set_thread(struct ash_heap *heap, uint32_t tid, uint32_t process) {
    uint32_t bucket = tid % REGISTRY_BUCKETS;
    if (heap->id_bucket != bucket + 1) {
        registry_leave_bucket(heap);
        heap->next_by_id = registry_buckets[bucket];
        registry_buckets[bucket] = heap;
        heap->id_bucket = bucket + 1;
    }
    // relaxed: without the lock, a thread only ever looks for its own ids.
    atomic_store_explicit(&heap->process, process, memory_order_relaxed);
    atomic_store_explicit(&heap->tid, tid, memory_order_relaxed);
}

void ash_registry_set_thread(struct ash_heap *heap, uint32_t tid, uint32_t process) {
    ash_registry_enter();
    registry_set_thread(heap, tid, process);
    ash_registry_leave();
}

static bool registry_is_of(const struct ash_heap *heap, uint32_t tid, uint32_t process) {
    return atomic_load_explicit(&heap->tid, memory_order_relaxed) == tid &&
           atomic_load_explicit(&heap->process, memory_order_relaxed) == process;
}

struct ash_heap *ash_registry_find(uint32_t tid, uint32_t process) {
    ash_registry_enter();
    struct ash_heap *heap = registry_buckets[tid % REGISTRY_BUCKETS];
    while (heap != NULL && !registry_is_of(heap, tid, process)) {
        heap = heap->next_by_id;
    }
    if (heap != NULL && heap->ended) {
        heap = &ash_heap_done;
    }
    ash_registry_leave();
    return heap;
}

void ash_registry_end(struct ash_heap *heap) {
    ash_registry_enter();
    heap->ended = true;
    ash_registry_leave();
}

// A thread in the middle of its end still lives, so nobody else is in the heap.
static bool registry_is_left_behind(const struct ash_heap *heap) {
    uint32_t tid = atomic_load_explicit(&heap->tid, memory_order_relaxed);
    uint32_t process = atomic_load_explicit(&heap->process, memory_order_relaxed);
    uint32_t state = atomic_load_explicit(&heap->state, memory_order_relaxed);
    return tid != 0 && ash_realm_of(heap) == &ash_realm_main &&
           (heap->ended || state == ASH_HEAP_ACTIVE) && !ash_os_thread_lives(tid, process);
}

// Under the lock. False if the heap is not to be had.
static bool registry_take_over(struct ash_heap *heap, uint32_t process) {
    if (!registry_is_left_behind(heap)) {
        return false;
    }
    if (!heap->ended) {
        atomic_fetch_add_explicit(&registry_reaped, 1, memory_order_relaxed);
    } else if (!ash_tenure_claim(&heap->state, ASH_HEAP_ORPHAN, ASH_HEAP_ACTIVE)) {
        return false;  // somebody tends it just now
    }
    heap->ended = false;
    // A thread may come to life with the dead one's id, and must not find it.
    registry_set_thread(heap, ash_os_thread_id(), process);
    return true;
}

struct ash_heap *ash_registry_reap(uint32_t process) {
    struct ash_heap *heap = NULL;
    ash_registry_enter();
    for (int i = 0; i < REGISTRY_REAPS && heap == NULL; i++) {
        registry_reaped_last = ash_registry_next(registry_reaped_last);
        if (registry_reaped_last != NULL && registry_take_over(registry_reaped_last, process)) {
            heap = registry_reaped_last;
        }
    }
    ash_registry_leave();
    return heap;
}

size_t ash_registry_reaped(void) {
    return atomic_load_explicit(&registry_reaped, memory_order_relaxed);
}

// Orphans -------------------------------------------------------------------------------

// Under the lock, so that adding need not be one operation.
static void registry_count_orphan(struct ash_realm *realm, int change) {
    // relaxed, here and below: a hint.
    uint32_t count = atomic_load_explicit(&realm->orphan_count, memory_order_relaxed);
    atomic_store_explicit(&realm->orphan_count, count + (uint32_t)change, memory_order_relaxed);
}

bool ash_registry_has_orphans(const struct ash_realm *realm) {
    return atomic_load_explicit(&realm->orphan_count, memory_order_relaxed) != 0;
}

void ash_registry_queue_orphan(struct ash_heap *heap) {
    struct ash_realm *realm = ash_realm_of(heap);
    heap->processor = ash_os_processor();
    heap->newer_orphan = NULL;
    heap->older_orphan = realm->newest_orphan;
    *(heap->older_orphan == NULL ? &realm->oldest_orphan : &heap->older_orphan->newer_orphan) =
        heap;
    realm->newest_orphan = heap;
    registry_count_orphan(realm, 1);
}

static void registry_unlink(struct ash_realm *realm, struct ash_heap *heap) {
    struct ash_heap *older = heap->older_orphan, *newer = heap->newer_orphan;
    *(older == NULL ? &realm->oldest_orphan : &older->newer_orphan) = newer;
    *(newer == NULL ? &realm->newest_orphan : &newer->older_orphan) = older;
    if (realm->next_tended == heap) {
        realm->next_tended = newer;
    }
    registry_count_orphan(realm, -1);
}

void ash_registry_put_orphan(struct ash_heap *heap) {
    ash_registry_enter();
    ash_registry_queue_orphan(heap);
    ash_registry_leave();
}

static bool registry_claim(struct ash_realm *realm, struct ash_heap *heap, bool listed_too) {
    if ((heap->is_listed && !listed_too) ||
        !ash_tenure_claim(&heap->state, ASH_HEAP_ORPHAN, ASH_HEAP_ACTIVE)) {
        return false;
    }
    registry_unlink(realm, heap);
    return true;
}

// One of the newest, whose thread ended where the caller runs: what is free in it is in that
// processor's caches.
static struct ash_heap *registry_claim_near(struct ash_realm *realm, bool listed_too) {
    int processor = ash_os_processor();
    struct ash_heap *heap = realm->newest_orphan;
    for (int i = 0; i < REGISTRY_NEAR && heap != NULL; i++, heap = heap->older_orphan) {
        if (heap->processor == processor && registry_claim(realm, heap, listed_too)) {
            return heap;
        }
    }
    return NULL;
}

struct ash_heap *ash_registry_claim_orphan(struct ash_realm *realm, bool listed_too) {
    struct ash_heap *heap = registry_claim_near(realm, listed_too);
    if (heap == NULL) {
        heap = realm->newest_orphan;
        while (heap != NULL && !registry_claim(realm, heap, listed_too)) {
            heap = heap->older_orphan;
        }
    }
    return heap;
}

// Each orphan in its turn, from the oldest on. NULL: there is none.
static struct ash_heap *registry_turn(struct ash_realm *realm) {
    struct ash_heap *heap = realm->next_tended;
    if (heap == NULL) {
        heap = realm->oldest_orphan;
    }
    if (heap != NULL) {
        realm->next_tended = heap->newer_orphan;
    }
    return heap;
}

struct ash_heap *ash_registry_claim_empty(void) {
    struct ash_realm *realm = &ash_realm_main;
    for (int i = 0; i < REGISTRY_TRIES; i++) {
        struct ash_heap *heap = registry_turn(realm);
        // relaxed: of an orphan it only falls, and who takes one over needs the lock.
        if (heap != NULL && !heap->is_listed &&
            atomic_load_explicit(&heap->out_bytes, memory_order_relaxed) == 0 &&
            ash_tenure_claim(&heap->state, ASH_HEAP_ORPHAN, ASH_HEAP_TENDED)) {
            registry_unlink(realm, heap);
            return heap;
        }
    }
    return NULL;
}

static bool registry_is_tended(const struct ash_heap *heap) {
    return atomic_load_explicit(&heap->state, memory_order_relaxed) == ASH_HEAP_TENDED;
}

static bool registry_some_are_tended(const struct ash_realm *realm) {
    const struct ash_heap *heap = realm->newest_orphan;
    while (heap != NULL && (heap->is_listed || !registry_is_tended(heap))) {
        heap = heap->older_orphan;
    }
    return heap != NULL;
}

// Under the lock, but where it waits.
static struct ash_heap *registry_wait_for_orphan(struct ash_realm *realm) {
    struct ash_heap *heap = NULL;
    uint64_t end_ms = ash_os_clock_ms() + REGISTRY_WAIT_MS;
    // relaxed: a hint.
    atomic_fetch_add_explicit(&registry_waiting, 1, memory_order_relaxed);
    while (heap == NULL && ash_os_clock_ms() < end_ms && registry_some_are_tended(realm)) {
        ash_registry_leave();
        ash_os_sleep(0);
        ash_registry_enter();
        heap = ash_registry_claim_orphan(realm, false);
    }
    atomic_fetch_sub_explicit(&registry_waiting, 1, memory_order_relaxed);
    return heap;
}

bool ash_registry_is_awaited(void) {
    return atomic_load_explicit(&registry_waiting, memory_order_relaxed) != 0;
}

struct ash_heap *ash_registry_take_orphan(struct ash_realm *realm) {
    ash_registry_enter();
    struct ash_heap *heap = ash_registry_claim_orphan(realm, false);
    if (heap == NULL && registry_some_are_tended(realm)) {
        heap = registry_wait_for_orphan(realm);
    }
    ash_registry_leave();
    return heap;
}

struct ash_heap *ash_registry_tend_orphan(struct ash_realm *realm) {
    struct ash_heap *tended = NULL;
    if (!ash_lock_try(&registry_lock)) {
        return NULL;
    }
    // A few: one may be tended just now, or lost for good.
    for (int i = 0; i < REGISTRY_TRIES && tended == NULL; i++) {
        struct ash_heap *heap = registry_turn(realm);
        if (heap != NULL && ash_tenure_claim(&heap->state, ASH_HEAP_ORPHAN, ASH_HEAP_TENDED)) {
            tended = heap;
        }
    }
    ash_registry_leave();
    return tended;
}

// A heap of the calling thread's in another realm.
static bool registry_is_other(const struct ash_heap *heap, const struct ash_heap *mine) {
    return mine != NULL && ash_realm_is_home(heap, mine);
}

void ash_registry_fork_child(struct ash_heap *mine) {
    struct ash_heap *heap = NULL;
    atomic_store_explicit(&registry_waiting, 0, memory_order_relaxed);  // they are not here
    while ((heap = ash_registry_next(heap)) != NULL) {
        uint32_t state = atomic_load_explicit(&heap->state, memory_order_relaxed);
        if (heap != mine && !registry_is_other(heap, mine) && state != ASH_HEAP_ORPHAN &&
            state != ASH_HEAP_SPARE) {
            // Its thread may have been anywhere inside it.
            atomic_store_explicit(&heap->state, ASH_HEAP_LOST, memory_order_relaxed);
            atomic_store_explicit(&heap->tid, 0, memory_order_relaxed);
        } else if (heap->ended) {  // its thread is not here
            heap->ended = false;
            atomic_store_explicit(&heap->tid, 0, memory_order_relaxed);
            ash_registry_queue_orphan(heap);
        }
    }
    if (mine != NULL) {
        registry_set_thread(mine, ash_os_thread_id(), ash_os_process_id());
    }
}
