#include "heap/span.h"

#include "base/assert.h"
#include "supply/store.h"

struct ash_record *ash_span_cut(struct ash_heap *heap, unsigned class_index) {
    const struct ash_class *c = &ash_classes[class_index];
    bool zero;
    struct ash_record *span = ash_store_take(c->slices, 1, &zero);
    if (span == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < c->slices; i++) {
        span[i].kind = ASH_KIND_SPAN;
        span[i].class_index = (uint8_t)class_index;
        span[i].back = i;
        span[i].slices = c->slices;
    }
    span->free = NULL;
    span->carved = 0;
    span->next = span->prev = 0;
    span->place = ASH_PLACE_FULL;
    ash_span_set_used(span, 0);
    ash_assert(atomic_load_explicit(&span->remote, memory_order_relaxed) == 0);
    ash_span_set_owner(span, heap);
    heap->span_count++;
    return span;
}

void ash_span_set_owner(struct ash_record *span, struct ash_heap *heap) {
    for (uint32_t i = 0; i < span->slices; i++) {
        span[i].bin = &heap->bins[span->class_index];
        // seq_cst: pairs with the load of owner after a push: heap/remote.c.
        atomic_store_explicit(&span[i].owner, heap, memory_order_seq_cst);
    }
}

void ash_span_retire(struct ash_heap *heap, struct ash_record *span) {
    ash_assert(ash_span_used(span) == 0);
    ash_assert(atomic_load_explicit(&span->remote, memory_order_relaxed) == 0);  // INV-RECORD-3
    struct ash_shelf *shelf = &heap->shelves[span->class_index];
    if (span->place == ASH_PLACE_LISTED) {
        ash_span_unlist(heap, span);
    } else if (span->place == ASH_PLACE_CURRENT) {
        shelf->current = NULL;
    }
    heap->span_count--;
    ash_store_give(span, span->slices);
}

void ash_span_list(struct ash_heap *heap, struct ash_record *span) {
    struct ash_shelf *shelf = &heap->shelves[span->class_index];
    span->prev = 0;
    span->next = shelf->listed;
    if (span->next != 0) {
        ash_record_by_ticket(span->next)->prev = ash_record_ticket(span);
    }
    shelf->listed = ash_record_ticket(span);
    span->place = ASH_PLACE_LISTED;
}

void ash_span_unlist(struct ash_heap *heap, struct ash_record *span) {
    struct ash_shelf *shelf = &heap->shelves[span->class_index];
    if (span->prev != 0) {
        ash_record_by_ticket(span->prev)->next = span->next;
    } else {
        shelf->listed = span->next;
    }
    if (span->next != 0) {
        ash_record_by_ticket(span->next)->prev = span->prev;
    }
    span->place = ASH_PLACE_FULL;
}

// Cuts the next few blocks and links them in the order of their addresses.
static struct ash_block *span_carve(struct ash_record *span, uint32_t *count) {
    const struct ash_class *c = ash_span_class(span);
    size_t n = ash_max(ASH_CARVE_BYTES / c->block_bytes, 1);
    n = ash_min(n, c->blocks - span->carved);
    char *first = ash_record_start(span) + (size_t)span->carved * c->block_bytes;
    struct ash_block *block = (struct ash_block *)(void *)first;
    for (size_t i = 1; i < n; i++) {
        struct ash_block *next = (struct ash_block *)(void *)(first + i * c->block_bytes);
        block->next = next;
        block = next;
    }
    block->next = NULL;
    span->carved += (uint32_t)n;
    *count = (uint32_t)n;
    return (struct ash_block *)(void *)first;
}

bool ash_span_stock(struct ash_heap *heap, struct ash_record *span) {
    struct ash_bin *bin = &heap->bins[span->class_index];
    ash_assert(bin->head == NULL);
    uint32_t count = span->carved - ash_span_used(span);
    if (span->free != NULL) {
        bin->head = span->free;
        span->free = NULL;
    } else if (span->carved < ash_span_class(span)->blocks) {
        bin->head = span_carve(span, &count);
    } else {
        return false;
    }
    bin->room -= (int32_t)count;
    ash_heap_count(heap, ash_span_class(span), (ptrdiff_t)count);
    ash_span_set_used(span, span->carved);
    return true;
}

void ash_span_return(struct ash_heap *heap, struct ash_record *span, struct ash_block *head,
                     struct ash_block *tail, uint32_t count) {
    uint32_t used = ash_span_used(span);
    ash_check(used >= count, "more blocks came back to a span than it gave out (double free?)");
    used -= count;
    ash_heap_count(heap, ash_span_class(span), -(ptrdiff_t)count);
    tail->next = span->free;
    span->free = head;
    ash_span_set_used(span, used);
    if (ash_unlikely(used == 0) && span->place != ASH_PLACE_CURRENT) {
        ash_span_retire(heap, span);
    } else if (span->place == ASH_PLACE_FULL) {
        ash_span_list(heap, span);
    }
}
