#include "heap/orphan.h"

#include "base/assert.h"
#include "heap/hold.h"
#include "heap/news.h"
#include "heap/realm.h"
#include "heap/registry.h"
#include "heap/release.h"
#include "heap/remote.h"
#include "heap/span.h"
#include "heap/tenure.h"

enum { ORPHAN_TRIES = 4 };

void ash_orphan_leave(struct ash_heap *heap) {
    if (ash_tenure_leave(&heap->state, ASH_HEAP_ORPHAN, &heap->inbox)) {
        ash_orphan_tend(heap);
    }
}

void ash_orphan_abandon(struct ash_heap *heap) {
    ash_hold(heap);
    ash_release_all(heap);
    atomic_store_explicit(&heap->tid, 0, memory_order_relaxed);
    ash_registry_put_orphan(heap);
    ash_orphan_leave(heap);
}

void ash_orphan_end(struct ash_heap *heap) {
    ash_hold(heap);
    ash_release_all(heap);
    ash_registry_end(heap);
    ash_orphan_leave(heap);
}

void ash_orphan_tend(struct ash_heap *heap) {
    while (ash_tenure_claim(&heap->state, ASH_HEAP_ORPHAN, ASH_HEAP_TENDED)) {
        ash_remote_drain(heap);
        if (!ash_tenure_leave(&heap->state, ASH_HEAP_ORPHAN, &heap->inbox)) {
            return;
        }
    }
}

// The span has no place. True if it is now the heap's; false if a
// push is on the way, which may go to either heap: then it stays where it was.
static bool orphan_move(struct ash_heap *orphan, struct ash_heap *heap, struct ash_record *span) {
    ash_span_set_owner(span, heap);
    if (ash_news_none(&span->remote)) {
        uint32_t used = ash_span_used(span);
        orphan->span_count--;
        heap->span_count++;
        orphan->shelves[span->class_index].spans--;
        heap->shelves[span->class_index].spans++;
        heap->events.adopted++;
        ash_heap_count(orphan, ash_span_class(span), -(ptrdiff_t)used);
        ash_heap_count(heap, ash_span_class(span), (ptrdiff_t)used);
        return true;
    }
    ash_span_set_owner(span, orphan);
    return false;
}

// Takes the orphan's spans of the class that have room. The first one is
// returned, without a place; the others are put on the heap's shelf.
static struct ash_record *orphan_rob(struct ash_heap *orphan, struct ash_heap *heap,
                                     unsigned class_index) {
    struct ash_shelf *shelf = &orphan->shelves[class_index];
    struct ash_record *first = NULL;
    uint32_t ticket = shelf->lists[ASH_PLACE_ROOMY];
    while (ticket != 0) {
        struct ash_record *span = ash_record_by_ticket(ticket);
        ticket = span->next;
        ash_span_lift(orphan, span);
        if (!orphan_move(orphan, heap, span)) {
            ash_span_put(orphan, span, ASH_PLACE_ROOMY);
        } else if (first == NULL) {
            first = span;
        } else {
            ash_span_put(heap, span, ASH_PLACE_ROOMY);
        }
    }
    return first;
}

struct ash_record *ash_orphan_adopt(struct ash_heap *heap, unsigned class_index) {
    struct ash_record *span = NULL;
    if (!ash_heap_lay_bin(heap, class_index)) {
        return NULL;
    }
    for (int i = 0; i < ORPHAN_TRIES && span == NULL; i++) {
        struct ash_heap *orphan = ash_registry_tend_orphan(ash_realm_of(heap));
        if (orphan == NULL) {
            break;
        }
        ash_remote_drain(orphan);
        span = orphan_rob(orphan, heap, class_index);
        ash_orphan_leave(orphan);
    }
    return span;
}
