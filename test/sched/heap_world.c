#include "heap_world.h"

#include "access.h"
#include "stage.h"

#include "base/errors.c"
// The code under test.
#include "heap/depot.c"
#include "heap/hold.c"
#include "heap/orphan.c"
#include "heap/registry.c"
#include "heap/release.c"
#include "heap/remote.c"
#include "heap/span.c"

struct ash_heap world_heaps[WORLD_HEAPS];
static struct ash_block *world_places[WORLD_HEAPS][ASH_BIN_BLOCKS + 1];
static struct ash_chain world_chains[WORLD_HEAPS][ASH_GATHER_CHAINS];
static struct ash_block *world_gathered[WORLD_HEAPS][ASH_GATHER_CHAINS][ASH_GATHER_BLOCKS];
struct ash_chain ash_remote_none[ASH_GATHER_CHAINS];
struct ash_heap ash_heap_done;

// What it stands on -------------------------------------------------------------------

struct ash_region ash_region;
static struct ash_heap world_store_heap;
struct ash_heap *const ash_store_owner = &world_store_heap;

enum { WORLD_SLICE_WORDS = ASH_SLICE_BYTES / sizeof(uintptr_t) };

static _Alignas(ASH_SLICE_BYTES) uintptr_t world_window[WORLD_SLICES * WORLD_SLICE_WORDS];
static struct ash_record world_records[WORLD_SLICES];
static uint64_t world_marks[WORLD_SLICES * ASH_SLICE_MARKS];
static uint32_t world_taken;

struct ash_record *ash_store_take(const struct ash_origin *origin, size_t slices, size_t align,
                                  bool *zero) {
    stage_claim(origin->only == NULL && slices == 1 && align == 1 && world_taken < WORLD_SLICES);
    *zero = true;
    return &world_records[world_taken++];
}

void ash_store_give(struct ash_record *first, size_t slices) {
    stage_claim(slices == 1 && first->kind == ASH_KIND_SPAN);
    first->kind = ASH_KIND_FREE;
    atomic_store_explicit(&first->owner, ash_store_owner, memory_order_relaxed);
}

// There is no arena: every unit is the window's.
char *ash_arena_record_start(const struct ash_record *record) {
    stage_claim(record == NULL);
    return NULL;
}

struct ash_record *ash_arena_record_find(const void *p) {
    stage_claim(p == NULL);
    return NULL;
}

bool ash_arena_may_purge(const struct ash_record *record) {
    return record != NULL;
}

struct ash_realm ash_realm_main;

int ash_os_processor(void) {
    return 0;
}

// The end of time: who would wait until a certain moment does not wait.
uint64_t ash_os_clock_ms(void) {
    return UINT64_MAX;
}

// Nor is anything hardened.
struct ash_sealed ash_sealed;

void ash_state_clear(const struct ash_record *first, uint32_t slices) {
    stage_claim(first == NULL && slices == 0);
}

void ash_slots_take_back(struct ash_heap *heap, struct ash_record *span,
                         struct ash_block *const *taken, uint32_t count) {
    stage_claim(heap == NULL && span == NULL && taken == NULL && count == 0);
}

void ash_slots_release_all(struct ash_heap *heap) {
    stage_claim(heap->slots == NULL);
}

// How much a realm has takes no part in who holds what.
bool ash_realm_charge(struct ash_realm *realm, size_t bytes) {
    stage_claim(realm == &ash_realm_main && bytes != 0);
    return true;
}

void ash_realm_refund(struct ash_realm *realm, size_t bytes) {
    stage_claim(realm == &ash_realm_main && bytes != 0);
}

bool ash_heap_lay_bin(struct ash_heap *heap, unsigned class_index) {
    stage_claim(heap->bins[class_index].end != NULL);
    return true;
}

// Every heap has its chains.
void *ash_meta_take(size_t bytes) {
    stage_claim(bytes == 0);
    return NULL;
}

void ash_lock_take(struct ash_lock *lock) {
    access_lock(lock);
}

bool ash_lock_try(struct ash_lock *lock) {
    return access_trylock(lock);
}

void ash_lock_drop(struct ash_lock *lock) {
    access_unlock(lock);
}

uint32_t ash_os_thread_id(void) {
    return 1;
}

uint32_t ash_os_process_id(void) {
    return 1;
}

size_t ash_os_page_bytes(void) {
    return 4096;
}

bool ash_os_purge(void *start, size_t bytes) {
    return start != NULL && bytes != 0;
}

// Who polls waits for the first heap.
void ash_os_sleep(uint32_t ms) {
    stage_claim(ms == 0);
    access_poll((const void *)(uintptr_t)&world_heaps[0].state);
}

bool ash_os_thread_lives(uint32_t thread, uint32_t process) {
    return thread != 0 && process != 0;
}

_Noreturn void ash_assert_failed(const char *what, const char *file, int line) {
    (void)file;
    (void)line;
    stage_fail(what);
}

_Noreturn void ash_fatal(enum ash_error error) {
    stage_fail(ash_error_why(ash_error_row(error)));
}

_Noreturn void ash_report_bad_pointer(enum ash_error error, const char *what, const void *pointer) {
    (void)pointer;
    (void)what;
    stage_fail(ash_error_why(ash_error_row(error)));
}

// The world ----------------------------------------------------------------------------

// Counts and ids belong to who holds the heap. Others read them for statistics, which no scenario
// does.
static void world_exclude(void) {
    for (int i = 0; i < WORLD_HEAPS; i++) {
        stage_exclusive(&world_heaps[i].out_bytes, sizeof world_heaps[i].out_bytes);
        stage_exclusive(&world_heaps[i].tid, sizeof world_heaps[i].tid);
        stage_exclusive(&world_heaps[i].process, sizeof world_heaps[i].process);
    }
    for (int i = 0; i < WORLD_HEAPS; i++) {
        struct ash_heap *heap = &world_heaps[i];
        stage_exclusive(&heap->publishing, sizeof heap->publishing);
        stage_exclusive(&heap->gathered_bytes, sizeof heap->gathered_bytes);
        stage_exclusive(&heap->chains, sizeof heap->chains);
        stage_exclusive(world_chains[i], sizeof world_chains[i]);
    }
    for (int i = 0; i < WORLD_SLICES; i++) {
        stage_exclusive(&world_records[i].used_blocks, sizeof world_records[i].used_blocks);
    }
}

static void world_name(void) {
    for (int i = 0; i < WORLD_HEAPS; i++) {
        struct ash_heap *heap = &world_heaps[i];
        stage_name(&heap->inbox, sizeof heap->inbox, "heap %d's inbox", i);
        stage_name(&heap->state, sizeof heap->state, "heap %d's state", i);
        stage_name(&heap->tid, sizeof heap->tid, "heap %d's tid", i);
        stage_name(&heap->process, sizeof heap->process, "heap %d's process", i);
        stage_name(&heap->out_bytes, sizeof heap->out_bytes, "heap %d's out_bytes", i);
        stage_name(heap->shelves, sizeof heap->shelves, "heap %d's shelves", i);
        stage_name(heap, sizeof *heap, "heap %d", i);
    }
    for (int i = 0; i < WORLD_SLICES; i++) {
        struct ash_record *span = &world_records[i];
        stage_name(&span->owner, sizeof span->owner, "span %d's owner", i);
        stage_name(&span->used_blocks, sizeof span->used_blocks, "span %d's used", i);
        stage_name(&span->remote, sizeof span->remote, "span %d's remote", i);
        stage_name(&span->inbox_next, sizeof span->inbox_next, "span %d's inbox_next", i);
        stage_name(span, sizeof *span, "span %d", i);
        stage_name(&world_window[i * WORLD_SLICE_WORDS], ASH_SLICE_BYTES, "slice %d", i);
        stage_name(ash_record_marks(span), ASH_SLICE_MARKS * sizeof(uint64_t), "marks %d", i);
    }
    stage_name(&registry_lock, sizeof registry_lock, "the registry's lock", 0);
    stage_name(&registry_all, sizeof registry_all, "registry_all", 0);
}

static void world_ready(uint32_t i) {
    struct ash_heap *heap = &world_heaps[i];
    atomic_store_explicit(&heap->part_of, &ash_realm_main, memory_order_relaxed);
    heap->bins[0].top = world_places[i];
    heap->bins[0].end = heap->bins[0].top + ash_classes[0].cap;
    for (int k = 0; k < ASH_GATHER_CHAINS; k++) {
        world_chains[i][k].blocks = world_gathered[i][k];
    }
    atomic_store_explicit(&heap->chains, world_chains[i], memory_order_relaxed);
    ash_registry_add(heap);
    ash_registry_set_thread(heap, i + 1, 1);
}

void world_prepare(void) {
    ash_region.base = (uintptr_t)world_window;
    ash_region.records = world_records;
    ash_region.unit_max = WORLD_SLICES / ASH_UNIT_SLICES + 1;
    ash_region.marks = world_marks;
    atomic_store_explicit(&ash_region.limit, sizeof world_window, memory_order_relaxed);
    for (uint32_t i = 0; i < WORLD_HEAPS; i++) {
        world_ready(i);
    }
    world_name();
    world_exclude();
}

struct ash_record *world_cut(struct ash_heap *heap) {
    struct ash_record *span = ash_span_cut(heap, 0);
    stage_claim(span != NULL);
    ash_span_put(heap, span, ASH_PLACE_ROOMY);
    return span;
}

struct ash_block *world_take(struct ash_heap *heap, struct ash_record *span) {
    stage_claim(ash_span_stock(heap, span));
    return ash_bin_pop(heap, 0);
}

static uint32_t world_state(struct ash_heap *heap) {
    return atomic_load_explicit(&heap->state, memory_order_relaxed);
}

static bool world_has_news(void) {
    bool news = false;
    for (int i = 0; i < WORLD_HEAPS; i++) {
        stage_claim(world_state(&world_heaps[i]) != ASH_HEAP_TENDED);
        stage_claim(world_state(&world_heaps[i]) != ASH_HEAP_BUSY);
        if (ash_remote_has_news(&world_heaps[i])) {
            stage_claim(world_state(&world_heaps[i]) == ASH_HEAP_ACTIVE);
            news = true;
        }
    }
    return news;
}

static void world_drain(void) {
    for (int i = 0; i < WORLD_HEAPS; i++) {
        if (world_state(&world_heaps[i]) == ASH_HEAP_ACTIVE) {
            ash_remote_drain(&world_heaps[i]);
        }
    }
}

static uint32_t world_span_out(const struct ash_record *span) {
    // Eight blocks have their marks in the first word.
    uint32_t marked = ash_popcount32((uint32_t)*ash_record_marks(span));
    uint32_t used = ash_span_used(span);
    stage_claim(atomic_load_explicit(&span->remote, memory_order_relaxed) == 0);
    stage_claim(used + marked == span->carved);
    return used;
}

void world_settle(uint32_t out) {
    // What is drained may be passed on, at most once to each heap.
    for (int i = 0; i < WORLD_HEAPS && world_has_news(); i++) {
        world_drain();
    }
    stage_claim(!world_has_news());
    uint32_t found = 0;
    for (uint32_t i = 0; i < world_taken; i++) {
        found += world_records[i].kind == ASH_KIND_SPAN ? world_span_out(&world_records[i]) : 0;
    }
    stage_claim(found == out);
}
