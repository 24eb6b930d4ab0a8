#include "supply/guard_report.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/errors.h"
#include "base/fmt.h"
#include "base/options.h"
#include "platform/os.h"
#include "platform/report.h"
#include "supply/guard.h"

enum { GUARD_WHY = 160, GUARD_PATIENCE_MS = 1000 };

static bool guard_is_freed(const struct ash_guard_slot *slot) {
    // acquire: pairs with the releases of supply/guard.c.
    return atomic_load_explicit(&slot->state, memory_order_acquire) == ASH_GUARD_FREED;
}

static void guard_say_stacks(const struct ash_guard_slot *slot) {
    ash_stack_say(&slot->taken, "allocated");
    if (guard_is_freed(slot)) {
        ash_stack_say(&slot->freed, "freed");
    }
}

// "3 bytes behind a block of 100 bytes", "to byte 7 of a block of 100 bytes, which is free"
static void guard_add_place(struct ash_fmt *why, const struct ash_guard_slot *slot,
                            const char *address) {
    uintptr_t start = (uintptr_t)slot->block, end = start + slot->bytes, at = (uintptr_t)address;
    bool inside = at >= start && at < end;
    if (inside) {
        ash_fmt_text(why, "to byte ");
    }
    size_t distance = inside ? at - start : at < start ? start - at : at - end + 1;
    ash_fmt_uint(why, distance);
    if (!inside) {
        ash_fmt_text(why, distance == 1 ? " byte " : " bytes ");
    }
    ash_fmt_text(why, inside ? " of" : at < start ? "before" : "behind");
    ash_fmt_text(why, " a block of ");
    ash_fmt_uint(why, slot->bytes);
    ash_fmt_text(why, slot->bytes == 1 ? " byte" : " bytes");
    ash_fmt_text(why, guard_is_freed(slot) ? ", which is free" : "");
}

// "<kind> of <pointer>: <deed><where the address is>".
static void guard_report(const struct ash_guard_slot *slot, enum ash_error error, const char *kind,
                         const void *pointer, const char *deed, const void *address) {
    char text[GUARD_WHY];
    struct ash_fmt why;
    ash_fmt_init(&why, text, sizeof text);
    ash_fmt_text(&why, deed);
    guard_add_place(&why, slot, address);
    ash_report_pointer(error, kind, pointer, why.text);
    guard_say_stacks(slot);
}

// Accesses --------------------------------------------------------------------------------

static void guard_report_near(const struct ash_guard_slot *slot, const char *address,
                              const char *deed) {
    if (guard_is_freed(slot)) {
        guard_report(slot, ASH_E_GUARD_FREED, "use after free", slot->block, deed, address);
    } else if (address < slot->block) {
        guard_report(slot, ASH_E_GUARD_BEFORE, "underflow", slot->block, deed, address);
    } else {
        guard_report(slot, ASH_E_GUARD_BEHIND, "overflow", slot->block, deed, address);
    }
}

_Noreturn void ash_guard_report_written(const struct ash_guard_slot *slot, const char *byte) {
    guard_report_near(slot, byte, "something was written ");
    ash_stack_say(&slot->freed, "found by a free");
    ash_os_abort();
}

// A byte of a block that is out can be read and written: whatever that signal is, it is not ours.
static bool guard_is_innocent(const struct ash_guard_slot *slot, const char *address) {
    bool inside = address >= slot->block && address < slot->block + slot->bytes;
    return inside && !guard_is_freed(slot);
}

// One thread at a time: another one that fails meanwhile would end the process before the report
// is written. A failure within the report is not waited for long.
void ash_guard_report_access(const void *address) {
    static _Atomic uint32_t busy;
    const struct ash_guard_slot *slot =
        ash_guard_contains(address) ? ash_guard_slot_near(address) : NULL;
    if (slot == NULL || guard_is_innocent(slot, address)) {
        return;
    }
    // acquire, release: one report after the other.
    for (int ms = 0; atomic_exchange_explicit(&busy, 1, memory_order_acquire) != 0; ms++) {
        if (ms == GUARD_PATIENCE_MS) {
            return;
        }
        ash_os_sleep(1);
    }
    guard_report_near(slot, address, "an access ");
    struct ash_stack here;
    ash_stack_capture_interrupted(&here);
    ash_stack_say(&here, "accessed");
    atomic_store_explicit(&busy, 0, memory_order_release);
}

// Frees -----------------------------------------------------------------------------------

static void guard_report_twice(const struct ash_guard_slot *slot) {
    char text[GUARD_WHY];
    struct ash_fmt why;
    ash_fmt_init(&why, text, sizeof text);
    ash_fmt_text(&why, "it is free already, a block of ");
    ash_fmt_uint(&why, slot->bytes);
    ash_fmt_text(&why, " bytes");
    ash_report_pointer(ASH_E_GUARD_DOUBLE_FREE, "double free", slot->block, why.text);
    guard_say_stacks(slot);
}

void ash_guard_report_refused(const char *what, const void *pointer) {
    const struct ash_guard_slot *slot = ash_guard_slot_near(pointer);
    if (slot == NULL) {
        ash_report_refused(ASH_E_NO_BLOCK, what, pointer);
        return;
    }
    bool twice = pointer == slot->block && strcmp(what, "free") == 0;
    if (twice) {
        guard_report_twice(slot);
    } else {
        guard_report(slot, ASH_E_GUARD_BAD_FREE, what, pointer, "it leads ", pointer);
    }
    struct ash_stack here;
    ash_stack_capture(&here);
    ash_stack_say(&here, twice ? "freed again" : "called");
    if (ash_option_value(ASH_OPTION_ABORT_ON_ERROR)) {
        ash_os_abort();
    }
}
