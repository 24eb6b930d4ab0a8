// In order: what is at hand, what others have given back, the current span, the
// next span with room, an orphan's, a new one.

#include "heap/refill.h"

#include "base/assert.h"
#include "heap/audit.h"
#include "heap/depot.h"
#include "heap/hard.h"
#include "heap/orphan.h"
#include "heap/realm.h"
#include "heap/recall.h"
#include "heap/registry.h"
#include "heap/remote.h"
#include "heap/slots.h"
#include "heap/span.h"
#include "supply/store.h"

// A program that neither takes nor gives slices still purges, this often.
enum { REFILL_PURGE_EVERY = 64, REFILL_FLUSH_EVERY = 16 };

// NULL if there is nothing at hand.
static struct ash_block *refill_pop(struct ash_heap *heap, unsigned class_index) {
    if (ash_hard_on()) {
        return ash_slots_pop(heap, class_index, false);
    }
    return ash_bin_pop(heap, class_index);
}

static bool refill_take(struct ash_heap *heap, struct ash_record *span) {
    return ash_hard_on() ? ash_slots_stock(heap, span) : ash_span_stock(heap, span);
}

// A span with something to give, without a place.
static struct ash_record *refill_find_span(struct ash_heap *heap, unsigned class_index) {
    struct ash_shelf *shelf = &heap->shelves[class_index];
    if (shelf->lists[ASH_PLACE_ROOMY] != 0) {
        struct ash_record *span = ash_record_by_ticket(shelf->lists[ASH_PLACE_ROOMY]);
        ash_span_lift(heap, span);
        return span;
    }
    if (ash_registry_has_orphans(ash_realm_of(heap))) {  // else the registry's lock is not tried
        struct ash_record *span = ash_orphan_adopt(heap, class_index);
        if (span != NULL) {
            return span;
        }
    }
    ash_remote_flush(heap);
    ash_remote_drain(heap);  // other classes may have whole spans there, and in their depots
    (void)ash_depot_settle(heap);
    ash_recall(heap, (size_t)ash_classes[class_index].slices << ASH_SLICE_SHIFT);
    return ash_span_cut(heap, class_index);
}

// What other threads have freed.
static bool refill_from_others(struct ash_heap *heap, unsigned class_index) {
    bool news = ash_remote_has_news(heap);
    if (ash_hard_on()) {
        if (news) {
            ash_remote_drain(heap);
        }
        return false;
    }
    if (news) {
        ash_remote_sort(heap);
    }
    return ash_remote_take(heap, class_index);
}

static bool refill_stock(struct ash_heap *heap, unsigned class_index) {
    struct ash_shelf *shelf = &heap->shelves[class_index];
    while (shelf->current == NULL || !refill_take(heap, shelf->current)) {
        struct ash_record *full = shelf->current;
        if (full != NULL) {
            ash_span_lift(heap, full);
            ash_span_put(heap, full, ASH_PLACE_FULL);
        }
        struct ash_record *next = refill_find_span(heap, class_index);
        if (next == NULL) {
            return false;
        }
        ash_span_put(heap, next, ASH_PLACE_CURRENT);
    }
    return true;
}

struct ash_block *ash_refill(struct ash_heap *heap, unsigned class_index) {
    struct ash_block *block = refill_pop(heap, class_index);
    if (block != NULL) {
        return block;
    }
    if (heap->refills % REFILL_FLUSH_EVERY == 0) {
        ash_remote_flush(heap);
    }
    if (!refill_from_others(heap, class_index) && !ash_depot_take(heap, class_index) &&
        !refill_stock(heap, class_index)) {
        return ash_hard_on() ? ash_slots_pop(heap, class_index, true) : NULL;
    }
    if (++heap->refills % REFILL_PURGE_EVERY == 0) {
        ash_store_purge_now_and_then();
    }
    if (ASH_AUDIT) {
        ash_heap_audit_some(heap);
    }
    return refill_pop(heap, class_index);
}
