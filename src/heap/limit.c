#include "heap/limit.h"

#include "heap/notes.h"

struct ash_limit ash_limit;
struct ash_notes ash_notes;

// One of the threads that cross it at the same time leaves the note.
static void limit_look_above(size_t in_use, size_t soft) {
    if (soft != 0 && in_use > soft &&
        atomic_exchange_explicit(&ash_limit.above, 1, memory_order_relaxed) == 0) {
        ash_notes_leave(ASH_NOTE_LIMIT);
    }
}

// Nothing is counted that does not fit, not even for a moment: another thread's request might
// then be refused.
ASH_COLD bool ash_limit_charge_below(size_t bytes, size_t soft, size_t hard) {
    size_t before = ash_limit_in_use();
    do {
        if (hard != 0 && (before > hard || bytes > hard - before)) {
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(&ash_limit.in_use, &before, before + bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    limit_look_above(before + bytes, soft);
    return true;
}

ASH_COLD void ash_limit_look_below(size_t in_use) {
    size_t soft = ash_option_value(ASH_OPTION_LIMIT_SOFT);
    if (soft == 0 || in_use < soft - soft / 8) {
        atomic_store_explicit(&ash_limit.above, 0, memory_order_relaxed);
    }
}
