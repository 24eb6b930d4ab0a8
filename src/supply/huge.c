// Open addressing with linear probing; a removal moves later entries of the chain
// up, so there are no tombstones. The table doubles at three quarters.

#include "supply/huge.h"

#include <stdint.h>

#include "base/assert.h"
#include "base/bits.h"
#include "platform/lock.h"
#include "platform/os.h"

struct huge {
    char *start;  // NULL: empty
    size_t bytes;
};

enum { HUGE_FIRST_BYTES = 4096 };

static struct ash_lock huge_lock = ASH_LOCK(ASH_RANK_HUGE);

// All under huge_lock.
static struct huge *huge_table;
static size_t huge_slots;  // a power of two, or 0
static size_t huge_count;
static size_t huge_bytes;

static size_t huge_home(const void *start) {
    uint64_t key = (uint64_t)(uintptr_t)start >> 12;
    return (size_t)((key * 0x9e3779b97f4a7c15u) >> 20) & (huge_slots - 1);
}

// The slot that holds `start`, or the empty one where it would go.
static struct huge *huge_slot(const void *start) {
    size_t i = huge_home(start);
    while (huge_table[i].start != NULL && huge_table[i].start != start) {
        i = (i + 1) & (huge_slots - 1);
    }
    return &huge_table[i];
}

static struct huge *huge_find(const void *start) {
    if (huge_slots == 0) {
        return NULL;
    }
    struct huge *slot = huge_slot(start);
    return slot->start == NULL ? NULL : slot;
}

static bool huge_grow(void) {
    struct huge *old = huge_table;
    size_t old_slots = huge_slots;
    size_t page = ash_os_page_bytes();
    size_t bytes =
        old_slots == 0 ? ash_max(HUGE_FIRST_BYTES, page) : 2 * old_slots * sizeof(struct huge);
    struct huge *fresh = ash_os_map(bytes, page);
    if (fresh == NULL) {
        return false;
    }
    huge_table = fresh;
    huge_slots = (size_t)1 << ash_log2(bytes / sizeof(struct huge));
    for (size_t i = 0; i < old_slots; i++) {
        if (old[i].start != NULL) {
            *huge_slot(old[i].start) = old[i];
        }
    }
    if (old != NULL) {
        ash_os_unmap(old, ash_round_up(old_slots * sizeof(struct huge), page));
    }
    return true;
}

static void huge_put(char *start, size_t bytes) {
    struct huge *slot = huge_slot(start);
    ash_assert(slot->start == NULL);
    slot->start = start;
    slot->bytes = bytes;
    huge_bytes += bytes;
}

static bool huge_insert(char *start, size_t bytes) {
    ash_lock_take(&huge_lock);
    bool room = huge_count < huge_slots / 4 * 3 || huge_grow();
    if (room) {
        huge_count++;
        huge_put(start, bytes);
    }
    ash_lock_drop(&huge_lock);
    return room;
}

// Closes the gap: an entry may move to `gap` unless its home lies after it.
static void huge_remove(struct huge *slot) {
    size_t mask = huge_slots - 1;
    size_t gap = (size_t)(slot - huge_table);
    huge_bytes -= slot->bytes;
    for (size_t i = (gap + 1) & mask; huge_table[i].start != NULL; i = (i + 1) & mask) {
        size_t home = huge_home(huge_table[i].start);
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            huge_table[gap] = huge_table[i];
            gap = i;
        }
    }
    huge_table[gap].start = NULL;
}

// Takes the block out of the index, and keeps its room there if it will come back.
// Returns its bytes, 0 if it is not there.
static size_t huge_extract(const void *block, bool comes_back) {
    ash_lock_take(&huge_lock);
    struct huge *slot = huge_find(block);
    size_t bytes = 0;
    if (slot != NULL) {
        bytes = slot->bytes;
        huge_remove(slot);
        huge_count -= comes_back ? 0 : 1;
    }
    ash_lock_drop(&huge_lock);
    return bytes;
}

void *ash_huge_take(size_t bytes, size_t align) {
    size_t page = ash_os_page_bytes();
    bytes = ash_round_up(bytes, page);
    char *start = ash_os_map(bytes, ash_max(align, page));
    if (start != NULL && !huge_insert(start, bytes)) {
        ash_os_unmap(start, bytes);
        return NULL;
    }
    return start;
}

bool ash_huge_give(void *block) {
    size_t bytes = huge_extract(block, false);
    if (bytes == 0) {
        return false;
    }
    ash_os_unmap(block, bytes);
    return true;
}

size_t ash_huge_bytes(const void *block) {
    ash_lock_take(&huge_lock);
    struct huge *slot = huge_find(block);
    size_t bytes = slot == NULL ? 0 : slot->bytes;
    ash_lock_drop(&huge_lock);
    return bytes;
}

// Out of the index first: once the mapping has moved, its old place may be given
// to another thread's block at once.
void *ash_huge_resize(void *block, size_t bytes) {
    bytes = ash_round_up(bytes, ash_os_page_bytes());
    size_t old_bytes = huge_extract(block, true);
    ash_check(old_bytes != 0, "two threads resize or free one huge block");
    char *moved = ash_os_remap(block, old_bytes, bytes, true);
    ash_lock_take(&huge_lock);
    if (moved != NULL) {
        huge_put(moved, bytes);
    } else {
        huge_put(block, old_bytes);
    }
    ash_lock_drop(&huge_lock);
    return moved;
}

size_t ash_huge_total(size_t *count) {
    ash_lock_take(&huge_lock);
    size_t bytes = huge_bytes;
    *count = huge_count;
    ash_lock_drop(&huge_lock);
    return bytes;
}

void ash_huge_fork_prepare(void) {
    ash_lock_take(&huge_lock);
}

void ash_huge_fork_done(void) {
    ash_lock_drop(&huge_lock);
}
