// A slot is opened and closed by the one thread that has it, without the lock; the lock orders the
// queue alone. So no system call is made under it.

#include "supply/guard.h"

#include <string.h>

#include "base/assert.h"
#include "base/bits.h"
#include "base/config.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "supply/guard_report.h"
#include "supply/meta.h"

enum {
    GUARD_REST = 0xa5,     // what the rest of a page is filled with
    GUARD_LEFT_ONE_IN = 4  // blocks are at the beginning of their page
};

struct ash_guard ash_guard;

static struct ash_lock guard_lock = ASH_LOCK(ASH_RANK_GUARD);

// Under guard_lock: a ring of the numbers of free slots, the one that was freed first in front.
static uint32_t *guard_queue;
static size_t guard_first, guard_waiting;

uint64_t ash_guard_draw(uint64_t count) {
    static _Atomic size_t counter;  // as wide as the machine counts at once
    // relaxed: any number will do, if no other thread has it.
    uint64_t x = atomic_fetch_add_explicit(&counter, 1, memory_order_relaxed) + 1;
    x = x * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)ash_guard.start;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (x ^ x >> 31) % count;
}

// Slots -----------------------------------------------------------------------------------

static char *guard_page(const struct ash_guard_slot *slot) {
    size_t index = (size_t)(slot - ash_guard.slots);
    return (char *)(ash_guard.start + (2 * index + 1) * ash_guard.page_bytes);
}

// p lies in an open or closed page of a slot.
static struct ash_guard_slot *guard_slot_at(const void *p) {
    size_t page = ((uintptr_t)p - ash_guard.start) / ash_guard.page_bytes;
    return &ash_guard.slots[page / 2];
}

static void guard_enqueue(const struct ash_guard_slot *slot) {
    ash_lock_take(&guard_lock);
    guard_queue[(guard_first + guard_waiting++) % ash_guard.count] =
        (uint32_t)(slot - ash_guard.slots);
    ash_lock_drop(&guard_lock);
}

static struct ash_guard_slot *guard_dequeue(void) {
    struct ash_guard_slot *slot = NULL;
    ash_lock_take(&guard_lock);
    if (guard_waiting > 0) {
        slot = &ash_guard.slots[guard_queue[guard_first]];
        guard_first = (guard_first + 1) % ash_guard.count;
        guard_waiting--;
    }
    ash_lock_drop(&guard_lock);
    return slot;
}

bool ash_guard_open(size_t count) {
    size_t page = ash_os_page_bytes();
    size_t bytes = (2 * count + 1) * page;
    struct ash_guard_slot *slots = ash_meta_take(count * sizeof *slots);
    guard_queue = ash_meta_take(count * sizeof *guard_queue);
    char *pool = slots == NULL || guard_queue == NULL ? NULL : ash_os_map(bytes, page);
    if (pool == NULL) {
        return false;
    }
    if (!ash_os_close(pool, bytes)) {
        ash_os_unmap(pool, bytes);
        return false;
    }
    ash_guard = (struct ash_guard){(uintptr_t)pool, bytes, page, count, slots};
    for (size_t i = 0; i < count; i++) {
        guard_enqueue(&slots[i]);
    }
    return true;
}

// The rest of a page ------------------------------------------------------------------------

// Filled beside a block that has just been placed.
static void guard_fill(const struct ash_guard_slot *slot) {
    char *page = guard_page(slot);
    char *end = slot->block + slot->bytes;
    memset(page, GUARD_REST, (size_t)(slot->block - page));
    memset(end, GUARD_REST, (size_t)(page + ash_guard.page_bytes - end));
}

// Nearest to the block first: there the write began.
static const char *guard_find_before(const struct ash_guard_slot *slot) {
    const char *page = guard_page(slot);
    for (const char *at = slot->block; at > page; at--) {
        if ((unsigned char)at[-1] != GUARD_REST) {
            return at - 1;
        }
    }
    return NULL;
}

static const char *guard_find_behind(const struct ash_guard_slot *slot) {
    const char *page_end = guard_page(slot) + ash_guard.page_bytes;
    for (const char *at = slot->block + slot->bytes; at < page_end; at++) {
        if ((unsigned char)*at != GUARD_REST) {
            return at;
        }
    }
    return NULL;
}

// A range is all REST if its first byte is, and each one equals the next.
static bool guard_is_rest(const char *from, const char *to) {
    size_t bytes = (size_t)(to - from);
    return bytes == 0 ||
           ((unsigned char)*from == GUARD_REST && memcmp(from, from + 1, bytes - 1) == 0);
}

// Ends the process if the program has written there.
static void guard_test_rest(const struct ash_guard_slot *slot) {
    const char *page = guard_page(slot);
    if (ash_likely(guard_is_rest(page, slot->block) &&
                   guard_is_rest(slot->block + slot->bytes, page + ash_guard.page_bytes))) {
        return;
    }
    const char *at = guard_find_behind(slot);
    if (at == NULL) {
        at = guard_find_before(slot);
    }
    if (at != NULL) {  // it may have been put right meanwhile
        ash_guard_report_written(slot, at);
    }
}

// Blocks ----------------------------------------------------------------------------------

// Where a block of `bytes` is put in its page.
static size_t guard_offset(size_t bytes, size_t align) {
    return ash_guard_draw(GUARD_LEFT_ONE_IN) == 0
               ? 0
               : ash_round_down(ash_guard.page_bytes - bytes, align);
}

void *ash_guard_take(size_t bytes, size_t align) {
    ash_assert(bytes > 0 && bytes <= ash_guard.page_bytes);
    struct ash_guard_slot *slot = guard_dequeue();
    if (slot == NULL) {
        return NULL;
    }
    char *page = guard_page(slot);
    if (!ash_os_commit(page, ash_guard.page_bytes)) {
        guard_enqueue(slot);
        return NULL;
    }
    slot->block = page + guard_offset(bytes, align);
    slot->bytes = (uint32_t)bytes;
    guard_fill(slot);
    ash_stack_capture(&slot->taken);
    // release: who sees the state sees the block; pairs with the acquires of who reports.
    atomic_store_explicit(&slot->state, ASH_GUARD_LIVE, memory_order_release);
    return slot->block;
}

// A page that the system does not let us close stays open: what is written to it is not seen then,
// and the next block may find there what was.
void ash_guard_give(void *block) {
    struct ash_guard_slot *slot = guard_slot_at(block);
    ash_stack_capture(&slot->freed);
    guard_test_rest(slot);
    // release: as above.
    atomic_store_explicit(&slot->state, ASH_GUARD_FREED, memory_order_release);
    if (!ash_os_close(guard_page(slot), ash_guard.page_bytes)) {
        memset(guard_page(slot), 0, ash_guard.page_bytes);
    }
    guard_enqueue(slot);
}

// Looking for a block -------------------------------------------------------------------------

static bool guard_had_block(const struct ash_guard_slot *slot) {
    // acquire: pairs with the releases above.
    return atomic_load_explicit(&slot->state, memory_order_acquire) != ASH_GUARD_UNUSED;
}

// Bytes between p and the slot's block, which p is not in.
static size_t guard_distance(const struct ash_guard_slot *slot, const char *p) {
    return p < slot->block ? (size_t)(slot->block - p)
                           : (size_t)(p - (slot->block + slot->bytes)) + 1;
}

const struct ash_guard_slot *ash_guard_slot_near(const void *p) {
    size_t page = ((uintptr_t)p - ash_guard.start) / ash_guard.page_bytes;
    const struct ash_guard_slot *above =
        page / 2 < ash_guard.count ? &ash_guard.slots[page / 2] : NULL;
    above = above != NULL && guard_had_block(above) ? above : NULL;
    if (page % 2 == 1 || page == 0) {
        return above;
    }
    const struct ash_guard_slot *below = &ash_guard.slots[page / 2 - 1];
    if (!guard_had_block(below)) {
        return above;
    }
    bool is_above = above != NULL && guard_distance(above, p) < guard_distance(below, p);
    return is_above ? above : below;
}

const void *ash_guard_start_of(const void *p) {
    const struct ash_guard_slot *slot = ash_guard_contains(p) ? ash_guard_slot_near(p) : NULL;
    bool inside = slot != NULL && (uintptr_t)p - (uintptr_t)slot->block < slot->bytes;
    return inside ? slot->block : p;
}

// Fork --------------------------------------------------------------------------------------

void ash_guard_fork_prepare(void) {
    ash_lock_take(&guard_lock);
}

void ash_guard_fork_done(void) {
    ash_lock_drop(&guard_lock);
}
