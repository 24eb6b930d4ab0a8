// The slot may be empty although the thread has a heap (platform/thread.h). So a
// heap is looked up by the kernel's thread id before one is made. An id may be
// used again after its thread has ended; a heap found by it then was left behind
// by a thread whose exit hook did not run, and is the new thread's with all right.

#include "api/thread.h"

#include "api/boot.h"
#include "base/assert.h"
#include "heap/orphan.h"
#include "heap/registry.h"
#include "platform/os.h"
#include "platform/thread.h"
#include "supply/meta.h"

// The first thread's heap costs no mapping.
static struct ash_heap thread_first_heap;
static _Atomic bool thread_first_taken;

static void thread_ended(void *heap) {
    ash_thread_set_heap(&ash_heap_done);
    ash_orphan_abandon(heap);
}

static struct ash_heap *thread_new_heap(void) {
    struct ash_heap *heap = &thread_first_heap;
    if (atomic_exchange_explicit(&thread_first_taken, true, memory_order_relaxed)) {
        heap = ash_meta_take(sizeof *heap);
        if (heap == NULL) {
            return NULL;
        }
    }
    ash_heap_init(heap);
    ash_registry_add(heap);
    return heap;
}

static ASH_COLD struct ash_heap *thread_find_heap(void) {
    if (!ash_boot()) {
        return NULL;
    }
    uint32_t tid = ash_os_thread_id();
    struct ash_heap *heap = ash_registry_find(tid);
    if (heap != NULL) {
        ash_thread_set_heap(heap);
        return heap;
    }
    heap = ash_registry_take_orphan();
    if (heap == NULL) {
        heap = thread_new_heap();
    }
    if (heap != NULL) {
        ash_heap_set_thread(heap, tid, ash_os_process_id());
        ash_thread_set_heap(heap);  // before the hook, which may allocate
        if (!ash_os_thread_is_first()) {
            (void)ash_os_on_thread_exit(thread_ended, heap);
        }
    }
    return heap;
}

// The heap belongs to the calling thread. A child of vfork borrows its parent's
// thread together with the memory: the process's id tells.
static bool thread_owns(const struct ash_heap *heap) {
    return atomic_load_explicit(&heap->tid, memory_order_relaxed) == ash_os_thread_id() ||
           heap->process != ash_os_process_id();
}

struct ash_heap *ash_thread_attach(void) {
    struct ash_heap *heap = ash_thread_heap();
    if (ash_unlikely(heap == NULL)) {
        heap = thread_find_heap();
    }
    ash_assert(heap == NULL || heap == &ash_heap_done || thread_owns(heap));
    return heap;
}
