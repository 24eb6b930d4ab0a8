#include "supply/region.h"

#include "base/assert.h"
#include "base/bits.h"
#include "platform/os.h"
#include "platform/tags.h"
#include "supply/fence.h"
#include "supply/meta.h"

enum {
    REGION_STEP_MAX_BYTES = 64 << 20,
    REGION_RECORD_BYTES = ASH_UNIT_SLICES * (int)sizeof(struct ash_record),
    REGION_MARK_BYTES = ASH_UNIT_SLICES * ASH_SLICE_MARKS * (int)sizeof(uint64_t),
    // The tables' share of a unit: its byte of the index, itself, records and marks.
    REGION_TABLES_BYTES =
        1 + (int)sizeof(struct ash_unit) + REGION_RECORD_BYTES + REGION_MARK_BYTES,
    // The states' share, if there are any.
    REGION_STATE_BYTES = ASH_UNIT_BYTES / 16,
    // Each table starts at a multiple of this: the largest page of any system.
    REGION_TABLE_ALIGN = 64 << 10,
    REGION_UNITS_MIN = 16,
    REGION_SHARE = 64,  // the limit rises by a 64th of the units, or
    REGION_AHEAD = 8,   // by so many: the store's lock is held meanwhile
    REGION_LOWEST = 16 << 20,
    REGION_WIDE_BITS = 36,  // addresses this long are needed to look for a place from the top
};

struct ash_region ash_region;
ASH_FAR bool ash_arena_covered[ASH_ARENA_STEPS];

static size_t region_arena_first(size_t unit_max) {
    return ash_round_up(unit_max, ASH_ARENA_STEP);
}

static size_t region_indices(size_t unit_max) {
    return region_arena_first(unit_max) + ASH_ARENA_UNITS;
}

// The first tables have few bytes for a unit. The others have so many that those of a step are
// whole pages. The last one is that of the states.
enum { REGION_TABLES = 5, REGION_SMALL_TABLES = 2 };

static int region_tables(void) {
    return ash_region.with_states ? REGION_TABLES : REGION_TABLES - 1;
}

// The tables lie side by side below the window, each with room for all units.
static size_t region_tables_bytes(size_t unit_max) {
    size_t share = REGION_TABLES_BYTES + (ash_region.with_states ? REGION_STATE_BYTES : 0);
    size_t bytes = region_indices(unit_max) * share + (size_t)region_tables() * REGION_TABLE_ALIGN;
    return ash_round_up(bytes, ASH_UNIT_BYTES);
}

_Static_assert(ASH_ARENA_STEP *REGION_RECORD_BYTES % REGION_TABLE_ALIGN == 0 &&
                   ASH_ARENA_STEP * REGION_MARK_BYTES % REGION_TABLE_ALIGN == 0 &&
                   ASH_ARENA_STEP * REGION_STATE_BYTES % REGION_TABLE_ALIGN == 0,
               "no two steps of memory handed in share a page of a table");

static const size_t region_unit_bytes[REGION_TABLES] = {
    1, sizeof(struct ash_unit), REGION_RECORD_BYTES, REGION_MARK_BYTES, REGION_STATE_BYTES};

// The pages of table i that describe units [from, to) and none before: from
// `*start` on; returns their bytes.
static size_t region_table_part(int i, size_t from, size_t to, char **start) {
    const struct ash_region *r = &ash_region;
    void *const tables[REGION_TABLES] = {r->best, r->units, r->records, r->marks, r->states};
    size_t page = ash_os_page_bytes();
    size_t first = ash_round_up(from * region_unit_bytes[i], page);
    size_t end = ash_round_up(to * region_unit_bytes[i], page);
    *start = (char *)tables[i] + first;
    return end - first;
}

static bool region_cover_table(int i, size_t unit_end) {
    struct ash_region *r = &ash_region;
    if (r->covered[i] < unit_end) {
        char *start;
        size_t bytes = region_table_part(i, r->covered[i], unit_end, &start);
        if (bytes > 0 && ash_os_claim(start, bytes) != ASH_OS_CLAIMED) {
            return false;
        }
        if (bytes > 0 && r->settled) {
            ash_meta_keep(start, bytes);
        }
        r->covered[i] = unit_end;
    }
    return true;
}

// Grows the tables to describe units up to `unit_end`. A failure half-way leaves
// some tables longer than others; each remembers its own end.
static bool region_cover(size_t unit_end) {
    for (int i = 0; i < region_tables(); i++) {
        if (!region_cover_table(i, unit_end)) {
            return false;
        }
    }
    return true;
}

// Gives back what region_cover has claimed.
static void region_uncover(void) {
    struct ash_region *r = &ash_region;
    for (int i = 0; i < region_tables(); i++) {
        char *start;
        size_t bytes = region_table_part(i, 0, r->covered[i], &start);
        if (bytes > 0) {
            ash_os_unmap(start, bytes);
        }
        r->covered[i] = 0;
    }
}

// Lays the tables and the window from `start` on, and claims the first unit's
// share of the tables.
static bool region_place(uintptr_t start, size_t unit_max) {
    struct ash_region *r = &ash_region;
    size_t indices = region_indices(unit_max);
    uintptr_t units = ash_round_up(start + indices, REGION_TABLE_ALIGN);
    uintptr_t units_end = units + indices * sizeof(struct ash_unit);
    r->best = (uint8_t *)start;
    r->units = (struct ash_unit *)units;
    uintptr_t records = ash_round_up(units_end, REGION_TABLE_ALIGN);
    uintptr_t records_end = records + indices * REGION_RECORD_BYTES;
    r->records = (struct ash_record *)records;
    uintptr_t marks = ash_round_up(records_end, REGION_TABLE_ALIGN);
    uintptr_t marks_end = marks + indices * REGION_MARK_BYTES;
    r->marks = (uint64_t *)marks;
    r->states = r->with_states ? (uint8_t *)ash_round_up(marks_end, REGION_TABLE_ALIGN) : NULL;
    r->base = start + region_tables_bytes(unit_max);
    r->unit_max = unit_max;
    r->arena_first = region_arena_first(unit_max);
    r->step = 1;
    bool covered = region_cover(1);
    if (!covered) {
        region_uncover();
    }
    return covered;
}

// As many units as the window may have, fewer where they cannot be placed: from
// `start` on, or ending there.
static bool region_place_largest(uintptr_t start, unsigned window_bits, bool below) {
    if (window_bits > ASH_WINDOW_SHIFT) {
        window_bits = ASH_WINDOW_SHIFT;
    }
    size_t unit_max = (size_t)1 << (window_bits - ASH_UNIT_SHIFT);
    for (; unit_max >= REGION_UNITS_MIN; unit_max /= 2) {
        size_t whole = (unit_max << ASH_UNIT_SHIFT) + region_tables_bytes(unit_max);
        size_t shift = (size_t)(ash_os_random() % (unit_max / 4)) << ASH_UNIT_SHIFT;
        if (region_place(below ? start - whole - shift : start + shift, unit_max)) {
            return true;
        }
    }
    return false;
}

// Where the system maps from the top down, its mappings and the window's end grow
// towards each other: an eighth of the address space apart. Where it maps from the
// bottom up (valgrind does), the window lies as high as it may.
static bool region_place_wide(uintptr_t top) {
    unsigned top_bits = ash_log2(top) + 1;
    if (top_bits > REGION_WIDE_BITS) {
        uintptr_t gap = (uintptr_t)1 << ash_min(top_bits - 3, ASH_WINDOW_SHIFT);
        return region_place_largest(top - gap, top_bits - 3, true);
    }
    for (unsigned bits = 46; bits >= REGION_WIDE_BITS; bits--) {
        if (region_place_largest((uintptr_t)1 << bits, bits - 2, false)) {
            return true;
        }
    }
    return false;
}

// Whether nothing lives in the range, as far as the system will say.
static bool region_is_empty(uintptr_t start, size_t bytes) {
    enum ash_os_claim claim = ash_os_claim((void *)start, bytes);
    if (claim == ASH_OS_CLAIMED) {
        ash_os_unmap((void *)start, bytes);
    }
    return claim != ASH_OS_TAKEN;
}

// Another copy of ashlar in the process takes units wherever it finds room, and would between the
// parts of our tables, which could not grow then. So they are claimed whole, 1 % of the window, if
// the system lets us; the states of a hardened process are too large for that.
static void region_cover_whole(void) {
    if (!ash_region.with_states) {
        (void)region_cover(ash_region.unit_max);
    }
}

// A small address space: all of it below the system's own mappings; the program's
// image and whatever else lies there is skipped when the region reaches it.
static bool region_place_low(uintptr_t top) {
    size_t shift = (size_t)(ash_os_random() % 64) << ASH_UNIT_SHIFT;
    uintptr_t start = ash_round_up(REGION_LOWEST + shift, ASH_UNIT_BYTES);
    for (; start < top / 2; start += 16 * ASH_UNIT_BYTES) {
        size_t unit_max = (top - start) >> ASH_UNIT_SHIFT;
        size_t tables = region_tables_bytes(unit_max);
        unit_max -= tables >> ASH_UNIT_SHIFT;
        if (region_is_empty(start, tables) && region_place(start, unit_max)) {
            region_cover_whole();
            return true;
        }
    }
    return false;
}

// Before, tables may have to go again.
static void region_settle(void) {
    struct ash_region *r = &ash_region;
    r->settled = true;
    for (int i = 0; ash_sealed.keeps_tables && i < region_tables(); i++) {
        char *start;
        size_t bytes = region_table_part(i, 0, r->covered[i], &start);
        if (bytes > 0) {
            ash_meta_keep(start, bytes);
        }
    }
}

bool ash_region_boot(void) {
    ash_fence.rounding = ASH_SLICE_BYTES - 1 + ash_fence.room;
    size_t page = ash_os_page_bytes();
    char *probe = ash_os_map(page, page);
    if (probe == NULL) {
        return false;
    }
    ash_os_unmap(probe, page);
    uintptr_t top = ash_round_down((uintptr_t)probe, ASH_UNIT_BYTES);
    bool placed = sizeof top > 4 ? region_place_wide(top) : region_place_low(top);
    if (placed) {
        region_settle();
    }
    return placed;
}

// Claims units [mapped, mapped + count). Returns what happened to all of them.
static enum ash_os_claim region_claim(size_t count) {
    struct ash_region *r = &ash_region;
    if (r->mapped + count > r->unit_max || !region_cover(r->mapped + count)) {
        return ASH_OS_NO_MEMORY;
    }
    char *start = ash_region_unit_start(r->mapped);
    enum ash_os_claim claim = ash_os_claim(start, count << ASH_UNIT_SHIFT);
    if (claim == ASH_OS_CLAIMED) {
        // Where huge pages are given unasked, a small heap would fill them by touching
        // them once. The store asks for them where they pay.
        ash_os_advise_huge(start, count << ASH_UNIT_SHIFT, false);
        if (ash_tags_on()) {  // what has none is handed out without (heap/tagged.h)
            (void)ash_os_tag(start, count << ASH_UNIT_SHIFT);
        }
        r->mapped += count;
    }
    return claim;
}

// A step may fail where a single unit does not: because memory is short, or
// because somebody's mapping lies in the middle of it.
static bool region_map_more(void) {
    struct ash_region *r = &ash_region;
    size_t step_max = ASH_HOSTILE ? 2 : REGION_STEP_MAX_BYTES / ASH_UNIT_BYTES;
    enum ash_os_claim claim = region_claim(r->step);
    if (claim == ASH_OS_CLAIMED) {
        r->step = ash_min(r->step * 2, step_max);
        return true;
    }
    r->step = 1;
    claim = region_claim(1);
    while (claim == ASH_OS_TAKEN) {
        r->units[r->mapped].foreign = 1;
        r->mapped++;
        claim = region_claim(1);
    }
    return claim == ASH_OS_CLAIMED;
}

// Makes the records of units from `unit` on ready, ours and foreign ones. Every thread's next free
// has to fetch the limit anew: so a large heap raises it by more than one unit.
static void region_raise_limit(size_t unit, struct ash_heap *owner) {
    struct ash_region *r = &ash_region;
    size_t count = ash_max(ash_min(unit / REGION_SHARE, REGION_AHEAD), 1);
    size_t end = ash_min(unit + count, r->mapped);
    for (size_t slice = unit * ASH_UNIT_SLICES; slice < end * ASH_UNIT_SLICES; slice++) {
        // relaxed: published with the first block of the slice.
        atomic_store_explicit(&r->records[slice].owner, owner, memory_order_relaxed);
    }
    // release: a thread that loads the new limit finds the records.
    atomic_store_explicit(&r->limit, end << ASH_UNIT_SHIFT, memory_order_release);
}

static size_t region_open(struct ash_heap *owner) {
    struct ash_region *r = &ash_region;
    // relaxed: written under the same lock.
    if (r->active == atomic_load_explicit(&r->limit, memory_order_relaxed) >> ASH_UNIT_SHIFT) {
        region_raise_limit(r->active, owner);
    }
    return r->active++;
}

size_t ash_region_activate(struct ash_heap *owner) {
    struct ash_region *r = &ash_region;
    for (;;) {
        if (r->active == r->mapped && !region_map_more()) {
            return SIZE_MAX;
        }
        size_t unit = region_open(owner);
        if (!r->units[unit].foreign) {
            r->units[unit].free = UINT32_MAX;
            return unit;
        }
    }
}

size_t ash_region_unused_bytes(void) {
    size_t bytes = 0;
    for (size_t unit = ash_region.active; unit < ash_region.mapped; unit++) {
        bytes += ash_region.units[unit].foreign ? 0 : ASH_UNIT_BYTES;
    }
    return bytes;
}

size_t ash_region_table_bytes(void) {
    size_t bytes = 0;
    for (int i = 0; i < region_tables(); i++) {
        char *start;
        bytes += region_table_part(i, 0, ash_region.covered[i], &start);
    }
    size_t large = REGION_RECORD_BYTES + REGION_MARK_BYTES;
    large += ash_region.with_states ? REGION_STATE_BYTES : 0;
    for (size_t step = 0; step < ASH_ARENA_STEPS; step++) {
        bytes += ash_arena_covered[step] ? ASH_ARENA_STEP * large : 0;
    }
    return bytes;
}

// Memory set aside ---------------------------------------------------------------------

size_t ash_region_extend(size_t count, struct ash_heap *owner, bool *taken) {
    struct ash_region *r = &ash_region;
    size_t first = r->active;
    size_t ready = r->mapped - first;
    *taken = false;
    if (ready < count) {
        enum ash_os_claim claim = region_claim(count - ready);
        *taken = claim == ASH_OS_TAKEN;
        if (claim != ASH_OS_CLAIMED) {
            return SIZE_MAX;
        }
    }
    while (r->active < first + count) {
        (void)region_open(owner);
    }
    return first;
}

size_t ash_region_skip(size_t count, size_t align, struct ash_heap *owner) {
    struct ash_region *r = &ash_region;
    ash_assert(r->active == r->mapped);
    size_t base = r->base >> ASH_UNIT_SHIFT;
    size_t first = ash_round_up(base + r->active, align) - base;
    if (first > r->unit_max || count > r->unit_max - first || !region_cover(first + count)) {
        return SIZE_MAX;
    }
    while (r->active < first + count) {
        r->units[r->mapped].foreign = 1;
        r->mapped++;
        (void)region_open(owner);
    }
    return first;
}

// Claims what the large tables have for units [from, to) of memory handed in.
static bool region_cover_steps(size_t from, size_t to) {
    for (int i = REGION_SMALL_TABLES; i < region_tables(); i++) {
        char *start;
        size_t bytes = region_table_part(i, from, to, &start);
        if (ash_os_claim(start, bytes) != ASH_OS_CLAIMED) {
            while (--i >= REGION_SMALL_TABLES) {
                bytes = region_table_part(i, from, to, &start);
                ash_os_unmap(start, bytes);
            }
            return false;
        }
    }
    for (int i = REGION_SMALL_TABLES; i < region_tables(); i++) {
        char *start;
        size_t bytes = region_table_part(i, from, to, &start);
        ash_meta_keep(start, bytes);
    }
    return true;
}

// The small tables are covered as a whole, once: their pages are shared by many units.
bool ash_region_cover_arena(size_t first, size_t count) {
    struct ash_region *r = &ash_region;
    for (int i = 0; i < REGION_SMALL_TABLES; i++) {
        if (!region_cover_table(i, region_indices(r->unit_max))) {
            return false;
        }
    }
    size_t step = (first - r->arena_first) / ASH_ARENA_STEP;
    size_t end = (first - r->arena_first + count + ASH_ARENA_STEP - 1) / ASH_ARENA_STEP;
    while (step < end) {
        size_t next = step;
        while (next < end && !ash_arena_covered[next]) {
            next++;
        }
        if (next > step && !region_cover_steps(r->arena_first + step * ASH_ARENA_STEP,
                                               r->arena_first + next * ASH_ARENA_STEP)) {
            return false;
        }
        for (; step < next; step++) {
            ash_arena_covered[step] = true;
        }
        step += step < end ? 1 : 0;
    }
    return true;
}
