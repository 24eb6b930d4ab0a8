// Open addressing with linear probing; a removal moves later entries of the chain
// up, so there are no tombstones. The table doubles at three quarters.

#include "supply/huge.h"

#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "base/bits.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "platform/tally.h"
#include "supply/fence.h"
#include "supply/guard.h"
#include "supply/meta.h"
#include "supply/store.h"

enum { HUGE_FIRST_BYTES = 4096 };

static struct ash_lock huge_lock = ASH_LOCK(ASH_RANK_HUGE);

// All under huge_lock.
static struct ash_huge *huge_table;
static size_t huge_table_bytes;
static size_t huge_slots;  // a power of two, or 0
static size_t huge_count;
static size_t huge_bytes;
static size_t huge_guarded_bytes;  // of these: of guarded blocks

static size_t huge_home(const void *start) {
    uint64_t key = (uint64_t)(uintptr_t)start >> 12;
    return (size_t)((key * 0x9e3779b97f4a7c15u) >> 20) & (huge_slots - 1);
}

// The slot that holds `start`, or the empty one where it would go.
static struct ash_huge *huge_slot(const void *start) {
    size_t i = huge_home(start);
    while (huge_table[i].start != NULL && huge_table[i].start != start) {
        i = (i + 1) & (huge_slots - 1);
    }
    return &huge_table[i];
}

static struct ash_huge *huge_find(const void *start) {
    if (huge_slots == 0) {
        return NULL;
    }
    struct ash_huge *slot = huge_slot(start);
    return slot->start == NULL ? NULL : slot;
}

static bool huge_grow(void) {
    struct ash_huge *old = huge_table;
    size_t old_slots = huge_slots;
    size_t page = ash_os_page_bytes();
    size_t old_bytes = huge_table_bytes;
    size_t bytes = old == NULL ? ash_max(HUGE_FIRST_BYTES, page) : 2 * old_bytes;
    struct ash_huge *fresh = ash_os_map(bytes, page);
    if (fresh == NULL) {
        return false;
    }
    huge_table = fresh;
    huge_table_bytes = bytes;
    huge_slots = (size_t)1 << ash_log2(bytes / sizeof(struct ash_huge));
    for (size_t i = 0; i < old_slots; i++) {
        if (old[i].start != NULL) {
            *huge_slot(old[i].start) = old[i];
        }
    }
    if (old != NULL) {
        ash_os_unmap(old, old_bytes);
    }
    return true;
}

static void huge_put(struct ash_huge block) {
    struct ash_huge *slot = huge_slot(block.start);
    ash_assert(slot->start == NULL);
    *slot = block;
    huge_bytes += block.bytes;
    huge_guarded_bytes += ash_guard_contains(block.start) ? block.bytes : 0;
    ash_tally_active(ASH_TALLY_HUGE, huge_bytes);
}

static bool huge_insert(struct ash_huge block) {
    ash_lock_take(&huge_lock);
    bool room = huge_count < huge_slots / 4 * 3 || huge_grow();
    if (room) {
        huge_count++;
        huge_put(block);
    }
    ash_lock_drop(&huge_lock);
    return room;
}

// Closes the gap: an entry may move to `gap` unless its home lies after it.
static void huge_remove(struct ash_huge *slot) {
    size_t mask = huge_slots - 1;
    size_t gap = (size_t)(slot - huge_table);
    huge_bytes -= slot->bytes;
    huge_guarded_bytes -= ash_guard_contains(slot->start) ? slot->bytes : 0;
    ash_tally_active(ASH_TALLY_HUGE, huge_bytes);
    for (size_t i = (gap + 1) & mask; huge_table[i].start != NULL; i = (i + 1) & mask) {
        size_t home = huge_home(huge_table[i].start);
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            huge_table[gap] = huge_table[i];
            gap = i;
        }
    }
    huge_table[gap].start = NULL;
}

// Takes the block out of the index, and keeps its room there if it will come back. What it
// was, with bytes 0 if it is not there.
static struct ash_huge huge_extract(const void *block, bool comes_back) {
    struct ash_huge was = {0};
    ash_lock_take(&huge_lock);
    struct ash_huge *slot = huge_find(block);
    if (slot != NULL) {
        was = *slot;
        huge_remove(slot);
        huge_count -= comes_back ? 0 : 1;
    }
    ash_lock_drop(&huge_lock);
    return was;
}

// The bytes of the mapping before the block.
static size_t huge_lead(const char *start) {
    return (uintptr_t)start & (ash_os_page_bytes() - 1);
}

// And the room behind it, whether it is a fence or not.
static void huge_unmap(char *start, size_t bytes) {
    size_t lead = huge_lead(start);
    ash_os_unmap(start - lead, lead + bytes + ash_fence.room);
}

static uint8_t huge_shut_fence(char *end) {
    return (uint8_t)(ash_fence.room == 0 ? ASH_FENCE_NONE : ash_fence_shut(end));
}

static bool huge_open_fence(const struct ash_huge *block) {
    return ash_fence_open(block->start + block->bytes, (enum ash_fence_kind)block->fence);
}

size_t ash_huge_round(const void *block, size_t bytes) {
    size_t lead = huge_lead(block);
    return ash_round_up(lead + bytes, ash_os_page_bytes()) - lead;
}

static bool huge_ends_at_fence(size_t align) {
    return ash_fence.room != 0 && align <= ash_os_page_bytes();
}

size_t ash_huge_charge(size_t bytes, size_t align) {
    return ash_round_up(bytes, huge_ends_at_fence(align) ? align : ash_os_page_bytes());
}

void *ash_huge_take(struct ash_realm *realm, size_t bytes, size_t align) {
    return huge_ends_at_fence(align)
               ? ash_huge_take_at(realm, bytes, ash_os_page_bytes(), ash_huge_charge(bytes, align))
               : ash_huge_take_at(realm, bytes, align, 0);
}

// Whole pages before the block's first one are mapped, because alignment asks for them,
// and unmapped at once.
void *ash_huge_take_at(struct ash_realm *realm, size_t bytes, size_t align, size_t offset) {
    size_t page = ash_os_page_bytes();
    size_t distance = (align - offset % align) % align;
    size_t total;
    if (ash_add_overflows(bytes + page - 1 + ash_fence.room, distance, &total)) {
        return NULL;
    }
    total = ash_round_down(total, page);
    char *mapping = ash_os_map(total, ash_max(align, page));
    if (mapping == NULL) {
        return NULL;
    }
    char *start = mapping + distance;
    size_t skipped = ash_round_down(distance, page);
    if (skipped > 0) {
        ash_os_unmap(mapping, skipped);
    }
    bytes = total - ash_fence.room - distance;
    struct ash_huge block = {start, bytes, realm, huge_shut_fence(start + bytes)};
    if (!huge_insert(block)) {
        ash_fence_forget((enum ash_fence_kind)block.fence);
        huge_unmap(start, bytes);
        return NULL;
    }
    return start;
}

void *ash_huge_take_guarded(struct ash_realm *realm, size_t bytes, size_t align) {
    char *block = ash_guard_take(bytes, align);
    if (block != NULL && !huge_insert((struct ash_huge){block, bytes, realm, ASH_FENCE_NONE})) {
        ash_guard_give(block);
        return NULL;
    }
    return block;
}

struct ash_huge ash_huge_give(void *block) {
    struct ash_huge was = huge_extract(block, false);
    if (was.bytes != 0 && ash_guard_contains(block)) {
        ash_guard_give(block);
    } else if (was.bytes != 0) {
        ash_fence_forget((enum ash_fence_kind)was.fence);
        huge_unmap(block, was.bytes);
    }
    return was;
}

struct ash_huge ash_huge_find(const void *block) {
    ash_lock_take(&huge_lock);
    struct ash_huge *slot = huge_find(block);
    struct ash_huge found = slot == NULL ? (struct ash_huge){0} : *slot;
    ash_lock_drop(&huge_lock);
    return found;
}

// NULL: it cannot be, and is as it was. Behind the new end is room for a fence, which is to read as
// zero if the block ever grows over it.
static char *huge_remap(struct ash_huge *block, size_t bytes, bool may_move) {
    size_t lead = huge_lead(block->start), room = ash_fence.room;
    if (!huge_open_fence(block)) {
        return NULL;
    }
    char *moved = ash_os_remap(block->start - lead, lead + block->bytes + room, lead + bytes + room,
                               may_move);
    if (moved != NULL && bytes < block->bytes) {
        memset(moved + lead + bytes, 0, room);
    }
    char *end = moved == NULL ? block->start + block->bytes : moved + lead + bytes;
    block->fence = huge_shut_fence(end);
    return moved == NULL ? NULL : moved + lead;
}

// Out of the index first: once the mapping has moved, its old place may be given
// to another thread's block at once.
static void *huge_resize(char *start, size_t bytes, bool may_move, struct ash_realm *heir) {
    if (ash_guard_contains(start)) {
        return NULL;
    }
    bytes = ash_huge_round(start, bytes);
    struct ash_huge now = huge_extract(start, true);
    ash_check(now.bytes != 0, ASH_E_HUGE_RACE);
    char *moved = huge_remap(&now, bytes, may_move);
    if (moved != NULL) {
        now = (struct ash_huge){moved, bytes, heir != NULL ? heir : now.realm, now.fence};
    }
    ash_lock_take(&huge_lock);
    huge_put(now);
    ash_lock_drop(&huge_lock);
    return moved;
}

void *ash_huge_resize(void *block, size_t bytes, struct ash_realm *heir) {
    return huge_resize(block, bytes, true, heir);
}

bool ash_huge_expand(void *block, size_t bytes) {
    return huge_resize(block, bytes, false, NULL) != NULL;
}

void ash_huge_bequeath(const struct ash_realm *realm, struct ash_realm *heir) {
    ash_lock_take(&huge_lock);
    for (size_t i = 0; i < huge_slots; i++) {
        if (huge_table[i].start != NULL && huge_table[i].realm == realm) {
            huge_table[i].realm = heir;
        }
    }
    ash_lock_drop(&huge_lock);
}

// A block of the realm, from slot `*from` on.
static void *huge_next(const struct ash_realm *realm, size_t *from) {
    void *found = NULL;
    ash_lock_take(&huge_lock);
    while (*from < huge_slots && found == NULL) {
        struct ash_huge *slot = &huge_table[*from];
        if (slot->start != NULL && slot->realm == realm) {
            found = slot->start;
        } else {
            ++*from;
        }
    }
    ash_lock_drop(&huge_lock);
    return found;
}

// A removal moves later entries up, never beyond the one that was removed: but for those
// that had wrapped around the table's end, so it is gone through until nothing is found.
void ash_huge_give_all(const struct ash_realm *realm) {
    for (bool found = true; found;) {
        found = false;
        size_t from = 0;
        for (void *block; (block = huge_next(realm, &from)) != NULL; found = true) {
            (void)ash_huge_give(block);
        }
    }
}

size_t ash_huge_total_of(ash_huge_wanted *wanted, const void *scope, size_t *count) {
    size_t bytes = 0;
    *count = 0;
    ash_lock_take(&huge_lock);
    for (size_t i = 0; i < huge_slots; i++) {
        if (huge_table[i].start != NULL && wanted(scope, huge_table[i].realm)) {
            bytes += huge_table[i].bytes;
            ++*count;
        }
    }
    ash_lock_drop(&huge_lock);
    return bytes;
}

size_t ash_huge_total(size_t *count) {
    ash_lock_take(&huge_lock);
    size_t bytes = huge_bytes;
    *count = huge_count;
    ash_lock_drop(&huge_lock);
    return bytes;
}

// Not before the index is whole: the access may have come from within.
struct ash_huge ash_huge_find_fence(const void *address) {
    struct ash_huge found = {0};
    if (!ash_lock_try(&huge_lock)) {
        return found;
    }
    for (size_t i = 0; i < huge_slots; i++) {
        const struct ash_huge *at = &huge_table[i];
        uintptr_t behind = (uintptr_t)address - ((uintptr_t)at->start + at->bytes);
        if (at->start != NULL && at->fence != ASH_FENCE_NONE && behind < ash_fence.room) {
            found = *at;
        }
    }
    ash_lock_drop(&huge_lock);
    return found;
}

size_t ash_huge_list(struct ash_huge *blocks, size_t room) {
    ash_lock_take(&huge_lock);
    size_t count = 0;
    for (size_t i = 0; i < huge_slots; i++) {
        if (huge_table[i].start != NULL && count++ < room) {
            blocks[count - 1] = huge_table[i];
        }
    }
    ash_lock_drop(&huge_lock);
    return count;
}

void ash_huge_measure(struct ash_supply_figures *figures) {
    ash_lock_take(&huge_lock);
    figures->huge_bytes = huge_bytes;
    figures->huge_count = huge_count;
    figures->huge_table_bytes = huge_table_bytes;
    figures->unused_bytes += ash_guard.bytes - huge_guarded_bytes;
    ash_meta_measure(figures);
    ash_lock_drop(&huge_lock);
}

void ash_huge_fork_prepare(void) {
    ash_lock_take(&huge_lock);
}

void ash_huge_fork_done(void) {
    ash_lock_drop(&huge_lock);
}
