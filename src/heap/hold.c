#include "heap/hold.h"

#include "heap/depot.h"
#include "heap/orphan.h"
#include "heap/release.h"
#include "heap/remote.h"
#include "heap/span.h"
#include "platform/cpu.h"
#include "platform/os.h"

enum {
    HOLD_SPINS = ASH_HOSTILE ? 1 : 64,
    HOLD_PURGE_SPANS = 16,  // purged at a time, so that the heap's thread waits for few
};

// Rare and short, so it is polled for: to be woken would cost each slow path an exchange.
ASH_COLD void ash_hold_wait(struct ash_heap *heap) {
    for (unsigned spins = 1; !ash_tenure_claim(&heap->state, ASH_HEAP_ACTIVE, ASH_HEAP_BUSY);
         spins++) {
        if (spins % HOLD_SPINS == 0) {
            ash_os_sleep(0);
        } else {
            ash_cpu_pause();
        }
    }
}

void ash_hold_home(struct ash_heap *mine) {
    ash_hold(mine);
    for (struct ash_heap *heap = mine->others; heap != NULL; heap = heap->next_other) {
        ash_hold(heap);
    }
}

void ash_hold_home_end(struct ash_heap *mine) {
    ash_hold_end(mine);
    for (struct ash_heap *heap = mine->others; heap != NULL; heap = heap->next_other) {
        ash_hold_end(heap);
    }
}

bool ash_hold_purge(struct ash_heap *heap, unsigned limit) {
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        struct ash_shelf *shelf = &heap->shelves[i];
        if (shelf->current != NULL) {
            limit -= ash_span_purge(shelf->current) ? 1 : 0;
        }
        struct ash_record *span;
        for (uint32_t ticket = shelf->lists[ASH_PLACE_ROOMY]; ticket != 0; ticket = span->next) {
            if (limit == 0) {
                return true;
            }
            span = ash_record_by_ticket(ticket);
            limit -= ash_span_purge(span) ? 1 : 0;
        }
    }
    return false;
}

// Holds a heap that is not the caller's. False if others hold it.
static bool hold_claim(struct ash_heap *heap, bool *active) {
    *active = ash_tenure_claim(&heap->state, ASH_HEAP_ACTIVE, ASH_HEAP_BUSY);
    return *active || ash_tenure_claim(&heap->state, ASH_HEAP_ORPHAN, ASH_HEAP_TENDED);
}

static void hold_leave(struct ash_heap *heap, bool active) {
    if (active) {
        ash_hold_end(heap);
    } else {
        ash_orphan_leave(heap);
    }
}

bool ash_hold_tend(struct ash_heap *heap, bool deep, bool *more) {
    bool active;
    if (!hold_claim(heap, &active)) {
        return false;
    }
    ash_remote_drain(heap);
    if (deep) {
        ash_depot_close(heap);
    }
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        ash_span_stand_down(heap, i);
    }
    *more = deep && ash_hold_purge(heap, HOLD_PURGE_SPANS);
    hold_leave(heap, active);
    return true;
}

bool ash_hold_recall(struct ash_heap *heap, uint32_t spans) {
    bool active;
    if (!hold_claim(heap, &active)) {
        return false;
    }
    ash_remote_drain_some(heap, spans);
    hold_leave(heap, active);
    return true;
}
