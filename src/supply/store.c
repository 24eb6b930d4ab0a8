#include "supply/store.h"

#include "base/assert.h"
#include "base/bits.h"
#include "base/options.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "supply/fit.h"
#include "supply/purge.h"
#include "supply/region.h"

enum {
    STORE_HUGE_FROM_UNIT = 2,  // small heaps keep small pages
    STORE_PURGE_BATCH = 8,     // units given back in one go, where there is no hurry
    STORE_ASK_AGAIN_MS = 500,  // whether the same unit shall have huge pages
};

static struct ash_lock store_lock = ASH_LOCK(ASH_RANK_STORE);
static struct ash_lock store_purge_lock = ASH_LOCK(ASH_RANK_PURGE);

static _Alignas(ASH_CACHE_LINE) char store_owner_mark;
struct ash_heap *const ash_store_owner = (struct ash_heap *)(void *)&store_owner_mark;

// Under the store's lock.
static size_t store_units;  // active and ours
static size_t store_free_slices;
static _Atomic size_t store_dirty_slices;  // read without it as a hint
static _Atomic size_t store_used_bytes;    // the same
static uint64_t store_now_ms;
static size_t store_asked_unit;  // the last that was not to have huge pages, and when
static uint64_t store_asked_ms;

static size_t store_dirty(void) {
    return atomic_load_explicit(&store_dirty_slices, memory_order_relaxed);
}

// Under the lock, so that adding need not be one operation.
static void store_add_dirty(ptrdiff_t slices) {
    atomic_store_explicit(&store_dirty_slices, store_dirty() + (size_t)slices,
                          memory_order_relaxed);
}

size_t ash_store_dirty_bytes(void) {
    return store_dirty() << ASH_SLICE_SHIFT;
}

// The clock is read once for each time the store is entered.
static void store_enter(void) {
    uint64_t now_ms = ash_os_clock_ms();
    ash_lock_take(&store_lock);
    store_now_ms = now_ms > store_now_ms ? now_ms : store_now_ms;  // another may be ahead
}

size_t ash_store_used_bytes(void) {
    return atomic_load_explicit(&store_used_bytes, memory_order_relaxed);
}

static uint32_t store_due(bool all) {
    return ash_purge_due(store_now_ms, ash_store_used_bytes(), ash_store_dirty_bytes(), all);
}

// Leaves the store; does the purging that has fallen due.
static void store_leave(void) {
    size_t used = (store_units * ASH_UNIT_SLICES - store_free_slices) << ASH_SLICE_SHIFT;
    // relaxed: a hint.
    atomic_store_explicit(&store_used_bytes, used, memory_order_relaxed);
    bool due = store_due(false) != UINT32_MAX;
    ash_lock_drop(&store_lock);
    if (ash_unlikely(due)) {
        (void)ash_store_purge(false);
    }
}

static struct ash_unit *store_unit(size_t unit) {
    return &ash_region.units[unit];
}

static void store_reindex(size_t unit) {
    ash_fit_set(ash_region.best, unit, ash_bits_longest(store_unit(unit)->free));
}

// Taking --------------------------------------------------------------------------

// The first touch of a huge page brings in all of it, so all of it counts as dirty.
static void store_dirty_whole(struct ash_unit *u, size_t unit) {
    store_add_dirty(ash_popcount32(u->free & ~u->dirty));
    u->dirty = u->free;
    ash_purge_queue((uint32_t)unit, store_now_ms);
}

// Removes the slices from the unit. Returns whether all of them are zero.
static bool store_remove(size_t unit, uint32_t mask) {
    struct ash_unit *u = store_unit(unit);
    ash_assert((u->free & mask) == mask);
    bool zero = (u->stale & mask) == 0;
    store_free_slices -= (size_t)ash_popcount32(mask);
    store_add_dirty(-ash_popcount32(u->dirty & mask));
    u->free &= ~mask;
    u->dirty &= ~mask;
    u->stale &= ~mask;
    if (u->dirty == 0) {
        ash_purge_unqueue((uint32_t)unit);
    }
    store_reindex(unit);
    return zero;
}

// Asks for huge pages in a unit that is wholly free once the heap is large and the unit before
// last is nearly all in memory: then this one will fill as well.
static void store_advise(size_t unit) {
    bool again = unit == store_asked_unit && store_now_ms < store_asked_ms + STORE_ASK_AGAIN_MS;
    if (again || unit < STORE_HUGE_FROM_UNIT || !ash_option_value(ASH_OPTION_HUGE_PAGES)) {
        return;
    }
    char *start = (char *)(ash_region.base + (unit << ASH_UNIT_SHIFT));
    const char *before = start - (size_t)STORE_HUGE_FROM_UNIT * ASH_UNIT_BYTES;
    size_t pages = ASH_UNIT_BYTES / ash_os_page_bytes();
    if (ash_os_resident_pages(before, ASH_UNIT_BYTES) >= pages - pages / 8) {
        ash_os_advise_huge(start, ASH_UNIT_BYTES, true);
        store_unit(unit)->huge = 1;
    } else {  // it may fill and empty again and again
        store_asked_unit = unit;
        store_asked_ms = store_now_ms;
    }
}

// The same, because they will be used now.
static bool store_use(size_t unit, uint32_t mask) {
    struct ash_unit *u = store_unit(unit);
    if (u->free == UINT32_MAX && !u->huge) {
        store_advise(unit);
    }
    bool zero = store_remove(unit, mask);
    if (u->huge && u->dirty != u->free) {
        store_dirty_whole(u, unit);
    }
    return zero;
}

static size_t store_grow(void) {
    size_t unit = ash_region_activate(ash_store_owner);
    if (unit != SIZE_MAX) {
        store_units++;
        store_free_slices += ASH_UNIT_SLICES;
        store_reindex(unit);
    }
    return unit;
}

// The bits at which an aligned run may start.
static uint32_t store_aligned_bits(size_t align) {
    uint32_t bits = 1;
    for (size_t at = align; at < ASH_UNIT_SLICES; at += align) {
        bits |= (uint32_t)1 << at;
    }
    return bits;
}

static struct ash_record *store_record(size_t unit, unsigned slice) {
    return ash_region.records + unit * ASH_UNIT_SLICES + slice;
}

// A run within one unit.
static struct ash_record *store_take_short(unsigned slices, size_t align, bool *zero) {
    uint32_t starts = store_aligned_bits(align);
    for (size_t unit = 0;; unit++) {
        unit = unit < ash_region.active ? ash_fit_find(ash_region.best, unit, slices) : SIZE_MAX;
        if (unit == SIZE_MAX) {
            unit = store_grow();
            if (unit == SIZE_MAX) {
                return NULL;
            }
        }
        uint32_t fits = ash_bits_runs(store_unit(unit)->free, slices) & starts;
        if (fits != 0) {
            unsigned slice = (unsigned)ash_ctz32(fits);
            *zero = store_use(unit, ash_bits_at(slice, slices));
            return store_record(unit, slice);
        }
    }
}

static bool store_unit_is_free(size_t unit) {
    return store_unit(unit)->free == UINT32_MAX;
}

// The first wholly free unit at or above `unit`, or where the region ends.
static size_t store_next_free_unit(size_t unit) {
    size_t found =
        unit < ash_region.active ? ash_fit_find(ash_region.best, unit, ASH_UNIT_SLICES) : SIZE_MAX;
    return found == SIZE_MAX ? ash_region.active : found;
}

// Finds `units` neighbours that are wholly free, growing the region at its end if
// there are none. SIZE_MAX without memory.
static size_t store_find_units(size_t units) {
    size_t start = store_next_free_unit(0);
    for (size_t count = 0; count < units;) {
        size_t unit = start + count;
        if (unit >= ash_region.active) {
            size_t grown = store_grow();
            if (grown == SIZE_MAX) {
                return SIZE_MAX;
            }
            if (grown != unit) {  // somebody's mapping lies between
                start = grown;
                count = 0;
            }
            count++;
        } else if (store_unit_is_free(unit)) {
            count++;
        } else {
            start = store_next_free_unit(unit);
            count = 0;
        }
    }
    return start;
}

static struct ash_record *store_take_long(size_t slices, bool *zero) {
    size_t units = (slices + ASH_UNIT_SLICES - 1) / ASH_UNIT_SLICES;
    size_t first = store_find_units(units);
    if (first == SIZE_MAX) {
        return NULL;
    }
    *zero = true;
    for (size_t unit = first; slices > 0; unit++) {
        unsigned count = (unsigned)ash_min(slices, ASH_UNIT_SLICES);
        *zero &= store_use(unit, ash_bits_low(count));
        slices -= count;
    }
    return store_record(first, 0);
}

struct ash_record *ash_store_take(size_t slices, size_t align, bool *zero) {
    ash_assert(slices > 0 && align <= ASH_UNIT_SLICES);
    store_enter();
    struct ash_record *first = slices <= ASH_UNIT_SLICES
                                   ? store_take_short((unsigned)slices, align, zero)
                                   : store_take_long(slices, zero);
    store_leave();
    return first;
}

// Calls `step` for the part of [slice, slice + slices) in each unit.
static bool store_each_unit(size_t slice, size_t slices, bool (*step)(size_t, uint32_t)) {
    while (slices > 0) {
        unsigned at = (unsigned)(slice % ASH_UNIT_SLICES);
        unsigned count = (unsigned)ash_min(slices, ASH_UNIT_SLICES - at);
        if (!step(slice / ASH_UNIT_SLICES, ash_bits_at(at, count))) {
            return false;
        }
        slice += count;
        slices -= count;
    }
    return true;
}

static bool store_has(size_t unit, uint32_t mask) {
    return unit < ash_region.active && (store_unit(unit)->free & mask) == mask;
}

static bool store_take_mask(size_t unit, uint32_t mask) {
    (void)store_use(unit, mask);
    return true;
}

bool ash_store_take_at(struct ash_record *first, size_t slices) {
    size_t slice = ash_record_slice(first);
    store_enter();
    bool taken = store_each_unit(slice, slices, store_has) &&
                 store_each_unit(slice, slices, store_take_mask);
    store_leave();
    return taken;
}

// Giving --------------------------------------------------------------------------

static bool store_add(size_t unit, uint32_t mask) {
    struct ash_unit *u = store_unit(unit);
    ash_assert((u->free & mask) == 0);
    u->free |= mask;
    u->dirty |= mask;
    u->stale |= mask;
    store_free_slices += (size_t)ash_popcount32(mask);
    store_add_dirty(ash_popcount32(mask));
    store_reindex(unit);
    ash_purge_queue((uint32_t)unit, store_now_ms);
    return true;
}

void ash_store_give(struct ash_record *first, size_t slices) {
    // A span's records all say whose they are; of a run only the first one does.
    size_t marked = first->kind == ASH_KIND_SPAN ? slices : 1;
    for (size_t i = 0; i < marked; i++) {
        first[i].kind = ASH_KIND_FREE;
        first[i].back = 0;
        // relaxed: whoever takes the slice next does so under the lock below.
        atomic_store_explicit(&first[i].owner, ash_store_owner, memory_order_relaxed);
    }
    store_enter();
    (void)store_each_unit(ash_record_slice(first), slices, store_add);
    store_leave();
}

// Purging --------------------------------------------------------------------------

// Takes a due unit's dirty slices out of the store, and notes that the unit is made
// of small pages from now on. Returns the unit, or SIZE_MAX.
static size_t store_purge_begin(bool all, uint32_t *dirty, bool *huge) {
    uint32_t unit = store_due(all);
    if (unit == UINT32_MAX) {
        return SIZE_MAX;
    }
    struct ash_unit *u = store_unit(unit);
    *dirty = u->dirty;
    *huge = u->huge != 0;
    u->huge = 0;
    (void)store_remove(unit, *dirty);
    return unit;
}

static void store_purge_end(size_t unit, uint32_t dirty, bool purged) {
    struct ash_unit *u = store_unit(unit);
    u->free |= dirty;
    store_free_slices += (size_t)ash_popcount32(dirty);
    if (!purged) {  // the system refused: as dirty as before, tried again later
        u->dirty |= dirty;
        u->stale |= dirty;
        store_add_dirty(ash_popcount32(dirty));
        ash_purge_queue((uint32_t)unit, store_now_ms);
    }
    store_reindex(unit);
}

static bool store_purge_unit(size_t unit, uint32_t dirty, bool huge) {
    char *base = (char *)(ash_region.base + (unit << ASH_UNIT_SHIFT));
    if (huge) {  // else the next touch of a slice would bring back all of the unit
        ash_os_advise_huge(base, ASH_UNIT_BYTES, false);
    }
    unsigned start = 0, count = 0;
    bool purged = true;
    for (unsigned from = 0; ash_bits_next(dirty, from, &start, &count); from = start + count) {
        purged &= ash_os_purge(base + ((size_t)start << ASH_SLICE_SHIFT),
                               (size_t)count << ASH_SLICE_SHIFT);
    }
    return purged;
}

bool ash_store_purge(bool all) {
    if (all) {
        ash_lock_take(&store_purge_lock);
    } else if (!ash_lock_try(&store_purge_lock)) {
        return false;  // somebody is at it
    }
    bool gave = false, refused = false;
    size_t batch = all ? ash_region.unit_max : STORE_PURGE_BATCH;
    for (size_t n = 0; n < batch && !refused; n++) {
        uint32_t dirty = 0;
        bool huge = false;
        store_enter();
        size_t unit = store_purge_begin(all, &dirty, &huge);
        ash_lock_drop(&store_lock);
        if (unit == SIZE_MAX) {
            break;
        }
        bool purged = store_purge_unit(unit, dirty, huge);
        ash_lock_take(&store_lock);
        store_purge_end(unit, dirty, purged);
        ash_lock_drop(&store_lock);
        gave |= purged;
        refused = !purged;
    }
    ash_lock_drop(&store_purge_lock);
    return gave;
}

void ash_store_fork_prepare(void) {
    ash_lock_take(&store_purge_lock);
    ash_lock_take(&store_lock);
}

void ash_store_fork_done(void) {
    ash_lock_drop(&store_lock);
    ash_lock_drop(&store_purge_lock);
}

// Questions ------------------------------------------------------------------------

struct ash_store_figures ash_store_measure(void) {
    struct ash_store_figures figures;
    ash_lock_take(&store_lock);
    figures.active_bytes = store_units << ASH_UNIT_SHIFT;
    figures.free_bytes = store_free_slices << ASH_SLICE_SHIFT;
    figures.dirty_bytes = ash_store_dirty_bytes();
    ash_lock_drop(&store_lock);
    return figures;
}

static void store_audit_unit(size_t unit) {
    const struct ash_unit *u = store_unit(unit);
    ash_assert((u->dirty & ~u->free) == 0 && (u->stale & ~u->dirty) == 0);  // INV-STORE-1
    ash_assert(ash_region.best[unit] == ash_bits_longest(u->free));         // INV-STORE-2
    ash_assert(u->dirty == 0 || u->queued);                                 // INV-STORE-4
    for (unsigned i = 0; i < ASH_UNIT_SLICES; i++) {
        if ((u->free >> i & 1) != 0) {
            const struct ash_record *record = store_record(unit, i);
            ash_assert(record->kind == ASH_KIND_FREE);  // INV-STORE-3
            ash_assert(atomic_load_explicit(&record->owner, memory_order_relaxed) ==
                       ash_store_owner);
        }
    }
}

void ash_store_audit(void) {
    ash_lock_take(&store_lock);
    size_t free_slices = 0, dirty_slices = 0;
    for (size_t unit = 0; unit < ash_region.active; unit++) {
        store_audit_unit(unit);
        free_slices += (size_t)ash_popcount32(store_unit(unit)->free);
        dirty_slices += (size_t)ash_popcount32(store_unit(unit)->dirty);
    }
    ash_assert(free_slices == store_free_slices);
    ash_assert(dirty_slices == store_dirty());
    ash_fit_audit(ash_region.best, ash_region.active);
    ash_lock_drop(&store_lock);
}
