// A walk goes through the slices by address, so that a span that changes hands meanwhile is met
// once all the same: adoption and the end of threads move owners, not blocks. It takes a
// window of slices at a time. Each span of the window is looked at while its heap is
// held (heap/look.h), all of one heap's together; what it had in use is noted; the
// visitor is called afterwards, with nothing held. If a span changes hands between two looks
// at the window, the window is gone through again for what is left.
//
// A block is in use if it was cut and is neither marked, nor in its owner's bin or depot, nor in
// anybody's chain, nor on the span's remote chain. All of these stand still or are
// followed exactly while the heap is held. So a block that was free all the time is
// in one of those places then, and one that was allocated all the time in none.

#include "ashlar/walk.h"

#include <errno.h>
#include <string.h>

#include "api/boot.h"
#include "api/late.h"
#include "api/query.h"
#include "base/bits.h"
#include "heap/hard.h"
#include "heap/look.h"
#include "heap/peek.h"
#include "heap/realm.h"
#include "heap/registry.h"
#include "heap/span.h"
#include "heap/state.h"
#include "heap/tagged.h"
#include "heap/tenure.h"
#include "platform/cpu.h"
#include "platform/os.h"
#include "platform/thread.h"
#include "supply/arena.h"
#include "supply/huge.h"
#include "supply/region.h"
#include "supply/store.h"

enum {
    WALK_SLICES = 32,
    WALK_WORDS = ASH_SLICE_MARKS,  // a span has no more blocks than a slice has marks
};

struct walk_slot {
    struct ash_area area;
    uint32_t noted;  // 1: the area is to be reported
    uint32_t done;   // 1: the slice needs no look any more
    uint64_t used[WALK_WORDS];
};

struct walk {
    const struct ash_realm *realm;  // NULL: all
    bool blocks;
    ash_visitor_t *visitor;
    void *argument;
    struct ash_arena_slices part;  // the slices in view
    struct walk_slot slots[WALK_SLICES];
    struct ash_look_list lists[2];
};

_Static_assert(ASH_SLICE_BYTES / ASH_CLASS_STEP <= WALK_WORDS * 64, "a bit for every block");

static bool walk_wants(const struct walk *walk, const struct ash_realm *realm) {
    return walk->realm == NULL || walk->realm == realm;
}

static struct ash_record *walk_record(const struct walk *walk, size_t i) {
    return &ash_region.records[walk->part.first + i];
}

// Spans -------------------------------------------------------------------------------------

// In a hardened process every block says itself whether it is handed out.
static void walk_note_states(struct walk_slot *slot, const struct ash_record *span) {
    for (uint32_t i = 0; i < span->carved; i++) {
        if (!ash_state_is_live(ash_state_at(span, (size_t)i * slot->area.block_bytes))) {
            slot->used[i / 64] &= ~((uint64_t)1 << i % 64);
        }
    }
}

static void walk_note_span(struct walk_slot *slot, struct ash_record *span,
                           const struct ash_heap *heap) {
    const struct ash_class *c = ash_span_class(span);
    const uint64_t *marks = ash_record_marks(span);
    slot->done = 1;
    slot->noted = 1;
    slot->area = (struct ash_area){
        .kind = ASH_AREA_SPAN,
        .heap = ash_realm_of(heap),
        .start = ash_record_start(span),
        .bytes = (size_t)span->slices << ASH_SLICE_SHIFT,
        .touched = (size_t)span->carved * c->block_bytes,
        .block_bytes = c->block_bytes,
        .blocks = c->blocks,
    };
    for (size_t at = 0; at < WALK_WORDS; at++) {
        size_t left = span->carved > at * 64 ? span->carved - at * 64 : 0;
        uint64_t cut = left >= 64 ? UINT64_MAX : ((uint64_t)1 << left) - 1;
        slot->used[at] = cut & ~(left > 0 ? marks[at] : 0);
    }
    if (ash_hard_on()) {
        walk_note_states(slot, span);
    }
}

// The block is free: if its span was noted, in this window.
static void walk_clear(struct walk *walk, const struct ash_record *span,
                       const struct ash_block *block) {
    size_t i = ash_record_slice(span) - walk->part.first;
    if (i < walk->part.count && walk->slots[i].noted) {
        size_t offset = (size_t)((const char *)block - ash_record_start(span));
        size_t index = ash_class_index(ash_span_class(span), offset);
        walk->slots[i].used[index / 64] &= ~((uint64_t)1 << index % 64);
    }
}

static void walk_see(void *argument, const struct ash_record *span, struct ash_block *block) {
    walk_clear(argument, span, block);
}

// Of the spans that were just noted, takes off what others have freed: first what is gathered,
// then what has arrived. The barrier: heap/look.h.
static void walk_clear_foreign(struct walk *walk, const struct ash_heap *heap) {
    struct ash_heap *gatherer = NULL;
    while ((gatherer = ash_registry_next(gatherer)) != NULL) {
        ash_look_gathered(gatherer, heap, walk_see, walk);
    }
    ash_os_barrier();
    for (size_t i = 0; i < walk->part.count; i++) {
        struct ash_record *span = walk_record(walk, i);
        if (walk->slots[i].noted && ash_tenure_owner(&span->owner) == heap) {
            ash_look_remote(span, walk_see, walk);
        }
    }
}

// The caller holds the heap, or nobody can any more.
static void walk_look(struct walk *walk, struct ash_heap *heap, bool running) {
    uint64_t classes = 0;
    for (size_t i = 0; i < walk->part.count; i++) {
        struct ash_record *span = walk_record(walk, i);
        if (!walk->slots[i].done && ash_tenure_owner(&span->owner) == heap && span->back == 0) {
            walk_note_span(&walk->slots[i], span, heap);
            classes |= (uint64_t)1 << span->class_index;
        }
    }
    if (classes == 0) {
        return;
    }
    const struct ash_look_list *list = ash_look_bins(heap, classes, running, walk->lists);
    for (uint32_t i = 0; i < list->count; i++) {
        struct ash_record *span = ash_record_find(list->blocks[i]);
        walk_clear(walk, span, list->blocks[i]);
    }
    for (; classes != 0; classes &= classes - 1) {
        ash_look_depot(heap, (unsigned)ash_ctz64(classes), walk_see, walk);
    }
    walk_clear_foreign(walk, heap);
}

// Whose thread the caller is, or is waiting in the heap: nobody moves in it.
static bool walk_is_mine(const struct ash_heap *heap) {
    const struct ash_heap *mine = ash_thread_heap();
    return mine != NULL && (heap == mine || ash_realm_is_home(heap, mine));
}

static void walk_look_at(struct walk *walk, struct ash_heap *heap) {
    if (heap == ash_late_heap()) {
        ash_late_enter();
        walk_look(walk, heap, false);
        ash_late_leave();
        return;
    }
    enum ash_look look = ash_look_try(heap);
    if (look == ASH_LOOK_NONE || look == ASH_LOOK_SPARE) {
        ash_cpu_pause();
        ash_os_sleep(0);
        return;
    }
    walk_look(walk, heap, look == ASH_LOOK_ACTIVE && !walk_is_mine(heap));
    ash_look_end(heap, look);
}

// Runs --------------------------------------------------------------------------------------

static struct ash_area walk_read_run(const struct ash_record *run, char *start) {
    size_t bytes = ash_peek_size(&run->run_bytes);
    return (struct ash_area){
        .kind = ASH_AREA_RUN,
        .heap = ash_peek_realm(run),
        .start = start + ash_peek_number(&run->lead),
        .bytes = (size_t)ash_peek_number(&run->slices) << ASH_SLICE_SHIFT,
        .touched = bytes,
        .block_bytes = bytes,
        .blocks = 1,
    };
}

// A record that is just being written may show anything. One that says RUN twice, with the same
// figures, that fit together, is a run.
static void walk_note_run(struct walk *walk, size_t i) {
    const struct ash_record *run = walk_record(walk, i);
    struct walk_slot *slot = &walk->slots[i];
    char *start = walk->part.start + (i << ASH_SLICE_SHIFT);
    struct ash_area area = walk_read_run(run, start);
    atomic_thread_fence(memory_order_acquire);  // the first reading comes before the second
    struct ash_area again = walk_read_run(run, start);
    size_t lead = (size_t)((char *)area.start - start);
    bool same = area.heap == again.heap && area.start == again.start && area.bytes == again.bytes &&
                area.block_bytes == again.block_bytes;
    bool fits = area.heap != NULL && lead + area.block_bytes <= area.bytes &&
                lead + area.block_bytes + ASH_SLICE_BYTES >= area.bytes;
    slot->done = ash_peek_byte(&run->kind) != ASH_KIND_RUN || (same && fits);
    slot->noted = slot->done && same && fits && walk_wants(walk, area.heap);
    if (slot->noted) {
        area.bytes -= lead;
        slot->area = area;
        slot->used[0] = 1;
        memset(&slot->used[1], 0, sizeof slot->used - sizeof slot->used[0]);
    }
}

// The window ----------------------------------------------------------------------------------

// Whose span begins there, or NULL if none of those that are wanted does.
static struct ash_heap *walk_owner(const struct walk *walk, struct ash_record *record) {
    if (ash_peek_number(&record->back) != 0) {
        return NULL;
    }
    struct ash_heap *owner = ash_tenure_owner(&record->owner);
    bool taken = owner != NULL && owner != ash_store_owner;  // NULL: just being cut
    return taken && walk_wants(walk, ash_realm_of(owner)) ? owner : NULL;
}

static void walk_note(struct walk *walk, size_t i) {
    struct ash_record *record = walk_record(walk, i);
    enum ash_kind kind = (enum ash_kind)ash_peek_byte(&record->kind);
    struct ash_heap *owner = kind == ASH_KIND_SPAN ? walk_owner(walk, record) : NULL;
    if (kind == ASH_KIND_RUN) {
        walk_note_run(walk, i);
    } else if (owner != NULL) {
        walk_look_at(walk, owner);
    } else {
        walk->slots[i].done = 1;
    }
}

static void walk_note_window(struct walk *walk) {
    for (size_t i = 0; i < walk->part.count; i++) {
        walk->slots[i].noted = walk->slots[i].done = 0;
    }
    for (size_t i = 0; i < walk->part.count;) {
        if (walk->slots[i].done) {
            i++;
        } else {
            walk_note(walk, i);
        }
    }
}

static uint32_t walk_count(const struct walk_slot *slot) {
    uint32_t count = 0;
    for (size_t at = 0; at < WALK_WORDS; at++) {
        count += ash_popcount32((uint32_t)slot->used[at]) +
                 ash_popcount32((uint32_t)(slot->used[at] >> 32));
    }
    return count;
}

// What the program may use of a block: less than the block holds where a canary is behind it.
// States stay where they are; of a block that was freed since, any size is right.
static size_t walk_usable(const struct walk *walk, const struct walk_slot *slot, size_t offset) {
    size_t held = slot->area.block_bytes;
    if (!ash_hard_on() || slot->area.kind == ASH_AREA_HUGE) {
        return held;
    }
    const struct ash_record *first = walk_record(walk, (size_t)(slot - walk->slots));
    const ash_state *state = ash_state_at(first, offset);
    bool live = ash_state_is_live(state);
    size_t slack = live ? ash_state_slack(state) : 0;
    return slack < held ? held - slack : held;
}

static bool walk_report_blocks(const struct walk *walk, const struct walk_slot *slot) {
    for (size_t at = 0; at < WALK_WORDS; at++) {
        for (uint64_t word = slot->used[at]; word != 0; word &= word - 1) {
            size_t index = at * 64 + (size_t)ash_ctz64(word);
            size_t offset = index * slot->area.block_bytes;
            char *block = ash_tagged_pointer((char *)slot->area.start + offset);
            size_t usable = walk_usable(walk, slot, offset);
            if (!walk->visitor(&slot->area, block, usable, walk->argument)) {
                return false;
            }
        }
    }
    return true;
}

static bool walk_report(const struct walk *walk, struct walk_slot *slot) {
    slot->area.used = slot->noted ? walk_count(slot) : 0;
    if (slot->area.used == 0) {
        return true;
    }
    return walk->visitor(&slot->area, NULL, 0, walk->argument) &&
           (!walk->blocks || walk_report_blocks(walk, slot));
}

static bool walk_row(struct walk *walk, const struct ash_arena_slices *row) {
    for (size_t at = 0; at < row->count; at += WALK_SLICES) {
        walk->part = (struct ash_arena_slices){
            .first = row->first + at,
            .count = ash_min(WALK_SLICES, row->count - at),
            .start = row->start + (at << ASH_SLICE_SHIFT),
        };
        walk_note_window(walk);
        for (size_t i = 0; i < walk->part.count; i++) {
            if (!walk_report(walk, &walk->slots[i])) {
                return false;
            }
        }
    }
    return true;
}

static bool walk_region(struct walk *walk) {
    struct ash_arena_slices row;
    bool all = true;
    for (uint32_t n = 0; all && ash_arena_slices(n, &row); n++) {
        all = walk_row(walk, &row);
    }
    return all;
}

// Huge blocks ---------------------------------------------------------------------------------

static bool walk_report_huge(struct walk *walk, const struct ash_huge *block) {
    struct walk_slot *slot = &walk->slots[0];
    slot->noted = 1;
    slot->area = (struct ash_area){
        .kind = ASH_AREA_HUGE,
        .heap = block->realm,
        .start = block->start,
        .bytes = block->bytes,
        .touched = block->bytes,
        .block_bytes = block->bytes,
        .blocks = 1,
    };
    memset(slot->used, 0, sizeof slot->used);
    slot->used[0] = 1;
    return walk_report(walk, slot);
}

static bool walk_report_all_huge(struct walk *walk, const struct ash_huge *blocks, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (walk_wants(walk, blocks[i].realm) && !walk_report_huge(walk, &blocks[i])) {
            return false;
        }
    }
    return true;
}

// A copy of the index, of one moment. NULL without memory, or if there are none.
static struct ash_huge *walk_copy_huge(size_t *count, size_t *bytes) {
    for (size_t room = ash_huge_list(NULL, 0); room > 0; room = *count) {
        room += room / 4;  // others may be at it
        *bytes = ash_round_up(room * sizeof(struct ash_huge), ash_os_page_bytes());
        struct ash_huge *blocks = ash_os_map(*bytes, ash_os_page_bytes());
        *count = blocks == NULL ? 0 : ash_huge_list(blocks, room);
        if (blocks == NULL || *count <= room) {
            return blocks;
        }
        ash_os_unmap(blocks, *bytes);
    }
    *bytes = 0;
    return NULL;
}

// Copied before anything is reported, so that all or nothing is.
static bool walk_all(struct walk *walk) {
    size_t count = 0, bytes = 0;
    struct ash_huge *blocks = walk_copy_huge(&count, &bytes);
    if (blocks == NULL && bytes > 0) {
        errno = ENOMEM;
        return false;
    }
    bool all = walk_region(walk) && walk_report_all_huge(walk, blocks, count);
    if (blocks != NULL) {
        ash_os_unmap(blocks, bytes);
    }
    return all;
}

// What callers see ------------------------------------------------------------------------------

ASH_NOINLINE bool ash_heap_visit(const ash_heap_t *heap, bool visit_blocks, ash_visitor_t *visitor,
                                 void *argument) {
    size_t bytes = ash_round_up(sizeof(struct walk), ash_os_page_bytes());
    struct walk *walk = ash_boot() ? ash_os_map(bytes, ash_os_page_bytes()) : NULL;
    if (walk == NULL) {
        errno = ENOMEM;
        return false;
    }
    walk->realm = heap;
    walk->blocks = visit_blocks;
    walk->visitor = visitor;
    walk->argument = argument;
    bool all = walk_all(walk);
    ash_os_unmap(walk, bytes);
    return all;
}

// The class's figures of the heap that owns the span.
static void walk_inform_span(struct ash_block_info *info, const struct ash_record *span) {
    const struct ash_class *c = ash_span_class(span);
    struct ash_heap *owner = ash_tenure_owner(&((struct ash_record *)(uintptr_t)span)->owner);
    const struct ash_shelf *shelf = &owner->shelves[span->class_index];
    info->area_blocks = c->blocks;
    info->area_used = ash_span_used(span);
    info->class_blocks = (size_t)ash_peek_number(&shelf->spans) * c->blocks;
    info->class_used = ash_peek_size(&shelf->out);
    info->is_current = ash_peek_byte(&span->place) == ASH_PLACE_CURRENT;
    info->heap = ash_realm_of(owner);
}

static bool walk_inform(struct ash_block_info *info, const void *block) {
    info->block_bytes = ash_query_bytes(block);
    if (block == NULL || info->block_bytes == 0) {
        return false;
    }
    info->heap = ash_query_realm(block);
    info->area_blocks = info->area_used = info->class_blocks = info->class_used = 1;
    const struct ash_record *record = ash_record_find(ash_tag_strip(block));
    bool is_span = record != NULL && record->kind == ASH_KIND_SPAN;
    info->area = is_span ? (void *)ash_record_start(record) : (void *)(uintptr_t)block;
    if (is_span) {
        walk_inform_span(info, record);
    }
    return true;
}

ASH_NOINLINE bool ash_block_info(const void *block, struct ash_block_info *info) {
    struct ash_block_info now = {.bytes = ash_min(info->bytes, sizeof now)};
    if (info->bytes < sizeof now.bytes || !walk_inform(&now, block)) {
        errno = EINVAL;
        return false;
    }
    memcpy(info, &now, now.bytes);
    return true;
}
