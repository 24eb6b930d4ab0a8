#include "api/stats.h"

#include <errno.h>
#include <string.h>

#include "api/boot.h"
#include "api/late.h"
#include "base/bits.h"
#include "heap/look.h"
#include "heap/peek.h"
#include "heap/registry.h"
#include "heap/span.h"
#include "platform/cpu.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "platform/report.h"
#include "platform/tally.h"
#include "supply/arena.h"
#include "supply/huge.h"
#include "supply/run.h"
#include "supply/store.h"

enum {
    STATS_SPINS = 4096,    // for one heap, before its thread may need a processor
    STATS_WAITS = 8,       // for threads that need a heap
    STATS_NAPS = 8,        // for one heap, before all others are let go
    STATS_ROUNDS = 100,    // before the snapshot is taken without the heap
    STATS_LONG_ROUND = 20  // from here on rounds are 1 ms apart
};

static struct ash_lock stats_lock = ASH_LOCK(ASH_RANK_STATS);

void ash_stats_fork_prepare(void) {
    ash_lock_take(&stats_lock);
}

void ash_stats_fork_done(void) {
    ash_lock_drop(&stats_lock);
}

// Stopping --------------------------------------------------------------------------------

static bool stats_wants(const struct ash_heap *heap, const struct ash_scope *scope) {
    return ash_scope_has(scope, ash_realm_of(heap));
}

static enum ash_look stats_hold(struct ash_heap *heap) {
    enum ash_look look = ASH_LOOK_NONE;
    for (unsigned naps = 0; look == ASH_LOOK_NONE && naps < STATS_NAPS; naps++) {
        for (unsigned i = 0; look == ASH_LOOK_NONE && i < STATS_SPINS; i++) {
            look = ash_look_try(heap);
            ash_cpu_pause();
        }
        if (look == ASH_LOOK_NONE) {
            ash_os_sleep(0);
        }
    }
    return look;
}

// Lets go of the heaps that were held, as far as `end`.
static void stats_go_on(const struct ash_heap *end) {
    struct ash_heap *heap = NULL;
    while ((heap = ash_registry_next(heap)) != end) {
        enum ash_look look = (enum ash_look)heap->looked;
        heap->looked = ASH_LOOK_NONE;
        ash_look_end(heap, look);
    }
}

// Holds all heaps from `first` on. If one is not to be had and `strict`, none.
static bool stats_hold_all(const struct ash_scope *scope, struct ash_heap *first, bool strict) {
    bool all = true;
    for (struct ash_heap *heap = first; heap != NULL; heap = ash_registry_next(heap)) {
        bool wanted = stats_wants(heap, scope);
        enum ash_look look = wanted ? stats_hold(heap) : ASH_LOOK_NONE;
        heap->looked = look;
        all &= !wanted || look != ASH_LOOK_NONE;
        if (!all && strict) {
            stats_go_on(heap);
            return false;
        }
    }
    return all;
}

// Whether what was read is of one moment: no heap has come into being or use meanwhile.
static bool stats_is_whole(const struct ash_heap *first) {
    bool whole = ash_registry_next(NULL) == first;
    struct ash_heap *heap = NULL;
    while (whole && (heap = ash_registry_next(heap)) != NULL) {
        uint32_t state = atomic_load_explicit(&heap->state, memory_order_relaxed);
        whole = heap->looked != ASH_LOOK_SPARE || state == ASH_HEAP_SPARE;
    }
    return whole;
}

// Reading ---------------------------------------------------------------------------------

struct stats_sums {
    const struct ash_scope *scope;
    struct ash_stats s;
    struct ash_class_stats classes[ASH_CLASS_COUNT];
    size_t store_active;  // of the region
    size_t meta;          // without the tables
    size_t gathered;      // part of returning that no class knows
};

static void stats_add_heap(struct stats_sums *sums, struct ash_heap *heap) {
    size_t returning[ASH_CLASS_COUNT] = {0};
    ash_look_returning(heap, returning);
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        struct ash_class_stats *c = &sums->classes[i];
        c->allocated += heap->shelves[i].out;  // what is not is taken off later
        c->returning += returning[i];
        c->spans += heap->shelves[i].spans;
    }
    sums->s.refills += heap->refills;
    sums->s.releases += heap->events.releases;
    sums->s.returned += heap->events.returned;
    sums->s.spans_cut += heap->events.cut;
    sums->s.spans_retired += heap->events.retired;
    sums->s.spans_adopted += heap->events.adopted;
}

static void stats_add_ready(struct stats_sums *sums, const struct ash_heap *heap) {
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        sums->classes[i].ready += ash_look_ready(heap, i);
    }
}

static bool stats_has_late(const struct stats_sums *sums) {
    return ash_scope_has(sums->scope, &ash_realm_main);
}

// Heaps of other realms gather for the main realm as well; blocks of other realms are not gathered.
static void stats_add_gathered(struct stats_sums *sums) {
    struct ash_heap *heap = NULL;
    while (stats_has_late(sums) && (heap = ash_registry_next(heap)) != NULL) {
        // acquire: who gathered a block has taken it out of a bin before; pairs with the release
        // in remote_count. What is published has been counted off before, as ash_news_see shows.
        sums->gathered += atomic_load_explicit(&heap->gathered_bytes, memory_order_acquire);
    }
}

static void stats_add_heaps(struct stats_sums *sums) {
    struct ash_heap *heap = NULL;
    while ((heap = ash_registry_next(heap)) != NULL) {
        if (heap->looked != ASH_LOOK_NONE && heap->looked != ASH_LOOK_SPARE) {
            sums->s.thread_heaps++;
            sums->s.orphans += heap->looked == ASH_LOOK_ORPHAN;
            stats_add_heap(sums, heap);
        }
    }
    if (stats_has_late(sums)) {
        stats_add_heap(sums, ash_late_heap());
    }
    stats_add_gathered(sums);
    while ((heap = ash_registry_next(heap)) != NULL) {
        if (heap->looked != ASH_LOOK_NONE && heap->looked != ASH_LOOK_SPARE) {
            stats_add_ready(sums, heap);
        }
    }
    if (stats_has_late(sums)) {
        stats_add_ready(sums, ash_late_heap());
    }
}

// Never below 0: of heaps that could not be held, figures do not fit together.
static size_t stats_rest(size_t whole, size_t part) {
    return whole > part ? whole - part : 0;
}

static void stats_add_class(struct stats_sums *sums, unsigned i) {
    const struct ash_class *k = &ash_classes[i];
    struct ash_class_stats *c = &sums->classes[i];
    size_t out = c->allocated;
    c->block_bytes = k->block_bytes;
    c->returning = ash_min(c->returning, out);  // they fit unless a heap is lost
    c->ready = ash_min(c->ready / k->block_bytes, out - c->returning);
    c->allocated = out - c->returning - c->ready;
    c->free = c->spans * k->blocks - out;
    c->span_bytes = (c->spans * k->slices) << ASH_SLICE_SHIFT;
    sums->s.spans += c->spans;
    sums->s.ready += c->ready * k->block_bytes;
    sums->s.returning += c->returning * k->block_bytes;
    sums->s.span_free += c->span_bytes - out * k->block_bytes;
    sums->s.small += c->allocated * k->block_bytes;
    sums->s.active += c->span_bytes;
}

static void stats_add_classes(struct stats_sums *sums) {
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        stats_add_class(sums, i);
    }
    size_t gathered = ash_min(sums->gathered, sums->s.small);
    sums->s.small -= gathered;
    sums->s.returning += gathered;
}

// The slices of runs are what is neither spans' nor in the store.
static void stats_add_supply(struct stats_sums *sums) {
    struct ash_stats *s = &sums->s;
    struct ash_supply_figures f = ash_store_measure_all();
    size_t runs = stats_rest(f.active_bytes - f.free_bytes, s->active);
    s->large = ash_min(f.run_bytes, runs);
    s->run_rest = runs - s->large;
    s->huge = f.huge_bytes;
    s->huge_blocks = f.huge_count;
    s->active += runs + s->huge;
    s->dirty = f.dirty_bytes;
    s->metadata = f.table_bytes + f.huge_table_bytes + f.meta_bytes;
    s->committed = s->active + s->dirty + s->metadata;
    s->purged = f.free_bytes - f.dirty_bytes;
    s->unused = f.unused_bytes;
    s->other = stats_rest(f.mapped_bytes, s->committed + s->purged + s->unused);
    s->mapped = s->committed + s->purged + s->unused + s->other;
    struct ash_tally tally = ash_tally_read();
    s->mapped_peak = tally.mapped_peak_bytes;
    s->active_peak = tally.active_peak_bytes;
    s->maps = tally.maps;
    s->unmaps = tally.unmaps;
    s->remaps = tally.remaps;
    s->purges = tally.purges;
    s->purged_so_far = tally.purged_bytes;
    sums->store_active = f.active_bytes;
    sums->meta = f.meta_bytes;
}

// A run that lives is described by its record, which stays as it is.
static void stats_add_row(struct stats_sums *sums, const struct ash_arena_slices *row) {
    for (size_t i = 0; i < row->count; i++) {
        const struct ash_record *record = &ash_region.records[row->first + i];
        if (ash_peek_byte(&record->kind) == ASH_KIND_RUN &&
            ash_scope_has(sums->scope, ash_peek_realm(record))) {
            size_t whole = (size_t)ash_peek_number(&record->slices) << ASH_SLICE_SHIFT;
            size_t usable = ash_min(ash_peek_size(&record->run_bytes), whole);
            sums->s.large += usable;
            sums->s.run_rest += whole - usable;
        }
    }
}

static void stats_add_runs(struct stats_sums *sums) {
    struct ash_arena_slices row;
    for (uint32_t n = 0; ash_arena_slices(n, &row); n++) {
        stats_add_row(sums, &row);
    }
    sums->s.huge = ash_huge_total_of(ash_scope_wants, sums->scope, &sums->s.huge_blocks);
    sums->s.active += sums->s.large + sums->s.run_rest + sums->s.huge;
    sums->s.mapped = sums->s.committed = sums->s.active;
}

static void stats_read(struct stats_sums *sums) {
    const struct ash_scope *scope = sums->scope;
    *sums = (struct stats_sums){.scope = scope};
    stats_add_heaps(sums);
    stats_add_classes(sums);
    if (scope == NULL) {
        stats_add_supply(sums);
    } else {
        stats_add_runs(sums);
    }
    sums->s.allocated = sums->s.small + sums->s.large + sums->s.huge;
    sums->s.version = ASH_STATS_VERSION;
}

// One try. False if there has to be another one.
static bool stats_try(struct stats_sums *sums, bool last) {
    ash_lock_take(&stats_lock);
    ash_late_enter();
    struct ash_heap *first = ash_registry_next(NULL);
    bool held = stats_hold_all(sums->scope, first, !last);
    bool exact = false;
    if (held || last) {
        stats_read(sums);
        exact = held && stats_is_whole(first);
        stats_go_on(NULL);
    }
    ash_late_leave();
    ash_lock_drop(&stats_lock);
    sums->s.exact = exact ? 1 : 0;
    return exact || last;
}

static bool stats_sum(struct stats_sums *sums) {
    if (!ash_boot()) {
        errno = ENOMEM;
        return false;
    }
    for (unsigned i = 0; i < STATS_WAITS && ash_registry_is_awaited(); i++) {
        ash_os_sleep(0);
    }
    for (unsigned round = 1; !stats_try(sums, round == STATS_ROUNDS); round++) {
        ash_os_sleep(round < STATS_LONG_ROUND ? 0 : 1);
    }
    return true;
}

struct ash_figures ash_figures_take(void) {
    struct stats_sums sums = {.scope = NULL};
    int saved_errno = errno;
    if (!stats_sum(&sums)) {
        errno = saved_errno;
        return (struct ash_figures){0};
    }
    const struct ash_stats *s = &sums.s;
    size_t ready_count = 0, free_count = 0;
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        ready_count += sums.classes[i].ready;
        free_count += sums.classes[i].free;
    }
    return (struct ash_figures){
        .active = sums.store_active,
        .allocated = s->allocated,
        .ready = s->ready,
        .ready_count = ready_count,
        .free_count = free_count,
        .store = s->dirty + s->purged,
        .dirty = s->dirty,
        .huge = s->huge,
        .huge_count = s->huge_blocks,
        .meta = sums.meta,
    };
}

bool ash_stats_take(const struct ash_scope *scope, struct ash_stats *stats,
                    struct ash_class_stats classes[ASH_CLASS_COUNT]) {
    struct stats_sums sums = {.scope = scope};
    bool taken = stats_sum(&sums);
    if (!taken) {
        sums = (struct stats_sums){0};
    }
    *stats = sums.s;
    stats->bytes = sizeof *stats;
    memcpy(classes, sums.classes, sizeof sums.classes);
    return taken;
}

bool ash_stats_open(struct ash_scope *scope, ash_subproc_t *subproc) {
    struct ash_realm *root = (struct ash_realm *)(void *)subproc;
    if (root->serial == 0) {
        ash_report_bad_pointer(ASH_E_SUBPROC_ENDED, "statistics", root);
    }
    if (ash_boot() && ash_scope_open(scope, root)) {
        return true;
    }
    errno = ENOMEM;
    return false;
}

// What callers see --------------------------------------------------------------------------

static bool stats_store(const struct ash_scope *scope, struct ash_stats *stats) {
    size_t bytes = stats->bytes;
    if (bytes < offsetof(struct ash_stats, mapped)) {
        errno = EINVAL;
        return false;
    }
    struct ash_stats now;
    struct ash_class_stats classes[ASH_CLASS_COUNT];
    bool taken = ash_stats_take(scope, &now, classes);
    now.bytes = bytes < sizeof now ? bytes : sizeof now;
    memcpy(stats, &now, now.bytes);
    return taken;
}

ASH_NOINLINE bool ash_heap_stats_get(const ash_heap_t *heap, struct ash_stats *stats) {
    struct ash_scope scope = {.realms = &heap, .count = 1};
    return stats_store(heap == NULL ? NULL : &scope, stats);
}

ASH_NOINLINE bool ash_subproc_stats_get(ash_subproc_t *subproc, struct ash_stats *stats) {
    struct ash_scope scope;
    if (!ash_stats_open(&scope, subproc)) {
        return false;
    }
    bool stored = stats_store(&scope, stats);
    ash_scope_close(&scope);
    return stored;
}

ASH_NOINLINE bool ash_stats_get(struct ash_stats *stats) {
    return ash_heap_stats_get(NULL, stats);
}

ASH_NOINLINE size_t ash_stats_classes(const ash_heap_t *heap, struct ash_class_stats *classes,
                                      size_t count, size_t bytes) {
    struct ash_stats now;
    struct ash_class_stats all[ASH_CLASS_COUNT];
    struct ash_scope scope = {.realms = &heap, .count = 1};
    if (!ash_stats_take(heap == NULL ? NULL : &scope, &now, all)) {
        return 0;
    }
    for (size_t i = 0; i < count && i < ASH_CLASS_COUNT; i++) {
        memcpy((char *)classes + i * bytes, &all[i], bytes < sizeof all[i] ? bytes : sizeof all[i]);
    }
    return ASH_CLASS_COUNT;
}

ASH_NOINLINE bool ash_process_info(struct ash_process_info *info) {
    size_t bytes = info->bytes;
    if (bytes < sizeof bytes) {
        errno = EINVAL;
        return false;
    }
    struct ash_stats stats = {.bytes = sizeof stats};
    bool taken = ash_stats_get(&stats);
    struct ash_os_usage usage;
    ash_os_usage(&usage);
    struct ash_process_info now = {
        .bytes = bytes < sizeof now ? bytes : sizeof now,
        .committed = stats.committed,
        .resident = usage.resident_bytes,
        .resident_peak = usage.resident_peak_bytes,
        .elapsed_ms = usage.elapsed_ms,
        .user_ms = usage.user_ms,
        .system_ms = usage.system_ms,
        .minor_faults = usage.minor_faults,
        .major_faults = usage.major_faults,
    };
    memcpy(info, &now, now.bytes);
    return taken;
}
