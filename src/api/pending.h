// What is done for the program at the end of a slow path: its deferred function is called now and
// then, and it is told that the soft limit was crossed.

#ifndef ASH_API_PENDING_H
#define ASH_API_PENDING_H

#include <stdbool.h>

#include "base/callback.h"
#include "base/compiler.h"
#include "heap/notes.h"

// What the program has set: api/control.c.
extern struct ash_callback ash_pending_deferred, ash_pending_limit;

ASH_COLD void ash_pending_act(bool force);

// Where no lock is held, no heap is in the middle of its work, and none of the program's own
// functions runs in this thread (else it does nothing). Keeps errno.
ASH_INLINE void ash_pending(void) {
    if (ash_unlikely(ash_notes_read() != 0)) {
        ash_pending_act(false);
    }
}

// Before memory is collected: the deferred function is called in any case.
ASH_INLINE void ash_pending_force(void) {
    if (ash_unlikely(ash_notes_read() != 0)) {
        ash_pending_act(true);
    }
}

#endif
