#include "supply/store.h"

#include "base/assert.h"
#include "base/bits.h"
#include "base/options.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "supply/arena.h"
#include "supply/fit.h"
#include "supply/huge.h"
#include "supply/ledger.h"
#include "supply/region.h"
#include "supply/run.h"
#include "supply/search.h"

enum {
    STORE_HUGE_BEHIND = 2,      // units; the last one but so many tells whether this one will fill
    STORE_HUGE_FROM_UNIT = 16,  // in smaller heaps one huge page would be much of all
    STORE_PURGE_BATCH = 8,      // units given back in one go, where there is no hurry
    STORE_LARGE_SLICES = 2 * ASH_UNIT_SLICES,  // of a run in which a whole unit lies
    STORE_ASK_AGAIN_MS = 500,                  // whether the same unit shall have huge pages
};

static struct ash_lock store_purge_lock = ASH_LOCK(ASH_RANK_PURGE);

// When somebody last looked for what is due: low 32 bits of the clock.
static _Atomic uint32_t store_looked_ms;

static _Alignas(ASH_CACHE_LINE) char store_owner_mark;
struct ash_heap *const ash_store_owner = (struct ash_heap *)(void *)&store_owner_mark;

// Under the store's lock: the last unit that was not to have huge pages, and when.
static size_t store_asked_unit;
static uint64_t store_asked_ms;

// Under the same: whether large runs are filled, and a unit of the last one; 0 for none.
static bool store_fills_runs;
static size_t store_run_unit;

size_t ash_store_dirty_bytes(void) {
    return ash_ledger_dirty() << ASH_SLICE_SHIFT;
}

size_t ash_store_used_bytes(void) {
    return ash_ledger_used();
}

// Leaves the store; does the purging that has fallen due.
static void store_leave(void) {
    if (ash_unlikely(ash_ledger_leave())) {
        (void)ash_store_purge(false);
    }
}

// Taking --------------------------------------------------------------------------

static bool store_is_filled(const char *unit_start) {
    size_t pages = ASH_UNIT_BYTES / ash_os_page_bytes();
    return ash_os_resident_pages(unit_start, ASH_UNIT_BYTES) >= pages - pages / 8;
}

// Asks for huge pages in a unit that is wholly free if it will fill. A unit of a large run does
// where the program filled the last one; any other where the unit before last is nearly all in
// memory, and the heap is large, or several slices are taken at a time, which are touched at once.
static void store_advise(size_t unit, uint32_t mask) {
    uint64_t now_ms = ash_ledger.now_ms;
    bool again = unit == store_asked_unit && now_ms < store_asked_ms + STORE_ASK_AGAIN_MS;
    bool run = mask == UINT32_MAX && store_fills_runs;
    bool several = (mask & (mask - 1)) != 0;
    if ((again && !run) || unit < (several ? STORE_HUGE_BEHIND : STORE_HUGE_FROM_UNIT) ||
        !ash_option_value(ASH_OPTION_HUGE_PAGES)) {
        return;
    }
    char *start = ash_region_unit_start(unit);
    if (run || store_is_filled(start - (size_t)STORE_HUGE_BEHIND * ASH_UNIT_BYTES)) {
        ash_os_advise_huge(start, ASH_UNIT_BYTES, true);
        ash_ledger_unit(unit)->huge = 1;
    } else {  // it may fill and empty again and again
        store_asked_unit = unit;
        store_asked_ms = now_ms;
    }
}

// A unit that lies whole in a large run, or 0.
static size_t store_whole_unit(size_t slice, size_t slices) {
    size_t unit = (slice + ASH_UNIT_SLICES - 1) / ASH_UNIT_SLICES;
    return slices >= STORE_LARGE_SLICES && unit < ash_region.arena_first ? unit : 0;
}

// What the last one holds by now says how this large run will be used.
static void store_run_begins(size_t slice, size_t slices) {
    size_t unit = store_whole_unit(slice, slices);
    if (unit == 0) {
        return;
    }
    if (!store_fills_runs && store_run_unit != 0) {
        store_fills_runs = store_is_filled(ash_region_unit_start(store_run_unit));
    }
    store_run_unit = unit;
}

// Takes the slices, because they will be used now. Returns whether all of them are zero.
static bool store_use(size_t unit, uint32_t mask) {
    struct ash_unit *u = ash_ledger_unit(unit);
    struct ash_arena *arena = ash_arena_of(u);
    if (ash_unlikely(arena != NULL)) {
        ash_arena_note(arena, unit, mask);
        return ash_ledger_remove(unit, mask);
    }
    if (u->free == UINT32_MAX && !u->huge) {
        store_advise(unit, mask);
    }
    bool zero = ash_ledger_remove(unit, mask);
    if (u->huge && u->dirty != u->free) {  // the first touch brings in all of a huge page
        ash_ledger_dirty_all(unit);
    }
    return zero;
}

static struct ash_record *store_record(size_t unit, unsigned slice) {
    return ash_region.records + unit * ASH_UNIT_SLICES + slice;
}

// Calls `step` for the part of [slice, slice + slices) in each unit, until one says no.
ASH_INLINE bool store_each_unit(size_t slice, size_t slices, bool (*step)(size_t, uint32_t, bool *),
                                bool *zero) {
    while (slices > 0) {
        unsigned at = (unsigned)(slice % ASH_UNIT_SLICES);
        unsigned count = (unsigned)ash_min(slices, ASH_UNIT_SLICES - at);
        if (!step(slice / ASH_UNIT_SLICES, ash_bits_at(at, count), zero)) {
            return false;
        }
        slice += count;
        slices -= count;
    }
    return true;
}

static bool store_take_mask(size_t unit, uint32_t mask, bool *zero) {
    *zero &= store_use(unit, mask);
    return true;
}

static bool store_add_mask(size_t unit, uint32_t mask, bool *zero) {
    (void)zero;
    ash_ledger_add(unit, mask);
    return true;
}

// Has the callback commit what is not committed yet. No lock is held while it runs.
static bool store_commit_mask(size_t unit, uint32_t mask, bool *zero) {
    ash_ledger_lock();
    uint32_t missing = mask & ~ash_ledger_unit(unit)->committed;
    ash_ledger_unlock();
    return missing == 0 || ash_arena_call(unit, missing, true, zero);
}

// The slices were taken, and all of them are in one arena if any is. If their owner will not
// commit them, they go back.
static bool store_commit(size_t slice, size_t slices, bool *zero) {
    const struct ash_arena *arena = ash_arena_of(ash_ledger_unit(slice / ASH_UNIT_SLICES));
    if (ash_likely(arena == NULL || arena->commit == NULL) ||
        store_each_unit(slice, slices, store_commit_mask, zero)) {
        return true;
    }
    ash_ledger_enter();
    (void)store_each_unit(slice, slices, store_add_mask, zero);
    store_leave();
    return false;
}

static size_t store_take(const struct ash_origin *origin, const struct ash_wish *wish, bool *zero) {
    *zero = true;
    ash_ledger_enter();
    size_t slice = ash_search(origin, wish);
    if (slice != SIZE_MAX) {
        store_run_begins(slice, wish->slices);
        (void)store_each_unit(slice, wish->slices, store_take_mask, zero);
    }
    store_leave();
    return slice;
}

struct ash_record *ash_store_take(const struct ash_origin *origin, size_t slices, size_t align,
                                  bool *zero) {
    ash_assert(slices > 0 && align <= ASH_UNIT_SLICES);
    struct ash_wish wish = {slices, align, SIZE_MAX};
    size_t slice = store_take(origin, &wish, zero);
    if (slice != SIZE_MAX && !store_commit(slice, slices, zero)) {
        // That one arena's owner refuses is no lack of memory: the window is left.
        wish.beyond = ash_region.unit_max;
        bool may_leave = origin == NULL || origin->only == NULL;
        slice = may_leave ? store_take(origin, &wish, zero) : SIZE_MAX;
    }
    return slice == SIZE_MAX ? NULL : store_record(0, 0) + slice;
}

static bool store_has(size_t unit, uint32_t mask, bool *zero) {
    (void)zero;
    return ash_search_is_unit(unit) && (ash_ledger_unit(unit)->free & mask) == mask;
}

static bool store_all_join(size_t from, size_t to) {
    while (from < to && ash_search_joins(from, from + 1)) {
        from++;
    }
    return from == to;
}

// They go on from a run before them: so its unit's arena is the one that all must be in.
bool ash_store_take_at(struct ash_record *first, size_t slices) {
    size_t slice = ash_record_slice(first);
    size_t before = (slice - 1) / ASH_UNIT_SLICES;
    ash_assert(slice > 0);
    bool zero = true;
    ash_ledger_enter();
    bool taken = store_each_unit(slice, slices, store_has, &zero) &&
                 store_all_join(before, (slice + slices - 1) / ASH_UNIT_SLICES);
    if (taken) {
        (void)store_each_unit(slice, slices, store_take_mask, &zero);
    }
    store_leave();
    return taken && store_commit(slice, slices, &zero);
}

// Giving --------------------------------------------------------------------------

// What comes back says how the next large run will be used.
static void store_run_ends(size_t slice, size_t slices) {
    size_t unit = store_whole_unit(slice, slices);
    if (unit != 0 && !ash_ledger_unit(unit)->huge) {
        store_fills_runs = store_is_filled(ash_region_unit_start(unit));
    }
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
    bool zero;
    ash_ledger_enter();
    store_run_ends(ash_record_slice(first), slices);
    (void)store_each_unit(ash_record_slice(first), slices, store_add_mask, &zero);
    store_leave();
}

// Purging --------------------------------------------------------------------------

// What is to be purged of one unit.
struct store_batch {
    size_t unit;
    uint32_t dirty;
    bool huge;
};

// Takes a due unit's dirty slices out of the store, and notes that the unit is made
// of small pages from now on. False if there is none.
static bool store_purge_begin(bool all, struct store_batch *batch) {
    uint32_t unit = ash_ledger_due(all);
    if (unit == UINT32_MAX) {
        return false;
    }
    struct ash_unit *u = ash_ledger_unit(unit);
    *batch = (struct store_batch){unit, u->dirty, u->huge != 0};
    u->huge = 0;
    ash_ledger_set_aside(unit, batch->dirty);
    return true;
}

// The owner of memory that was handed in is asked without any lock.
static bool store_decommit(const struct store_batch *batch) {
    bool zero = true;
    ash_lock_drop(&store_purge_lock);
    bool purged = ash_arena_call(batch->unit, batch->dirty, false, &zero);
    ash_lock_take(&store_purge_lock);
    return purged;
}

static bool store_purge_unit(const struct store_batch *batch) {
    const struct ash_arena *arena = ash_arena_of(ash_ledger_unit(batch->unit));
    if (arena != NULL && arena->commit != NULL) {
        return store_decommit(batch);
    }
    char *base = ash_arena_unit_start(batch->unit);
    if (batch->huge) {  // else the next touch of a slice would bring back all of the unit
        ash_os_advise_huge(base, ASH_UNIT_BYTES, false);
    }
    unsigned start = 0, count = 0;
    bool purged = true;
    for (unsigned from = 0; ash_bits_next(batch->dirty, from, &start, &count);
         from = start + count) {
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
    size_t limit = all ? SIZE_MAX : STORE_PURGE_BATCH;
    for (size_t n = 0; n < limit && !refused; n++) {
        struct store_batch batch;
        ash_ledger_enter();
        bool due = store_purge_begin(all, &batch);
        ash_ledger_unlock();
        if (!due) {
            break;
        }
        bool purged = store_purge_unit(&batch);
        ash_ledger_lock();
        ash_ledger_restore(batch.unit, batch.dirty, purged);
        ash_ledger_unlock();
        gave |= purged;
        refused = !purged && batch.unit < ash_region.arena_first;
    }
    ash_lock_drop(&store_purge_lock);
    return gave;
}

void ash_store_purge_now_and_then(void) {
    uint32_t now_ms = (uint32_t)ash_os_clock_ms();
    // relaxed: two threads may both look.
    if (atomic_load_explicit(&store_looked_ms, memory_order_relaxed) != now_ms) {
        atomic_store_explicit(&store_looked_ms, now_ms, memory_order_relaxed);
        (void)ash_store_purge(false);
    }
}

void ash_store_fork_prepare(void) {
    ash_lock_take(&store_purge_lock);
    ash_ledger_lock();
}

void ash_store_fork_done(void) {
    ash_ledger_unlock();
    ash_lock_drop(&store_purge_lock);
}

// Questions ------------------------------------------------------------------------

struct ash_store_figures ash_store_measure(void) {
    struct ash_store_figures figures;
    ash_ledger_lock();
    figures.active_bytes = ash_ledger.slices << ASH_SLICE_SHIFT;
    figures.free_bytes = ash_ledger.free_slices << ASH_SLICE_SHIFT;
    figures.dirty_bytes = ash_store_dirty_bytes();
    ash_ledger_unlock();
    return figures;
}

struct ash_supply_figures ash_store_measure_all(void) {
    struct ash_supply_figures f = {0};
    ash_ledger_lock();
    size_t purging = ash_ledger.purging_slices << ASH_SLICE_SHIFT;
    f.active_bytes = ash_ledger.slices << ASH_SLICE_SHIFT;
    f.free_bytes = (ash_ledger.free_slices << ASH_SLICE_SHIFT) + purging;
    f.dirty_bytes = ash_store_dirty_bytes() + purging;
    f.unused_bytes = ash_region_unused_bytes();
    f.table_bytes = ash_region_table_bytes();
    f.run_bytes = ash_run_total();
    ash_huge_measure(&f);  // and what comes after it, while the lock is held
    ash_ledger_unlock();
    return f;
}

// The records of what was handed in are written when the slices are first taken.
static void store_audit_record(size_t unit, const struct ash_record *record) {
    ash_assert(record->kind == ASH_KIND_FREE);  // INV-STORE-3
    if (unit < ash_region.arena_first) {
        ash_assert(atomic_load_explicit(&record->owner, memory_order_relaxed) == ash_store_owner);
    }
}

static void store_audit_unit(size_t unit) {
    const struct ash_unit *u = ash_ledger_unit(unit);
    const struct ash_arena *arena = ash_arena_of(u);
    ash_assert((u->dirty & ~u->free) == 0 && (u->stale & ~u->free) == 0);  // INV-STORE-1
    ash_assert(arena != NULL || (u->stale & ~u->dirty) == 0);
    if (ash_arena_has(arena, ASH_TRAIT_EXCLUSIVE)) {
        ash_assert(ash_region.best[unit] == 0);  // INV-STORE-2, here and below
    } else {
        ash_assert(ash_region.best[unit] == ash_bits_longest(u->free));
    }
    ash_assert(u->dirty == 0 || u->queued);  // INV-STORE-4
    for (unsigned i = 0; i < ASH_UNIT_SLICES; i++) {
        if ((u->free >> i & 1) != 0) {
            store_audit_record(unit, store_record(unit, i));
        }
    }
}

// INV-ARENA-1, for one that is open.
static void store_audit_arena(const struct ash_arena *arena) {
    size_t first = ash_arena_first(arena);
    for (size_t unit = first; unit < first + arena->units; unit++) {
        ash_assert(ash_arena_of(ash_ledger_unit(unit)) == arena);
    }
}

struct store_sums {
    size_t free_sum, dirty_sum;
};

static void store_audit_range(size_t from, size_t to, struct store_sums *sums) {
    for (size_t unit = from; unit < to; unit++) {
        store_audit_unit(unit);
        sums->free_sum += ash_popcount32(ash_ledger_unit(unit)->free);
        sums->dirty_sum += ash_popcount32(ash_ledger_unit(unit)->dirty);
    }
}

void ash_store_audit(void) {
    ash_ledger_lock();
    struct store_sums sums = {0};
    size_t end = ash_region.active;
    store_audit_range(0, end, &sums);
    uint32_t arenas = ash_arena_end();
    for (uint32_t i = 0; i < arenas; i++) {
        const struct ash_arena *arena = &ash_arenas[i];
        if (arena->stage != ASH_ARENA_OPEN) {
            continue;
        }
        store_audit_arena(arena);
        if (arena->kind == ASH_ARENA_HANDED_IN) {
            size_t first = ash_arena_first(arena);
            store_audit_range(first, first + arena->units, &sums);
            end = ash_max(end, first + arena->units);
        }
    }
    ash_assert(sums.free_sum == ash_ledger.free_slices);
    ash_assert(sums.dirty_sum == ash_ledger_dirty());
    ash_fit_audit(ash_region.best, end);
    ash_ledger_unlock();
}
