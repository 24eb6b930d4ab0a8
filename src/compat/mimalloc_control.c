// Collecting, threads and sub-processes of mimalloc.h.

#include <errno.h>

#include "compat/mimalloc_layer.h"

// Without force, the calling thread's part alone, and nothing is given to the system at once.
void mi_collect(bool force) {
    if (force) {
        (void)ash_collect();  // calls the deferred function
    } else {
        ash_mi_deferred(false);
        ash_thread_idle();
    }
}

void mi_collect_reduce(size_t target_thread_owned) {
    (void)target_thread_owned;
    mi_collect(true);
}

int mi_version(void) {
    return MI_MALLOC_VERSION;
}

bool mi_is_redirected(void) {
    return ash_is_active();
}

// Threads -------------------------------------------------------------------------------

// The process and its threads start at their first allocation and end by themselves.
void mi_process_init(void) {}

void mi_process_done(void) {}

void mi_thread_init(void) {}

void mi_thread_done(void) {
    (void)ash_mi_set_heap(ash_heap_main());
    ash_thread_idle();
}

// What a thread keeps at hand is bounded and reached by the helper thread anyway.
void mi_thread_set_in_threadpool(void) {}

// Sub-processes -------------------------------------------------------------------------

mi_subproc_id_t mi_subproc_main(void) {
    return ash_subproc_main();
}

mi_subproc_id_t mi_subproc_current(void) {
    return ash_subproc_current();
}

mi_subproc_id_t mi_subproc_new(void) {
    void *made = ash_subproc_new();
    return made != NULL ? made : ash_mi_failed(0);
}

void mi_subproc_destroy(mi_subproc_id_t subproc) {
    if (ash_subproc_destroy((ash_subproc_t *)subproc) == EBUSY) {
        ash_mi_error(EBUSY, ASH_E_MI_SUBPROC_ENDS);
    }
}

void mi_subproc_delete(mi_subproc_id_t subproc) {
    mi_subproc_destroy(subproc);
}

void mi_subproc_add_current_thread(mi_subproc_id_t subproc) {
    int fault = ash_subproc_add_current_thread((ash_subproc_t *)subproc);
    if (fault != 0) {
        ash_mi_error(fault, fault == EBUSY ? ASH_E_MI_SUBPROC_JOINS : ASH_E_MI_NO_MEMORY);
    }
}

struct control_visit {
    mi_heap_visit_fun *visitor;
    void *arg;
};

static bool control_visit(ash_heap_t *heap, void *argument) {
    const struct control_visit *visit = argument;
    return visit->visitor(ash_mi_theirs(heap), visit->arg);
}

bool mi_subproc_visit_heaps(mi_subproc_id_t subproc, mi_heap_visit_fun *visitor, void *arg) {
    struct control_visit visit = {visitor, arg};
    return ash_subproc_visit_heaps((ash_subproc_t *)subproc, control_visit, &visit);
}
