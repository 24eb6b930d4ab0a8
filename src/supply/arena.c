#include "supply/arena.h"

#include "base/assert.h"
#include "base/bits.h"
#include "platform/os.h"
#include "platform/tally.h"
#include "supply/ledger.h"
#include "supply/reserve.h"
#include "supply/store.h"

ASH_FAR struct ash_arena ash_arenas[ASH_ARENA_MAX];
static _Atomic uint32_t arena_end;

uint32_t ash_arena_end(void) {
    // relaxed: whoever handed a block to this thread has seen the arena in which it lies.
    return atomic_load_explicit(&arena_end, memory_order_relaxed);
}

// Addresses -----------------------------------------------------------------------------

// Where the unit starts in which memory handed in does.
static uintptr_t arena_base(uintptr_t start) {
    return ash_round_down(start, ASH_UNIT_BYTES);
}

static uintptr_t arena_start(const struct ash_arena *arena) {
    // relaxed: constant while it is open.
    return atomic_load_explicit(&arena->memory_from, memory_order_relaxed);
}

// The slices of the arena's first unit that lie before it.
static size_t arena_lead(const struct ash_arena *arena) {
    return arena_start(arena) % ASH_UNIT_BYTES >> ASH_SLICE_SHIFT;
}

// The slice of the arena in which p lies, or SIZE_MAX. Each acquire pairs with a release in
// arena_publish: who sees a word that was written after the sequence it began with sees, too,
// that the sequence has changed.
static size_t arena_slice(struct ash_arena *arena, uintptr_t p) {
    uint32_t sequence = atomic_load_explicit(&arena->sequence, memory_order_acquire);
    uintptr_t start = atomic_load_explicit(&arena->memory_from, memory_order_acquire);
    uintptr_t end = atomic_load_explicit(&arena->memory_to, memory_order_acquire);
    size_t first = atomic_load_explicit(&arena->first_unit, memory_order_acquire);
    if (p < start || p >= end || sequence % 2 != 0 ||
        atomic_load_explicit(&arena->sequence, memory_order_relaxed) != sequence) {
        return SIZE_MAX;
    }
    return first * ASH_UNIT_SLICES + ((p - arena_base(start)) >> ASH_SLICE_SHIFT);
}

// Under the store's lock. start == end: no address leads here any more.
static void arena_publish(struct ash_arena *arena, uintptr_t start, uintptr_t end, size_t first) {
    uint32_t sequence = atomic_load_explicit(&arena->sequence, memory_order_relaxed);
    atomic_store_explicit(&arena->sequence, sequence + 1, memory_order_relaxed);
    // release, all of these: pair with the acquires in arena_slice.
    atomic_store_explicit(&arena->memory_from, start, memory_order_release);
    atomic_store_explicit(&arena->memory_to, end, memory_order_release);
    atomic_store_explicit(&arena->first_unit, first, memory_order_release);
    atomic_store_explicit(&arena->sequence, sequence + 2, memory_order_release);
}

struct ash_record *ash_arena_record_of(const void *p) {
    for (uint32_t i = 0; i < ash_arena_end(); i++) {
        size_t slice = arena_slice(&ash_arenas[i], (uintptr_t)p);
        if (slice != SIZE_MAX) {
            return ash_region.records + slice;
        }
    }
    return NULL;
}

struct ash_record *ash_arena_record_find(const void *p) {
    struct ash_record *record = ash_arena_record_of(p);
    if (record != NULL) {
        return record - record->back;
    }
    bool ours = ash_region_contains(p) && !ash_region_is_foreign(p);
    return ours ? ash_record_first(p) : NULL;
}

char *ash_arena_unit_start(size_t unit) {
    if (ash_likely(unit < ash_region.unit_max)) {
        return ash_region_unit_start(unit);
    }
    const struct ash_arena *arena = ash_arena_of(&ash_region.units[unit]);
    size_t offset = (unit - ash_arena_first(arena)) << ASH_UNIT_SHIFT;
    return (char *)(arena_base(arena_start(arena)) + offset);
}

char *ash_arena_record_start(const struct ash_record *record) {
    size_t slice = ash_record_slice(record) % ASH_UNIT_SLICES;
    return ash_arena_unit_start(ash_record_unit(record)) + (slice << ASH_SLICE_SHIFT);
}

bool ash_arena_slices(uint32_t n, struct ash_arena_slices *slices) {
    if (n == 0) {
        // acquire: the records below the limit; pairs with the release in region_raise_limit.
        uintptr_t limit = atomic_load_explicit(&ash_region.limit, memory_order_acquire);
        char *start = ash_region_unit_start(0);
        *slices = (struct ash_arena_slices){0, limit >> ASH_SLICE_SHIFT, start};
        return true;
    }
    if (n > ash_arena_end()) {
        return false;
    }
    const struct ash_arena *arena = &ash_arenas[n - 1];
    *slices = (struct ash_arena_slices){0};
    ash_ledger_lock();
    if (arena->stage == ASH_ARENA_OPEN && arena->kind == ASH_ARENA_HANDED_IN) {
        size_t first = ash_arena_first(arena) * ASH_UNIT_SLICES + arena_lead(arena);
        *slices = (struct ash_arena_slices){first, arena->slices, (char *)arena_start(arena)};
    }
    ash_ledger_unlock();
    return true;
}

// Making and ending -----------------------------------------------------------------------

struct ash_arena *ash_arena_new(enum ash_arena_kind kind, uint32_t traits, int node) {
    for (uint32_t i = 0; i < ASH_ARENA_MAX; i++) {
        struct ash_arena *arena = &ash_arenas[i];
        if (arena->stage == ASH_ARENA_UNUSED) {
            arena->stage = ASH_ARENA_CHANGING;
            arena->kind = kind;
            arena->traits = traits;
            arena->node = node;
            arena->commit = NULL;
            arena->accessed = 0;
            if (i >= ash_arena_end()) {
                atomic_store_explicit(&arena_end, i + 1, memory_order_relaxed);
            }
            return arena;
        }
    }
    return NULL;
}

void ash_arena_drop(struct ash_arena *arena) {
    arena_publish(arena, 0, 0, 0);
    arena->units = 0;
    arena->stage = ASH_ARENA_UNUSED;
}

void ash_arena_place(struct ash_arena *arena, size_t first, size_t units) {
    arena_publish(arena, 0, 0, first);
    arena->units = units;
    arena->slices = units * ASH_UNIT_SLICES;
}

uint32_t ash_arena_mask(const struct ash_arena *arena, size_t n) {
    size_t lead = arena_lead(arena);
    size_t from = n == 0 ? lead : 0;
    size_t end = ash_min(lead + arena->slices - n * ASH_UNIT_SLICES, ASH_UNIT_SLICES);
    return ash_bits_at((unsigned)from, (unsigned)(end - from));
}

void ash_arena_open(struct ash_arena *arena, bool zero) {
    size_t first = ash_arena_first(arena);
    for (size_t n = 0; n < arena->units; n++) {
        struct ash_unit *unit = ash_ledger_unit(first + n);
        unit->arena = (uint8_t)(arena - ash_arenas + 1);
        unit->committed = ash_arena_has(arena, ASH_TRAIT_COMMITTED) ? UINT32_MAX : 0;
        ash_ledger_admit(first + n, ash_arena_mask(arena, n), zero);
    }
    arena->users = 0;
    arena->stage = ASH_ARENA_OPEN;
}

static bool arena_is_free(const struct ash_arena *arena) {
    bool is_free = arena->users == 0;
    for (size_t n = 0; n < arena->units && is_free; n++) {
        is_free = ash_ledger_unit(ash_arena_first(arena) + n)->free == ash_arena_mask(arena, n);
    }
    return is_free;
}

bool ash_arena_close(struct ash_arena *arena) {
    if (arena->stage != ASH_ARENA_OPEN || !arena_is_free(arena)) {
        return false;
    }
    for (size_t n = 0; n < arena->units; n++) {
        size_t unit = ash_arena_first(arena) + n;
        ash_ledger_withdraw(unit);
        ash_ledger_unit(unit)->arena = 0;
    }
    arena->stage = ASH_ARENA_CHANGING;
    return true;
}

struct ash_arena_area ash_arena_measure(const struct ash_arena *arena) {
    size_t bytes = arena->slices << ASH_SLICE_SHIFT;
    if (arena->kind == ASH_ARENA_HANDED_IN) {
        return (struct ash_arena_area){(char *)arena_start(arena), bytes};
    }
    return (struct ash_arena_area){ash_region_unit_start(ash_arena_first(arena)), bytes};
}

// Nothing may be on its way to be purged while it is looked whether all is free.
enum ash_arena_result ash_arena_unload_now(struct ash_arena *arena, struct ash_arena_area *area,
                                           size_t *accessed) {
    ash_store_fork_prepare();
    bool closed = ash_arena_close(arena);
    if (closed) {
        *accessed = arena->accessed << ASH_SLICE_SHIFT;
        *area = (struct ash_arena_area){NULL, 0};
        if (arena->kind == ASH_ARENA_HANDED_IN) {
            *area = ash_arena_measure(arena);
            ash_arena_drop(arena);
            ash_tally_handed_back(area->bytes);
        }
    }
    ash_store_fork_done();
    if (closed && area->bytes == 0) {
        ash_reserve_give(arena);
    }
    return closed ? ASH_ARENA_DONE : ASH_ARENA_BUSY;
}

bool ash_arena_join(struct ash_arena *arena) {
    ash_ledger_lock();
    bool open = arena->stage == ASH_ARENA_OPEN;
    arena->users += open ? 1 : 0;
    ash_ledger_unlock();
    return open;
}

void ash_arena_leave(struct ash_arena *arena) {
    ash_ledger_lock();
    arena->users--;
    ash_ledger_unlock();
}

// Memory handed in ------------------------------------------------------------------------

// Under the lock: whether some of [start, end) is ours already: a unit of the window, or in
// another arena.
static bool arena_is_ours(uintptr_t start, uintptr_t end) {
    const struct ash_region *r = &ash_region;
    uintptr_t mapped_end = r->base + (r->mapped << ASH_UNIT_SHIFT);
    uintptr_t at = start > r->base ? start : r->base;
    for (; at < end && at < mapped_end; at = arena_base(at) + ASH_UNIT_BYTES) {
        if (!r->units[(at - r->base) >> ASH_UNIT_SHIFT].foreign) {
            return true;
        }
    }
    for (uint32_t i = 0; i < ash_arena_end(); i++) {
        const struct ash_arena *other = &ash_arenas[i];
        // relaxed: written under the lock.
        uintptr_t other_end = atomic_load_explicit(&other->memory_to, memory_order_relaxed);
        if (arena_start(other) < end && start < other_end) {
            return true;
        }
    }
    return false;
}

// The lowest indices that no arena has; SIZE_MAX if there are none.
static size_t arena_find_indices(size_t units) {
    size_t at = ash_region.arena_first;
    for (uint32_t i = 0; i < ash_arena_end(); i++) {
        const struct ash_arena *other = &ash_arenas[i];
        size_t first = ash_arena_first(other);
        if (at < first + other->units && first < at + units) {
            at = ash_round_up(first + other->units, ASH_ARENA_STEP);
            i = UINT32_MAX;  // once more from the start
        }
    }
    return at + units <= ash_region.arena_first + ASH_ARENA_UNITS ? at : SIZE_MAX;
}

static enum ash_arena_result arena_hand_in(const struct ash_arena_gift *gift, uintptr_t start,
                                           uintptr_t end, struct ash_arena **arena) {
    if (arena_is_ours(start, end)) {
        return ASH_ARENA_BAD_RANGE;
    }
    size_t units = ((end - 1) >> ASH_UNIT_SHIFT) - (start >> ASH_UNIT_SHIFT) + 1;
    size_t first = units > ASH_ARENA_UNITS ? SIZE_MAX : arena_find_indices(units);
    if (first == SIZE_MAX || !ash_region_cover_arena(first, units)) {
        return ASH_ARENA_NO_MEMORY;
    }
    struct ash_arena *made = ash_arena_new(ASH_ARENA_HANDED_IN, gift->traits, gift->node);
    if (made == NULL) {
        return ASH_ARENA_NO_MEMORY;
    }
    made->units = units;
    made->slices = (end - start) >> ASH_SLICE_SHIFT;
    made->commit = gift->commit;
    made->argument = gift->argument;
    ash_tally_handed_in(end - start);
    arena_publish(made, start, end, first);
    ash_arena_open(made, ash_arena_has(made, ASH_TRAIT_ZERO));
    *arena = made;
    return ASH_ARENA_DONE;
}

enum ash_arena_result ash_arena_hand_in(const struct ash_arena_gift *gift,
                                        struct ash_arena **arena) {
    uintptr_t start = (uintptr_t)gift->start, end = start + gift->bytes;
    if (start == 0 || end < start || start > UINTPTR_MAX - ASH_SLICE_BYTES) {
        return ASH_ARENA_BAD_RANGE;
    }
    start = ash_round_up(start, ASH_SLICE_BYTES);
    end = ash_round_down(end, ASH_SLICE_BYTES);
    if (end <= start) {
        return ASH_ARENA_BAD_RANGE;
    }
    bool committed = (gift->traits & ASH_TRAIT_COMMITTED) != 0 || gift->commit != NULL;
    if (!committed && !ash_os_commit((void *)start, end - start)) {
        return ASH_ARENA_NO_MEMORY;
    }
    ash_ledger_enter();
    enum ash_arena_result result = arena_hand_in(gift, start, end, arena);
    (void)ash_ledger_leave();
    return result;
}

// Use -------------------------------------------------------------------------------------

bool ash_arena_may_purge(const struct ash_record *record) {
    const struct ash_arena *arena = ash_arena_of(&ash_region.units[ash_record_unit(record)]);
    return arena == NULL || (!ash_arena_has(arena, ASH_TRAIT_PINNED) && arena->commit == NULL);
}

void ash_arena_note(struct ash_arena *arena, size_t unit, uint32_t mask) {
    size_t end = (unit - ash_arena_first(arena)) * ASH_UNIT_SLICES + ash_log2(mask) + 1;
    arena->accessed = ash_max(arena->accessed, end - arena_lead(arena));
}

bool ash_arena_call(size_t unit, uint32_t mask, bool commit, bool *zero) {
    struct ash_unit *u = ash_ledger_unit(unit);
    const struct ash_arena *arena = ash_arena_of(u);
    char *base = ash_arena_unit_start(unit);
    uint32_t done = 0;
    bool agreed = true;
    unsigned start = 0, count = 0;
    for (unsigned from = 0; agreed && ash_bits_next(mask, from, &start, &count);
         from = start + count) {
        bool is_zero = false;
        agreed = arena->commit(commit, base + ((size_t)start << ASH_SLICE_SHIFT),
                               (size_t)count << ASH_SLICE_SHIFT, &is_zero, arena->argument);
        done |= agreed ? ash_bits_at(start, count) : 0;
        *zero &= is_zero;
    }
    ash_ledger_lock();
    u->committed = commit ? u->committed | done : u->committed & ~done;
    ash_ledger_unlock();
    return agreed;
}
