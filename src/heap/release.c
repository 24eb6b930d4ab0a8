#include "heap/release.h"

#include "base/assert.h"
#include "heap/depot.h"
#include "heap/remote.h"
#include "heap/slots.h"
#include "heap/span.h"

// Cuts the list behind its first `keep` blocks and returns the rest.
static struct ash_block *release_cut(struct ash_bin *bin, uint32_t keep) {
    struct ash_block **link = &bin->head;
    for (; keep > 0 && *link != NULL; keep--) {
        link = &(*link)->next;
    }
    struct ash_block *rest = *link;
    *link = NULL;
    return rest;
}

void ash_release_behind(struct ash_heap *heap, unsigned class_index, uint32_t keep) {
    struct ash_bin *bin = &heap->bins[class_index];
    uint32_t count = (uint32_t)(ash_classes[class_index].cap - bin->room) - keep;
    struct ash_block *rest = release_cut(bin, keep);
    bin->room += (int32_t)count;
    if (!ash_depot_put(heap, class_index, rest, count)) {
        (void)ash_span_return(heap, class_index, rest);
    }
    heap->events.releases++;
}

void ash_release_older(struct ash_heap *heap, unsigned class_index) {
    const struct ash_class *c = &ash_classes[class_index];
    ash_release_behind(heap, class_index, (uint32_t)c->cap - c->magazine);
}

void ash_release_bin(struct ash_heap *heap, unsigned class_index) {
    struct ash_bin *bin = &heap->bins[class_index];
    struct ash_block *list = bin->head;
    bin->head = NULL;
    bin->room += (int32_t)ash_span_return(heap, class_index, list);
    heap->events.releases += list == NULL ? 0 : 1;
}

void ash_release_current(struct ash_heap *heap, unsigned class_index) {
    struct ash_record *span = heap->shelves[class_index].current;
    if (span != NULL && ash_span_used(span) == 0) {
        ash_span_retire(heap, span);
    }
}

void ash_release_all(struct ash_heap *heap) {
    ash_remote_flush(heap);
    ash_remote_drain(heap);
    (void)ash_depot_settle(heap);
    ash_slots_release_all(heap);
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        ash_release_bin(heap, i);
        ash_release_current(heap, i);
    }
}
