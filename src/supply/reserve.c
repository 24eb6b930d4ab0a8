#include "supply/reserve.h"

#include "base/bits.h"
#include "platform/os.h"
#include "supply/ledger.h"
#include "supply/store.h"

enum { RESERVE_PAGE_UNITS = 1 << (30 - ASH_UNIT_SHIFT) };

// Under the store's lock: units that were set aside for pages of 1 GiB and hold none.
static size_t reserve_spare_first, reserve_spare_units;

// Under the lock, these three. In one piece: what cannot be a part of it is for everybody.
static size_t reserve_extend(size_t units) {
    bool taken = false;
    size_t first = ash_region_extend(units, ash_store_owner, &taken);
    while (first == SIZE_MAX && taken && ash_ledger_grow() != SIZE_MAX) {
        first = ash_region_extend(units, ash_store_owner, &taken);
    }
    return first;
}

static size_t reserve_set_aside(size_t units) {
    if (reserve_spare_units >= units) {
        size_t first = reserve_spare_first;
        reserve_spare_first += units;
        reserve_spare_units -= units;
        return first;
    }
    while (ash_region.active < ash_region.mapped) {
        (void)ash_ledger_grow();
    }
    return ash_region_skip(units, RESERVE_PAGE_UNITS, ash_store_owner);
}

// The longest such piece is kept; or two that touch.
static void reserve_keep_spare(size_t first, size_t units) {
    if (first + units == reserve_spare_first) {
        reserve_spare_first = first;
        reserve_spare_units += units;
    } else if (units > reserve_spare_units) {
        reserve_spare_first = first;
        reserve_spare_units = units;
    }
}

// A new arena with a place of `units` units, or NULL.
static struct ash_arena *reserve_begin(enum ash_arena_kind kind, size_t units, uint32_t traits,
                                       int node) {
    ash_ledger_enter();
    struct ash_arena *arena = ash_arena_new(kind, traits, node);
    if (arena != NULL) {
        size_t first =
            kind == ASH_ARENA_RESERVED ? reserve_extend(units) : reserve_set_aside(units);
        if (first == SIZE_MAX) {
            ash_arena_drop(arena);
            arena = NULL;
        } else {
            ash_arena_place(arena, first, units);
        }
    }
    (void)ash_ledger_leave();
    return arena;
}

enum ash_arena_result ash_reserve_take(size_t bytes, uint32_t traits, struct ash_arena **arena) {
    size_t units = bytes / ASH_UNIT_BYTES + (bytes % ASH_UNIT_BYTES != 0 || bytes == 0 ? 1 : 0);
    if (units > ash_region.unit_max) {
        return ASH_ARENA_NO_MEMORY;
    }
    struct ash_arena *made = reserve_begin(ASH_ARENA_RESERVED, units, traits, -1);
    if (made == NULL) {
        return ASH_ARENA_NO_MEMORY;
    }
    struct ash_arena_area area = ash_arena_measure(made);
    if (ash_arena_has(made, ASH_TRAIT_HUGE_PAGES)) {
        ash_os_advise_huge(area.start, area.bytes, true);
    }
    if (ash_arena_has(made, ASH_TRAIT_COMMITTED) && !ash_os_populate(area.start, area.bytes)) {
        ash_reserve_give(made);
        return ASH_ARENA_NO_MEMORY;
    }
    ash_ledger_enter();
    ash_arena_open(made, true);
    (void)ash_ledger_leave();
    *arena = made;
    return ASH_ARENA_DONE;
}

// Fills up to `*pages` pages from `start` on, and says how many it could.
static enum ash_arena_result reserve_fill(char *start, size_t *pages, int node, size_t timeout_ms) {
    size_t wanted = *pages;
    uint64_t begin_ms = ash_os_clock_ms();
    for (*pages = 0; *pages < wanted; ++*pages) {
        if (*pages > 0 && timeout_ms != 0 && ash_os_clock_ms() - begin_ms >= timeout_ms) {
            return ASH_ARENA_TIMED_OUT;
        }
        char *page = start + *pages * ASH_RESERVE_PAGE_BYTES;
        if (ash_os_claim_huge(page, ASH_RESERVE_PAGE_BYTES) != ASH_OS_CLAIMED) {
            return ASH_ARENA_NO_MEMORY;
        }
        if (node >= 0) {  // a preference; without it the kernel chooses
            (void)ash_os_prefer_node(page, ASH_RESERVE_PAGE_BYTES, (unsigned)node);
        }
        if (!ash_os_populate(page, ASH_RESERVE_PAGE_BYTES)) {
            ash_os_unmap(page, ASH_RESERVE_PAGE_BYTES);
            return ASH_ARENA_NO_MEMORY;
        }
    }
    return ASH_ARENA_DONE;
}

static void reserve_set_foreign(size_t first, size_t units, bool foreign) {
    for (size_t unit = first; unit < first + units; unit++) {
        ash_ledger_unit(unit)->foreign = foreign;
    }
}

enum ash_arena_result ash_reserve_take_huge(size_t *pages, int node, size_t timeout_ms,
                                            uint32_t traits, struct ash_arena **arena) {
    size_t wanted = *pages;
    *pages = 0;
    *arena = NULL;
    if (wanted == 0 || wanted > ash_region.unit_max / RESERVE_PAGE_UNITS) {
        return ASH_ARENA_NO_MEMORY;
    }
    size_t units = wanted * RESERVE_PAGE_UNITS;
    traits |= ASH_TRAIT_PINNED;
    struct ash_arena *made = reserve_begin(ASH_ARENA_RESERVED_HUGE, units, traits, node);
    if (made == NULL) {
        return ASH_ARENA_NO_MEMORY;
    }
    size_t first = ash_arena_first(made);
    *pages = wanted;
    enum ash_arena_result result =
        reserve_fill(ash_region_unit_start(first), pages, node, timeout_ms);
    size_t filled = *pages * RESERVE_PAGE_UNITS;
    ash_ledger_enter();
    if (filled < units) {
        reserve_keep_spare(first + filled, units - filled);
    }
    if (filled > 0) {
        reserve_set_foreign(first, filled, false);
        ash_arena_place(made, first, filled);
        ash_arena_open(made, true);
        *arena = made;
    } else {
        ash_arena_drop(made);
    }
    (void)ash_ledger_leave();
    return result;
}

// Under the lock. The pages are gone.
static void reserve_give_pages(size_t first, size_t units) {
    reserve_set_foreign(first, units, true);
    reserve_keep_spare(first, units);
}

// Under the lock.
static void reserve_give_units(size_t first, size_t units, bool purged) {
    for (size_t unit = first; unit < first + units; unit++) {
        ash_ledger_admit(unit, UINT32_MAX, purged);
    }
}

void ash_reserve_give(struct ash_arena *arena) {
    struct ash_arena_area area = ash_arena_measure(arena);
    bool huge = arena->kind == ASH_ARENA_RESERVED_HUGE;
    bool purged = false;
    if (huge) {
        ash_os_unmap(area.start, area.bytes);
    } else {
        ash_os_advise_huge(area.start, area.bytes, false);
        purged = ash_os_purge(area.start, area.bytes);
    }
    ash_ledger_enter();
    if (huge) {
        reserve_give_pages(ash_arena_first(arena), arena->units);
    } else {
        reserve_give_units(ash_arena_first(arena), arena->units, purged);
    }
    ash_arena_drop(arena);
    (void)ash_ledger_leave();
}
