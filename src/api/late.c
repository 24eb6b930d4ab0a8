#include "api/late.h"

#include "heap/refill.h"
#include "heap/release.h"
#include "platform/lock.h"

static struct ash_lock late_lock = ASH_LOCK(ASH_RANK_LATE);
static ASH_FAR struct ash_heap late_heap;  // not in the registry: the lock owns it
static bool late_ready;

void ash_late_enter(void) {
    ash_lock_take(&late_lock);
    if (!late_ready) {
        ash_heap_init(&late_heap);
        late_ready = true;
    }
}

void ash_late_leave(void) {
    ash_lock_drop(&late_lock);
}

void *ash_late_take(unsigned class_index) {
    ash_late_enter();
    void *block = ash_refill(&late_heap, class_index);
    ash_late_leave();
    return block;
}

struct ash_heap *ash_late_heap(void) {
    return &late_heap;
}

size_t ash_late_out_bytes(void) {
    // relaxed: a snapshot.
    return atomic_load_explicit(&late_heap.out_bytes, memory_order_relaxed);
}

void ash_late_strip(void) {
    ash_lock_take(&late_lock);
    if (late_ready) {
        ash_release_all(&late_heap);
    }
    ash_lock_drop(&late_lock);
}

void ash_late_fork_prepare(void) {
    ash_lock_take(&late_lock);
}

void ash_late_fork_done(void) {
    ash_lock_drop(&late_lock);
}
