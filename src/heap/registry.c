#include "heap/registry.h"

#include "base/assert.h"
#include "platform/lock.h"

enum { REGISTRY_TRIES = 4 };

static struct ash_lock registry_lock = ASH_LOCK(ASH_RANK_REGISTRY);

// Written under the lock; read by walkers without it.
static _Atomic(struct ash_heap *) registry_all;

// Under the lock: a queue, so that tending goes round.
static struct ash_heap *registry_orphans;
static struct ash_heap **registry_orphans_end = &registry_orphans;

void ash_registry_add(struct ash_heap *heap) {
    ash_lock_take(&registry_lock);
    heap->next = atomic_load_explicit(&registry_all, memory_order_relaxed);
    // release: pairs with the acquire in ash_registry_next.
    atomic_store_explicit(&registry_all, heap, memory_order_release);
    ash_lock_drop(&registry_lock);
}

struct ash_heap *ash_registry_next(const struct ash_heap *heap) {
    // acquire: pairs with the release in ash_registry_add. A heap's own `next` is
    // written before it is published and constant after.
    return heap == NULL ? atomic_load_explicit(&registry_all, memory_order_acquire) : heap->next;
}

struct ash_heap *ash_registry_find(uint32_t tid, uint32_t process) {
    struct ash_heap *heap = NULL;
    while ((heap = ash_registry_next(heap)) != NULL) {
        // relaxed: a thread looks for its own id, which it wrote itself.
        if (atomic_load_explicit(&heap->tid, memory_order_relaxed) == tid &&
            atomic_load_explicit(&heap->process, memory_order_relaxed) == process) {
            break;
        }
    }
    return heap;
}

static bool registry_claim(struct ash_heap *heap, uint32_t state) {
    uint32_t expected = ASH_HEAP_ORPHAN;
    // acquire: all that the last thread did to the heap; pairs with the release in
    // ash_orphan_leave.
    return atomic_compare_exchange_strong_explicit(&heap->state, &expected, state,
                                                   memory_order_acquire, memory_order_relaxed);
}

static void registry_append(struct ash_heap *heap) {
    heap->next_orphan = NULL;
    *registry_orphans_end = heap;
    registry_orphans_end = &heap->next_orphan;
}

static void registry_unlink(struct ash_heap **link) {
    struct ash_heap *heap = *link;
    *link = heap->next_orphan;
    if (registry_orphans_end == &heap->next_orphan) {
        registry_orphans_end = link;
    }
}

void ash_registry_put_orphan(struct ash_heap *heap) {
    ash_lock_take(&registry_lock);
    registry_append(heap);
    ash_lock_drop(&registry_lock);
}

struct ash_heap *ash_registry_take_orphan(void) {
    struct ash_heap *taken = NULL;
    ash_lock_take(&registry_lock);
    for (struct ash_heap **link = &registry_orphans; *link != NULL; link = &(*link)->next_orphan) {
        if (registry_claim(*link, ASH_HEAP_ACTIVE)) {
            taken = *link;
            registry_unlink(link);
            break;
        }
    }
    ash_lock_drop(&registry_lock);
    return taken;
}

struct ash_heap *ash_registry_tend_orphan(void) {
    struct ash_heap *heap = NULL;
    if (!ash_lock_try(&registry_lock)) {
        return NULL;
    }
    // A few at the head: one may be tended just now, or lost for good.
    for (int i = 0; i < REGISTRY_TRIES && registry_orphans != NULL && heap == NULL; i++) {
        struct ash_heap *first = registry_orphans;
        heap = registry_claim(first, ASH_HEAP_TENDED) ? first : NULL;
        registry_unlink(&registry_orphans);
        registry_append(first);
    }
    ash_lock_drop(&registry_lock);
    return heap;
}

void ash_registry_fork_prepare(void) {
    ash_lock_take(&registry_lock);
}

void ash_registry_fork_done(void) {
    ash_lock_drop(&registry_lock);
}

void ash_registry_fork_child(const struct ash_heap *mine) {
    struct ash_heap *heap = NULL;
    while ((heap = ash_registry_next(heap)) != NULL) {
        uint32_t state = atomic_load_explicit(&heap->state, memory_order_relaxed);
        if (heap != mine && state != ASH_HEAP_ORPHAN) {
            // Its thread may have been anywhere inside it.
            atomic_store_explicit(&heap->state, ASH_HEAP_LOST, memory_order_relaxed);
            ash_heap_set_thread(heap, 0, 0);
        }
    }
}
