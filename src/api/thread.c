// The slot may be empty although the thread has a heap (platform/thread.h). So a heap is
// looked up by the kernel's thread id before one is made. An id may be used again after
// its thread has ended; a heap found by it then was left behind by a thread whose exit
// hook did not run, and is the new thread's with all right.
//
// Nor is a full slot believed for ever. Each slow path compares the thread's id with the
// one in the heap, and now and then the kernel's. If the slot holds somebody else's heap,
// slots are not used any more in this process: each call then finds its heap by
// pthread's key, and if that is found wrong as well, by the kernel's id under a lock. The fast
// paths need no test for this: an empty slot sends every call to the slow path.

#include "api/thread.h"

#include <errno.h>
#include <string.h>

#include "api/boot.h"
#include "api/helper.h"
#include "ashlar/ashlar.h"
#include "heap/hold.h"
#include "heap/orphan.h"
#include "heap/realm.h"
#include "heap/registry.h"
#include "heap/release.h"
#include "platform/identity.h"
#include "platform/os.h"
#include "platform/report.h"
#include "platform/tags.h"
#include "supply/meta.h"

// The kernel is asked on every 16th slow path: 165 ns there, 10 ns on average. The id in
// between sees everything but threads made by a raw clone.
enum { THREAD_CHECK_EVERY = 16 };

enum thread_level {
    THREAD_SLOT,  // the slot
    THREAD_KEY,   // a value kept by the system, checked on every call
    THREAD_MAP,   // the registry
};

// Only ever goes up.
static _Atomic uint32_t thread_level = ASH_SLOT == ASH_SLOT_MAP ? THREAD_MAP : THREAD_SLOT;
static _Atomic uint32_t thread_id_is_wrong;

// What struct ash_thread_identity says of them.
enum thread_event { THREAD_FAILED, THREAD_REBOUND, THREAD_FOREIGN, THREAD_CHANGED, THREAD_EVENTS };

// A cache line of their own: the words around are read on every slow path.
static _Alignas(ASH_CACHE_LINE) _Atomic size_t thread_counts[ASH_CACHE_LINE / sizeof(size_t)];
_Static_assert(sizeof thread_counts >= THREAD_EVENTS * sizeof(size_t), "they fit a line");

// relaxed, all of these: figures, and a switch that is seen sooner or later.
static void thread_count(enum thread_event event) {
    atomic_fetch_add_explicit(&thread_counts[event], 1, memory_order_relaxed);
}

static size_t thread_counted(enum thread_event event) {
    return atomic_load_explicit(&thread_counts[event], memory_order_relaxed);
}

static uint32_t thread_level_now(void) {
    return atomic_load_explicit(&thread_level, memory_order_relaxed);
}

// The first thread's heap costs no mapping.
static struct ash_heap thread_first_heap;
static _Atomic uint32_t thread_first_taken;

// The first thread is hooked only once there is another one: a program without
// threads keeps all its keys.
static _Atomic bool thread_many;

// Where the heap is found again -------------------------------------------------------

// Setting a key may allocate, which comes back here: the heap serves, unremembered.
static void thread_remember(struct ash_heap *heap) {
    if (heap->remembering) {
        return;
    }
    heap->remembering = true;
    uint32_t level = thread_level_now();
    if (level == THREAD_SLOT) {
        ash_thread_set_heap(heap);
    } else if (level == THREAD_KEY) {
        (void)ash_os_key_set(heap);
    }
    heap->remembering = false;
}

// The C library clears keys during a thread's end, and hands a key's later value on to
// the next thread that gets the same control block: so nothing may be left in one.
static void thread_give_up(struct ash_heap *heap) {
    bool lasts = ASH_SLOT != ASH_SLOT_KEY && thread_level_now() == THREAD_SLOT;
    ash_thread_set_heap(lasts ? ash_heap_end() : NULL);
    ash_realm_leave_all(heap);
    if (lasts) {
        ash_orphan_abandon(heap);
        return;
    }
    if (thread_level_now() == THREAD_KEY) {
        (void)ash_os_key_set(NULL);
    }
    ash_orphan_end(heap);
}

static void thread_ended(void *heap) {
    thread_give_up(heap);
    ash_helper_wake();
}

static ASH_COLD void thread_hook(struct ash_heap *heap) {
    heap->hooked = true;  // first: the hook may allocate
    heap->exit_hook.run = thread_ended;
    heap->exit_hook.argument = heap;
    heap->hooked = ash_os_on_thread_exit(&heap->exit_hook);
}

// The first thread's, one that nobody uses any more, or a new one.
static struct ash_heap *thread_empty_heap(void) {
    struct ash_heap *heap = &thread_first_heap;
    if (atomic_exchange_explicit(&thread_first_taken, 1, memory_order_relaxed)) {
        heap = ash_realm_take_spare();
        if (heap != NULL) {
            heap->ended = false;
            return heap;
        }
        heap = ash_meta_take(sizeof *heap);
        if (heap == NULL) {
            return NULL;
        }
    }
    ash_heap_init(heap);
    ash_registry_add(heap);
    return heap;
}

// One whose thread has ended, or has vanished.
static struct ash_heap *thread_used_heap(uint32_t process) {
    struct ash_heap *heap = ash_registry_take_orphan(&ash_realm_main);
    return heap != NULL ? heap : ash_registry_reap(process);
}

static struct ash_heap *thread_make_heap(uint32_t tid, uint32_t process, bool empty) {
    struct ash_heap *heap = empty ? NULL : thread_used_heap(process);
    if (heap == NULL) {
        heap = thread_empty_heap();
    }
    if (heap == NULL) {
        return NULL;
    }
    heap->hooked = false;
    heap->calling = false;  // its thread before may have ended in such a call
    heap->thread_id = ash_identity();
    if (ash_tags_on()) {  // who started the thread may have been started before boot
        (void)ash_os_check_tags();
    }
    ash_registry_set_thread(heap, tid, process);
    if (tid != process && !ash_thread_is_not_alone()) {
        // relaxed: seen sooner or later. Written once: every thread reads it.
        atomic_store_explicit(&thread_many, true, memory_order_relaxed);
    }
    return heap;
}

// Whether what the slot says is so ------------------------------------------------------

// A child of vfork borrows its parent's thread together with the memory: then the
// process's id is another.
static bool thread_owns(const struct ash_heap *heap, uint32_t tid) {
    return atomic_load_explicit(&heap->tid, memory_order_relaxed) == tid ||
           atomic_load_explicit(&heap->process, memory_order_relaxed) != ash_os_process_id();
}

bool ash_thread_is_mine(const struct ash_heap *heap) {
    return heap == NULL || heap == &ash_heap_done ||
           (thread_owns(heap, ash_os_thread_id()) && heap->thread_id == ash_identity());
}

static ASH_COLD void thread_downgrade(uint32_t from) {
    thread_count(THREAD_FOREIGN);
    bool has_key = from == THREAD_SLOT && ASH_SLOT != ASH_SLOT_KEY;
    // relaxed: each thread acts on it when it sees it.
    if (atomic_compare_exchange_strong_explicit(&thread_level, &from,
                                                has_key ? THREAD_KEY : THREAD_MAP,
                                                memory_order_relaxed, memory_order_relaxed)) {
        ash_report(ASH_E_FOREIGN_HEAP);
    }
}

static ASH_COLD void thread_distrust_id(struct ash_heap *heap) {
    thread_count(THREAD_CHANGED);
    heap->thread_id = ash_identity();
    if (!atomic_exchange_explicit(&thread_id_is_wrong, 1, memory_order_relaxed)) {
        ash_report(ASH_E_ID_CHANGED);
    }
}

// In the heap: on a word that all threads count on, they would stand in line, each 16th slow path.
static void thread_count_check(struct ash_heap *heap) {
    // relaxed: its own thread alone writes it.
    size_t checks = atomic_load_explicit(&heap->checks, memory_order_relaxed);
    atomic_store_explicit(&heap->checks, checks + 1, memory_order_relaxed);
}

static size_t thread_checks(void) {
    size_t checks = thread_counted(THREAD_FAILED);
    for (struct ash_heap *heap = NULL; (heap = ash_registry_next(heap)) != NULL;) {
        checks += atomic_load_explicit(&heap->checks, memory_order_relaxed);
    }
    return checks;
}

// `tid` is the calling thread's. False: the heap is somebody else's.
static bool thread_check(struct ash_heap *heap, uint32_t level, uint32_t tid) {
    if (!thread_owns(heap, tid)) {
        thread_count(THREAD_FAILED);
        thread_downgrade(level);
        return false;
    }
    thread_count_check(heap);
    if (heap->thread_id != ash_identity()) {
        thread_distrust_id(heap);
    }
    return true;
}

static ASH_COLD bool thread_check_slot(struct ash_heap *heap) {
    return thread_check(heap, THREAD_SLOT, ash_os_thread_id());
}

// The common case: the slot is in use, and its heap has the thread's id.
static bool thread_believes(struct ash_heap *heap) {
    if (ash_unlikely(heap == NULL || thread_level_now() != THREAD_SLOT)) {
        return false;
    }
    // relaxed: only its own thread writes it.
    uint32_t slow_paths = ash_heap_slow_paths(heap) + 1;
    atomic_store_explicit(&heap->slow_paths, slow_paths, memory_order_relaxed);
    if (ash_likely(heap->thread_id == ash_identity() && slow_paths % THREAD_CHECK_EVERY != 0)) {
        return true;
    }
    return thread_check_slot(heap);
}

static struct ash_heap *thread_heap_by_key(uint32_t tid) {
    struct ash_heap *heap = ash_os_key_get();
    return heap != NULL && thread_check(heap, THREAD_KEY, tid) ? heap : NULL;
}

// If it has to be made, it may hold blocks of a thread that has ended; or, if `empty`, it may not.
static ASH_COLD struct ash_heap *thread_find_heap(bool empty) {
    if (!ash_boot()) {
        return NULL;
    }
    uint32_t tid = ash_os_thread_id();
    uint32_t process = ash_os_process_id();
    struct ash_heap *heap = NULL;
    if (thread_level_now() != THREAD_SLOT && ash_thread_heap() != NULL) {
        ash_thread_set_heap(NULL);
    }
    if (thread_level_now() == THREAD_KEY && (heap = thread_heap_by_key(tid)) != NULL) {
        return heap;
    }
    heap = ash_registry_find(tid, process);
    if (heap == &ash_heap_done) {
        return heap;
    }
    if (heap == NULL) {
        heap = thread_make_heap(tid, process, empty);
    } else if (thread_level_now() != THREAD_MAP) {
        thread_count(THREAD_REBOUND);
    }
    if (heap != NULL) {
        thread_remember(heap);
    }
    return heap;
}

bool ash_thread_has_slot(void) {
    struct ash_heap *heap = ash_thread_heap();
    return thread_level_now() == THREAD_SLOT && heap != NULL && heap != &ash_heap_done;
}

bool ash_thread_is_not_alone(void) {
    return atomic_load_explicit(&thread_many, memory_order_relaxed);
}

void ash_thread_fork_child(void) {
    atomic_store_explicit(&thread_many, false, memory_order_relaxed);
}

ASH_INLINE struct ash_heap *thread_attach(bool empty) {
    struct ash_heap *heap = ash_thread_own_heap();
    if (heap == &ash_heap_done) {
        return heap;
    }
    if (ash_unlikely(!thread_believes(heap))) {
        heap = thread_find_heap(empty);
        if (heap == NULL || heap == &ash_heap_done) {
            return heap;
        }
    }
    if (ash_unlikely(!heap->hooked) && ash_thread_is_not_alone()) {
        thread_hook(heap);
    }
    return heap;
}

struct ash_heap *ash_thread_attach(void) {
    return thread_attach(false);
}

struct ash_realm *ash_thread_realm(struct ash_realm *realm) {
    const struct ash_heap *mine = realm == NULL ? ash_thread_heap() : NULL;
    if (mine != NULL) {
        realm = ash_realm_of(mine);
    }
    return realm != NULL ? realm : &ash_realm_main;
}

int ash_thread_move(struct ash_realm *root) {
    struct ash_heap *mine = thread_attach(true);
    if (mine == NULL) {
        return ENOMEM;
    }
    if (mine == &ash_heap_done) {
        return EBUSY;
    }
    struct ash_realm *realm = ash_realm_of(mine);
    if (realm == root || realm != &ash_realm_main || mine->others != NULL) {
        return realm == root ? 0 : EBUSY;
    }
    ash_hold(mine);
    ash_release_all(mine);
    bool empty = atomic_load_explicit(&mine->out_bytes, memory_order_relaxed) == 0;
    if (empty) {
        ash_realm_move_own(root, mine);
    }
    ash_hold_end(mine);
    return empty ? 0 : EBUSY;
}

struct ash_heap *ash_thread_find(void) {
    struct ash_heap *heap = ash_thread_own_heap();
    if (heap == NULL || thread_level_now() != THREAD_SLOT) {
        heap = ash_registry_find(ash_os_thread_id(), ash_os_process_id());
    }
    return heap == &ash_heap_done ? NULL : heap;
}

// What callers see --------------------------------------------------------------------

ASH_NOINLINE uintptr_t ash_thread_id(void) {
    bool wrong = atomic_load_explicit(&thread_id_is_wrong, memory_order_relaxed);
    return ash_unlikely(wrong) ? ash_os_thread_id() : ash_identity();
}

void ash_thread_identity(struct ash_thread_identity *identity, size_t bytes) {
    static const char *const levels[] = {[THREAD_KEY] = "key", [THREAD_MAP] = "map"};
    uint32_t level = thread_level_now();
    bool wrong = atomic_load_explicit(&thread_id_is_wrong, memory_order_relaxed);
    struct ash_thread_identity now = {
        .slot = ash_slot_rung(),
        .slot_now = level == THREAD_SLOT ? ash_slot_rung() : levels[level],
        .id = ash_identity_rung(),
        .id_now = wrong ? "kernel" : ash_identity_rung(),
        .chosen = ASH_SLOT_FORCED ? "forced" : "detected",
        .checks = thread_checks(),
        .rebound = thread_counted(THREAD_REBOUND),
        .foreign = thread_counted(THREAD_FOREIGN),
        .changed = thread_counted(THREAD_CHANGED),
        .reaped = ash_registry_reaped(),
    };
    memcpy(identity, &now, bytes < sizeof now ? bytes : sizeof now);
}
