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

// The first thread is hooked only once there is another one: a program without
// threads keeps all its keys.
static _Atomic bool thread_many;

static ASH_COLD void thread_hook(struct ash_heap *heap) {
    heap->hooked = true;  // first: the hook may allocate
    heap->hooked = ash_os_on_thread_exit(thread_ended, heap);
}

static ASH_COLD struct ash_heap *thread_find_heap(void) {
    if (!ash_boot()) {
        return NULL;
    }
    uint32_t tid = ash_os_thread_id();
    uint32_t process = ash_os_process_id();
    struct ash_heap *heap = ash_registry_find(tid, process);
    if (heap == NULL) {
        heap = ash_registry_take_orphan();
        if (heap == NULL) {
            heap = thread_new_heap();
        }
        if (heap == NULL) {
            return NULL;
        }
        heap->hooked = false;
        ash_heap_set_thread(heap, tid, process);
    }
    ash_thread_set_heap(heap);
    if (tid != process) {
        // relaxed: seen sooner or later.
        atomic_store_explicit(&thread_many, true, memory_order_relaxed);
    }
    return heap;
}

// The heap belongs to the calling thread. A child of vfork borrows its parent's
// thread together with the memory: the process's id tells.
static bool thread_owns(const struct ash_heap *heap) {
    return atomic_load_explicit(&heap->tid, memory_order_relaxed) == ash_os_thread_id() ||
           atomic_load_explicit(&heap->process, memory_order_relaxed) != ash_os_process_id();
}

struct ash_heap *ash_thread_attach(void) {
    struct ash_heap *heap = ash_thread_heap();
    if (ash_unlikely(heap == NULL)) {
        heap = thread_find_heap();
    }
    if (heap == NULL || heap == &ash_heap_done) {
        return heap;
    }
    ash_assert(thread_owns(heap));
    if (ash_unlikely(!heap->hooked) && atomic_load_explicit(&thread_many, memory_order_relaxed)) {
        thread_hook(heap);
    }
    return heap;
}
