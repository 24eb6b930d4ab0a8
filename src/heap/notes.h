// Notes: what is to be done for the program when a slow path ends, where no lock is held and no
// heap is in the middle of its work. One word of the process; nearly always 0.

#ifndef ASH_HEAP_NOTES_H
#define ASH_HEAP_NOTES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"

enum ash_note {
    ASH_NOTE_DEFERRED = 1,  // stays: the program has a function to be called now and then
    ASH_NOTE_LIMIT = 2,     // the soft limit was crossed
};

struct ash_notes {
    // Read on every slow path. Own cache line.
    _Alignas(ASH_CACHE_LINE) _Atomic uint32_t left;
};

extern struct ash_notes ash_notes;

// relaxed, all of these: a note is acted upon sooner or later, and brings nothing with it.

static inline uint32_t ash_notes_read(void) {
    return atomic_load_explicit(&ash_notes.left, memory_order_relaxed);
}

static inline void ash_notes_leave(enum ash_note note) {
    (void)atomic_fetch_or_explicit(&ash_notes.left, note, memory_order_relaxed);
}

// Whether it was there: of several threads one gets true.
static inline bool ash_notes_take(enum ash_note note) {
    uint32_t left =
        atomic_fetch_and_explicit(&ash_notes.left, ~(uint32_t)note, memory_order_relaxed);
    return (left & note) != 0;
}

#endif
