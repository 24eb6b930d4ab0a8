#include "api/pending.h"

#include <errno.h>

#include "api/thread.h"
#include "ashlar/control.h"
#include "base/options.h"
#include "heap/limit.h"
#include "platform/report.h"

// So many slow paths of a thread to a call: a few microseconds.
enum { PENDING_TURNS = 16 };

struct ash_callback ash_pending_deferred, ash_pending_limit;

static _Atomic size_t pending_heartbeat;

static void pending_defer(bool force) {
    void *argument;
    ash_deferred_free_t *deferred =
        (ash_deferred_free_t *)ash_callback_get(&ash_pending_deferred, &argument);
    if (deferred != NULL) {
        // relaxed: a count.
        size_t beat = atomic_fetch_add_explicit(&pending_heartbeat, 1, memory_order_relaxed);
        deferred(force, beat + 1, argument);
    }
}

static void pending_tell_limit(void) {
    size_t in_use = ash_limit_in_use();
    void *argument;
    ash_limit_handler_t *told =
        (ash_limit_handler_t *)ash_callback_get(&ash_pending_limit, &argument);
    if (told != NULL) {
        told(in_use, ash_option_value(ASH_OPTION_LIMIT_SOFT), argument);
    } else {
        ash_report(ASH_E_LIMIT_SOFT);
    }
}

static void pending_do(struct ash_heap *mine, bool force) {
    uint32_t notes = ash_notes_read();
    bool due = ++mine->turns >= PENDING_TURNS || force;
    if ((notes & ASH_NOTE_LIMIT) != 0 && ash_notes_take(ASH_NOTE_LIMIT)) {
        pending_tell_limit();
    }
    if ((notes & ASH_NOTE_DEFERRED) != 0 && due) {
        mine->turns = 0;
        pending_defer(force);
    }
}

// A thread that has large blocks alone gets a heap here, to note in it that it is within; one that
// is past its end has no such place.
ASH_COLD void ash_pending_act(bool force) {
    struct ash_heap *mine = ash_thread_attach();
    if (mine == NULL || mine == &ash_heap_done || mine->calling) {
        return;
    }
    int saved_errno = errno;
    mine->calling = true;
    pending_do(mine, force);
    mine->calling = false;
    errno = saved_errno;
}
