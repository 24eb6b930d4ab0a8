#include "heap/span.h"

#include <string.h>

#include "base/assert.h"
#include "base/bits.h"
#include "heap/hard.h"
#include "heap/realm.h"
#include "heap/state.h"
#include "heap/tenure.h"
#include "platform/os.h"
#include "platform/report.h"
#include "supply/arena.h"
#include "supply/store.h"

enum { SPAN_STOCK_MIN = 8 };

static struct ash_record *span_take(struct ash_heap *heap, uint32_t slices) {
    bool zero;
    struct ash_record *span = ash_store_take(&ash_realm_of(heap)->origin, slices, 1, &zero);
    if (ash_hard_on() && span != NULL) {
        ash_state_clear(span, slices);
    }
    return span;
}

struct ash_record *ash_span_cut(struct ash_heap *heap, unsigned class_index) {
    const struct ash_class *c = &ash_classes[class_index];
    if (!ash_heap_lay_bin(heap, class_index)) {
        return NULL;
    }
    if (!ash_realm_charge(ash_realm_of(heap), (size_t)c->slices << ASH_SLICE_SHIFT)) {
        return NULL;
    }
    struct ash_record *span = span_take(heap, c->slices);
    if (span == NULL) {
        ash_realm_refund(ash_realm_of(heap), (size_t)c->slices << ASH_SLICE_SHIFT);
        return NULL;
    }
    for (uint32_t i = 0; i < c->slices; i++) {
        span[i].kind = ASH_KIND_SPAN;
        span[i].class_index = (uint8_t)class_index;
        span[i].back = i;
        span[i].slices = c->slices;
    }
    span->lowest_mark = 0;
    span->carved = 0;
    span->next = span->prev = 0;
    span->place = ASH_PLACE_NONE;
    span->tidy = 0;
    ash_span_set_used(span, 0);
    ash_assert(atomic_load_explicit(&span->remote, memory_order_relaxed) == 0);
    ash_span_set_owner(span, heap);
    heap->span_count++;
    heap->shelves[class_index].spans++;
    heap->events.cut++;
    return span;
}

void ash_span_set_owner(struct ash_record *span, struct ash_heap *heap) {
    for (uint32_t i = 0; i < span->slices; i++) {
        span[i].bin = &heap->bins[span->class_index];
        ash_tenure_set_owner(&span[i].owner, heap);
    }
}

static void span_give(struct ash_heap *heap, struct ash_record *span) {
    ash_span_lift(heap, span);
    heap->span_count--;
    heap->shelves[span->class_index].spans--;
    heap->events.retired++;
    memset(ash_record_marks(span), 0, ash_round_up(span->carved, 64) / 8);
    ash_realm_refund(ash_realm_of(heap), (size_t)span->slices << ASH_SLICE_SHIFT);
    ash_store_give(span, span->slices);
}

void ash_span_retire(struct ash_heap *heap, struct ash_record *span) {
    ash_assert(ash_span_used(span) == 0);
    ash_assert(atomic_load_explicit(&span->remote, memory_order_relaxed) == 0);  // INV-RECORD-3
    span_give(heap, span);
}

void ash_span_drop_all(struct ash_heap *heap, unsigned class_index) {
    struct ash_record *span;
    while ((span = ash_span_first(heap, class_index)) != NULL) {
        atomic_store_explicit(&span->remote, 0, memory_order_relaxed);
        span_give(heap, span);
    }
}

void ash_span_put(struct ash_heap *heap, struct ash_record *span, enum ash_place place) {
    ash_assert(span->place == ASH_PLACE_NONE);
    struct ash_shelf *shelf = &heap->shelves[span->class_index];
    span->place = (uint8_t)place;
    if (place == ASH_PLACE_CURRENT) {
        shelf->current = span;
        return;
    }
    uint32_t *list = &shelf->lists[place];
    span->prev = 0;
    span->next = *list;
    if (span->next != 0) {
        ash_record_by_ticket(span->next)->prev = ash_record_ticket(span);
    }
    *list = ash_record_ticket(span);
}

void ash_span_lift(struct ash_heap *heap, struct ash_record *span) {
    ash_assert(span->place != ASH_PLACE_NONE);
    struct ash_shelf *shelf = &heap->shelves[span->class_index];
    enum ash_place place = (enum ash_place)span->place;
    span->place = ASH_PLACE_NONE;
    if (place == ASH_PLACE_CURRENT) {
        shelf->current = NULL;
        return;
    }
    if (span->prev != 0) {
        ash_record_by_ticket(span->prev)->next = span->next;
    } else {
        shelf->lists[place] = span->next;
    }
    if (span->next != 0) {
        ash_record_by_ticket(span->next)->prev = span->prev;
    }
}

void ash_span_stand_down(struct ash_heap *heap, unsigned class_index) {
    struct ash_record *span = heap->shelves[class_index].current;
    if (span == NULL) {
        return;
    }
    if (ash_span_used(span) == 0) {
        ash_span_retire(heap, span);
        return;
    }
    ash_span_lift(heap, span);
    ash_span_put(heap, span, ash_span_has_room(span) ? ASH_PLACE_ROOMY : ASH_PLACE_FULL);
}

struct ash_record *ash_span_first(const struct ash_heap *heap, unsigned class_index) {
    const struct ash_shelf *shelf = &heap->shelves[class_index];
    for (unsigned i = 0; i < ASH_PLACE_LISTS; i++) {
        if (shelf->lists[i] != 0) {
            return ash_record_by_ticket(shelf->lists[i]);
        }
    }
    return shelf->current;
}

struct ash_record *ash_span_next(const struct ash_heap *heap, const struct ash_record *span) {
    const struct ash_shelf *shelf = &heap->shelves[span->class_index];
    if (span->place == ASH_PLACE_CURRENT) {
        return NULL;
    }
    uint32_t ticket = span->next;
    for (unsigned i = span->place + 1u; ticket == 0 && i < ASH_PLACE_LISTS; i++) {
        ticket = shelf->lists[i];
    }
    return ticket != 0 ? ash_record_by_ticket(ticket) : shelf->current;
}

bool ash_span_has_room(const struct ash_record *span) {
    return ash_span_used(span) < ash_span_class(span)->blocks;
}

static struct ash_block *span_block(char *start, const struct ash_class *c, size_t index) {
    return (struct ash_block *)(void *)(start + index * c->block_bytes);
}

// Takes the lowest marked blocks, `count` of them. The lowest is put just below `top`.
static void span_unmark(struct ash_record *span, uint32_t count, struct ash_block **top) {
    uint64_t *marks = ash_record_marks(span);
    const struct ash_class *c = ash_span_class(span);
    char *start = ash_record_start(span);
    size_t at = span->lowest_mark;
    while (count > 0) {
        uint64_t word = marks[at];
        for (; word != 0 && count > 0; count--) {
            *--top = span_block(start, c, at * 64 + (size_t)ash_ctz64(word));
            word &= word - 1;
        }
        marks[at] = word;
        at += word == 0 ? 1 : 0;
    }
    span->lowest_mark = at;
}

static void span_carve(struct ash_record *span, uint32_t count, struct ash_block **top) {
    const struct ash_class *c = ash_span_class(span);
    char *start = ash_record_start(span);
    for (uint32_t i = 0; i < count; i++) {
        *--top = span_block(start, c, span->carved + i);
    }
    span->carved += count;
}

// What a bin is stocked with grows with what is out of the class: a thread that uses few blocks of
// a size, or starts, has few to cut, and few to give back when it ends.
static uint32_t span_stock_now(const struct ash_heap *heap, const struct ash_class *c) {
    size_t half = heap->shelves[c - ash_classes].out / 2;
    return (uint32_t)ash_min(ash_max(half, SPAN_STOCK_MIN), c->stock);
}

bool ash_span_stock(struct ash_heap *heap, struct ash_record *span) {
    const struct ash_class *c = ash_span_class(span);
    ash_assert(ash_bin_count(heap, span->class_index) == 0);
    struct ash_block **blocks = ash_bin_blocks(heap, span->class_index);
    uint32_t used = ash_span_used(span);
    uint32_t count = span_stock_now(heap, c);
    if (used < span->carved) {
        count = (uint32_t)ash_min(count, span->carved - used);
        span_unmark(span, count, blocks + count);
    } else {
        count = (uint32_t)ash_min(count, c->blocks - span->carved);
        span_carve(span, count, blocks + count);
    }
    ash_bin_set_count(heap, span->class_index, count);
    ash_heap_count(heap, c, (ptrdiff_t)count);
    ash_span_set_used(span, used + count);
    return count > 0;
}

// The block is in its span already, or does not start where a block starts.
static ASH_COLD _Noreturn void span_refuse(const struct ash_block *block, bool twice) {
    if (twice) {
        ash_report_bad_pointer(ASH_E_DOUBLE_FREE, "double free", block);
    }
    ash_report_bad_pointer(ASH_E_NOT_A_START, "free", block);
}

// The record of a block that is not where the span's owner has most of them: in an arena. Or the
// program has freed it twice, and its span has gone meanwhile.
static ASH_NOINLINE struct ash_record *span_record_elsewhere(const struct ash_bin *bin,
                                                             const struct ash_block *block) {
    struct ash_record *span = ash_arena_record_find(block);
    ash_check(span != NULL && span->kind == ASH_KIND_SPAN && span->bin == bin,
              ASH_E_LIST_OVERWRITTEN);
    size_t offset = (size_t)((const char *)block - ash_record_start(span));
    return span + (offset >> ASH_SLICE_SHIFT);
}

// The span of a block, and where it starts: wherever slices are, they start at multiples of their
// size.
static inline struct ash_record *span_of_block(const struct ash_bin *bin,
                                               const struct ash_block *block, uintptr_t *start) {
    struct ash_record *record = ash_record_of(block);
    if (ash_unlikely(!ash_region_contains(block) || record->bin != bin)) {
        record = span_record_elsewhere(bin, block);
    }
    *start = ash_round_down((uintptr_t)block, ASH_SLICE_BYTES) -
             ((size_t)record->back << ASH_SLICE_SHIFT);
    return record - record->back;
}

void ash_span_refuse_start(const struct ash_block *block) {
    span_refuse(block, false);
}

// Marks the first of `count` blocks as back in their span, as many as lie in it one after the
// other. Returns how many.
static inline uint32_t span_mark(struct ash_record *span, uintptr_t start,
                                 const struct ash_class *c, struct ash_block *const *blocks,
                                 uint32_t count) {
    size_t bytes = (size_t)c->slices << ASH_SLICE_SHIFT;
    uint64_t *marks = ash_record_marks(span);
    size_t lowest = span->lowest_mark;
    uint32_t i = 0;
    do {
        size_t offset = (uintptr_t)blocks[i] - start;
        if (offset >= bytes) {
            break;
        }
        size_t index = ash_class_index(c, offset);
        if (ash_unlikely(index * c->block_bytes != offset || index >= span->carved)) {
            span_refuse(blocks[i], false);
        }
        uint64_t *word = &marks[index / 64];
        uint64_t marked = *word | (uint64_t)1 << index % 64;
        if (ash_unlikely(marked == *word)) {
            span_refuse(blocks[i], true);
        }
        *word = marked;
        lowest = ash_min(lowest, index / 64);
    } while (++i < count);
    span->lowest_mark = lowest;
    span->tidy = 0;
    return i;
}

// The first block from `index` on that is out; `carved` if all of the rest are back.
static uint32_t span_next_out(const struct ash_record *span, uint32_t index) {
    const uint64_t *marks = ash_record_marks(span);
    while (index < span->carved) {
        uint64_t out = ~marks[index / 64] >> index % 64;
        if (out != 0) {
            index += (uint32_t)ash_ctz64(out);
            break;
        }
        index = (index / 64 + 1) * 64;
    }
    return (uint32_t)ash_min(index, span->carved);
}

// Purges the whole pages in [from, to) of the span.
static bool span_purge_pages(const struct ash_record *span, size_t from, size_t to) {
    size_t page_bytes = ash_os_page_bytes();
    from = ash_round_up(from, page_bytes);
    to = to / page_bytes * page_bytes;
    return from < to && ash_os_purge(ash_record_start(span) + from, to - from);
}

bool ash_span_purge(struct ash_record *span) {
    if (span->tidy || !ash_arena_may_purge(span)) {
        return false;
    }
    span->tidy = 1;
    size_t block_bytes = ash_span_class(span)->block_bytes;
    size_t free_from = 0;
    bool asked = false;
    for (uint32_t index = span_next_out(span, 0); index < span->carved;
         index = span_next_out(span, index + 1)) {
        asked |= span_purge_pages(span, free_from, index * block_bytes);
        free_from = (index + 1) * block_bytes;
    }
    return span_purge_pages(span, free_from, (size_t)span->slices << ASH_SLICE_SHIFT) || asked;
}

static ASH_NOINLINE void span_replace(struct ash_heap *heap, struct ash_record *span,
                                      uint32_t used) {
    if (used > 0) {
        ash_span_lift(heap, span);
        ash_span_put(heap, span, ASH_PLACE_ROOMY);
    } else if (span->place != ASH_PLACE_CURRENT) {
        ash_span_retire(heap, span);
    }
}

// A span that was full has room now; one of which nothing is out may be retired.
static inline void span_settle(struct ash_heap *heap, struct ash_record *span, uint32_t count) {
    uint32_t used = ash_span_used(span);
    ash_assert(used >= count);
    ash_span_set_used(span, used - count);
    if (ash_unlikely(used == count || span->place == ASH_PLACE_FULL)) {
        span_replace(heap, span, used - count);
    }
}

void ash_span_mark(struct ash_heap *heap, struct ash_record *span, size_t offset) {
    const struct ash_class *c = ash_span_class(span);
    uint32_t index = ash_class_index(c, offset);
    uint64_t bit = (uint64_t)1 << index % 64;
    uint64_t *word = &ash_record_marks(span)[index / 64];
    ash_check((*word & bit) == 0 && index < span->carved, ASH_E_DOUBLE_FREE);
    *word |= bit;
    span->lowest_mark = ash_min(span->lowest_mark, index / 64);
    span->tidy = 0;
    ash_heap_count(heap, c, -1);
    span_settle(heap, span, 1);
}

void ash_span_return(struct ash_heap *heap, unsigned class_index, struct ash_block *const *blocks,
                     uint32_t count) {
    const struct ash_class *c = &ash_classes[class_index];
    const struct ash_bin *bin = &heap->bins[class_index];
    for (uint32_t left = count; left > 0;) {
        uintptr_t start;
        struct ash_record *span = span_of_block(bin, *blocks, &start);
        uint32_t done = span_mark(span, start, c, blocks, left);
        span_settle(heap, span, done);
        blocks += done;
        left -= done;
    }
    ash_heap_count(heap, c, -(ptrdiff_t)count);
}
