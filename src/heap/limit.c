#include "heap/limit.h"

#include "base/compiler.h"
#include "base/options.h"
#include "heap/notes.h"

struct ash_limit ash_limit;
struct ash_notes ash_notes;

// One of the threads that cross it at the same time leaves the note.
static void limit_look_soft(size_t in_use, size_t soft) {
    if (soft != 0 && in_use > soft &&
        atomic_exchange_explicit(&ash_limit.above, 1, memory_order_relaxed) == 0) {
        ash_notes_leave(ASH_NOTE_LIMIT);
    }
}

// Nothing is counted that does not fit, not even for a moment: another thread's request might
// then be refused.
static bool limit_charge_below(size_t bytes, size_t soft, size_t hard) {
    size_t before = ash_limit_in_use();
    do {
        if (hard != 0 && (before > hard || bytes > hard - before)) {
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(&ash_limit.in_use, &before, before + bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    limit_look_soft(before + bytes, soft);
    return true;
}

bool ash_limit_charge(size_t bytes) {
    // relaxed, all of these: counts, and wishes.
    size_t soft = ash_option_value(ASH_OPTION_LIMIT_SOFT);
    size_t hard = ash_option_value(ASH_OPTION_LIMIT_HARD);
    if (ash_unlikely((soft | hard) != 0)) {
        return limit_charge_below(bytes, soft, hard);
    }
    (void)atomic_fetch_add_explicit(&ash_limit.in_use, bytes, memory_order_relaxed);
    return true;
}

void ash_limit_refund(size_t bytes) {
    size_t before = atomic_fetch_sub_explicit(&ash_limit.in_use, bytes, memory_order_relaxed);
    if (ash_unlikely(atomic_load_explicit(&ash_limit.above, memory_order_relaxed) != 0)) {
        size_t soft = ash_option_value(ASH_OPTION_LIMIT_SOFT);
        if (before - bytes < soft - soft / 8 || soft == 0) {
            atomic_store_explicit(&ash_limit.above, 0, memory_order_relaxed);
        }
    }
}
