#include "supply/fence.h"

#include <stdatomic.h>

#include "base/config.h"
#include "platform/os.h"
#include "platform/report.h"

static _Atomic uint32_t fence_mapped;  // fences that are mappings

void ash_fence_boot(void) {
    ash_fence.marks = ash_os_check_guards();
    ash_fence.room = ash_os_page_bytes();
}

static ASH_COLD void fence_say_used_up(void) {
    static _Atomic uint32_t told;
    // relaxed, here and below: counts.
    if (!atomic_exchange_explicit(&told, 1, memory_order_relaxed)) {
        ash_report(ASH_E_FENCES);
    }
}

static bool fence_map(char *page) {
    if (atomic_fetch_add_explicit(&fence_mapped, 1, memory_order_relaxed) >= ASH_FENCE_MAX) {
        atomic_fetch_sub_explicit(&fence_mapped, 1, memory_order_relaxed);
        fence_say_used_up();
        return false;
    }
    if (!ash_os_guard(page, ash_fence.room, false)) {
        atomic_fetch_sub_explicit(&fence_mapped, 1, memory_order_relaxed);
        return false;
    }
    return true;
}

// Marks may be refused although the system has them: in locked memory, for example.
enum ash_fence_kind ash_fence_shut(char *page) {
    if (ash_fence.marks && ash_os_guard(page, ash_fence.room, true)) {
        return ASH_FENCE_MARKED;
    }
    return fence_map(page) ? ASH_FENCE_MAPPED : ASH_FENCE_NONE;
}

void ash_fence_forget(enum ash_fence_kind kind) {
    if (kind == ASH_FENCE_MAPPED) {
        atomic_fetch_sub_explicit(&fence_mapped, 1, memory_order_relaxed);
    }
}

bool ash_fence_open(char *page, enum ash_fence_kind kind) {
    if (kind == ASH_FENCE_NONE) {
        return true;
    }
    if (!ash_os_unguard(page, ash_fence.room, kind == ASH_FENCE_MARKED)) {
        return false;
    }
    ash_fence_forget(kind);
    return true;
}
