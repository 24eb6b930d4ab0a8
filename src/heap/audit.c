#include "heap/audit.h"

#include "base/assert.h"
#include "heap/depot.h"
#include "heap/news.h"
#include "heap/span.h"
#include "supply/store.h"

enum { AUDIT_ONE_IN = 64 };

static bool audit_owned(struct ash_heap *heap, const struct ash_record *span,
                        unsigned class_index) {
    return span->kind == ASH_KIND_SPAN && span->class_index == class_index &&
           atomic_load_explicit(&span->owner, memory_order_relaxed) == heap &&
           span->bin == &heap->bins[class_index];
}

static void audit_block(const struct ash_record *span, const struct ash_block *block) {
    size_t offset = (size_t)((const char *)block - ash_record_start(span));
    ash_assert(offset % ash_span_class(span)->block_bytes == 0);
    ash_assert(offset / ash_span_class(span)->block_bytes < span->carved);
}

static uint32_t audit_marks(const struct ash_record *span) {
    const uint64_t *marks = ash_record_marks(span);
    uint32_t count = 0;
    for (uint32_t i = 0; i < span->slices * ASH_SLICE_MARKS; i++) {
        ash_assert(marks[i] == 0 || i >= span->lowest_mark);
        for (uint64_t word = marks[i]; word != 0; word &= word - 1) {
            ash_assert(i * 64 + (uint32_t)ash_ctz64(word) < span->carved);
            count++;
        }
    }
    return count;
}

static void audit_span(struct ash_heap *heap, const struct ash_record *span, unsigned class_index) {
    ash_assert(audit_owned(heap, span, class_index));
    ash_assert(span->carved <= ash_span_class(span)->blocks);
    ash_assert(ash_span_used(span) + audit_marks(span) == span->carved);  // INV-RECORD-2
    for (uint32_t i = 0; i < span->slices; i++) {
        ash_assert(span[i].back == i && span[i].bin == span->bin);
    }
}

static void audit_list(struct ash_heap *heap, unsigned class_index, enum ash_place place) {
    uint32_t before = 0;
    for (uint32_t ticket = heap->shelves[class_index].lists[place]; ticket != 0;) {
        const struct ash_record *span = ash_record_by_ticket(ticket);
        ash_assert(span->place == place && span->prev == before);  // INV-HEAP-3
        ash_assert(ash_span_has_room(span) == (place == ASH_PLACE_ROOMY));
        audit_span(heap, span, class_index);
        before = ticket;
        ticket = span->next;
    }
}

// Returns how many spans are among the class's news.
static uint32_t audit_news(struct ash_heap *heap, unsigned class_index) {
    uint32_t count = 0;
    for (uint32_t ticket = heap->shelves[class_index].news; ticket != 0;) {
        struct ash_record *span = ash_record_by_ticket(ticket);
        ash_assert(audit_owned(heap, span, class_index));
        ash_assert(!ash_news_none(&span->remote));  // INV-RECORD-3
        ticket = span->inbox_next;
        count++;
    }
    return count;
}

static void audit_shelf(struct ash_heap *heap, unsigned class_index) {
    const struct ash_shelf *shelf = &heap->shelves[class_index];
    audit_list(heap, class_index, ASH_PLACE_ROOMY);
    audit_list(heap, class_index, ASH_PLACE_FULL);
    if (shelf->current != NULL) {
        ash_assert(shelf->current->place == ASH_PLACE_CURRENT);
        audit_span(heap, shelf->current, class_index);
    }
}

// A free block that is in no span.
static void audit_listed(struct ash_heap *heap, unsigned class_index,
                         const struct ash_block *block) {
    const struct ash_record *span = ash_record_find(block);
    ash_assert(span != NULL);
    ash_assert(audit_owned(heap, span, class_index));  // INV-HEAP-2
    audit_block(span, block);
}

static void audit_bin(struct ash_heap *heap, unsigned class_index) {
    const struct ash_bin *bin = &heap->bins[class_index];
    if (bin->end == NULL) {
        ash_assert(bin->head == NULL && bin->top == NULL && heap->shelves[class_index].spans == 0);
        return;
    }
    struct ash_block **bottom = ash_bin_bottom(heap, class_index);
    ash_assert(bottom <= bin->top && bin->top <= bin->end);  // INV-HEAP-1
    struct ash_block *const *blocks = ash_bin_blocks(heap, class_index);
    ash_assert(*bottom == NULL);
    for (uint32_t i = 0; i < ash_bin_count(heap, class_index); i++) {
        audit_listed(heap, class_index, blocks[i]);
    }
}

// Returns the bytes in the depot.
static size_t audit_depot(struct ash_heap *heap, unsigned class_index) {
    const struct ash_class *c = &ash_classes[class_index];
    uint32_t magazines = 0;
    const struct ash_magazine *magazine = heap->shelves[class_index].depot;
    for (; magazine != NULL; magazine = magazine->below) {
        for (uint32_t i = 0; i < c->magazine; i++) {
            audit_listed(heap, class_index, magazine->blocks[i]);  // INV-DEPOT-1
        }
        magazines++;
    }
    ash_assert(heap->shelves[class_index].magazines == magazines);
    return ash_depot_count(heap, class_index) * c->block_bytes;
}

void ash_heap_audit(struct ash_heap *heap) {
    size_t depot_bytes = 0;
    uint32_t news = 0;
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        audit_shelf(heap, i);
        audit_bin(heap, i);
        depot_bytes += audit_depot(heap, i);
        uint32_t of_class = audit_news(heap, i);
        ash_assert((heap->news_classes >> i & 1) == (of_class > 0 ? 1 : 0));
        news += of_class;
    }
    ash_assert(ash_heap_news(heap) == news);
    ash_assert(heap->depot_bytes == depot_bytes && depot_bytes <= ASH_DEPOT_BYTES);  // INV-DEPOT-2
}

void ash_heap_audit_some(struct ash_heap *heap) {
    static _Atomic uint32_t calls;
    uint32_t call = atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
    if (call % AUDIT_ONE_IN == 0) {
        ash_heap_audit(heap);
    }
    if (call % (AUDIT_ONE_IN * 64) == 0) {
        ash_store_audit();
    }
}
