// Every function and macro of the headers, in what C and C++ have in common: included by
// headers.c and headers.cc. USE keeps a result, whose block a later call frees.

#ifndef ASHLAR_TEST_API_HEADERS_H
#define ASHLAR_TEST_API_HEADERS_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <ashlar/arena.h>
#include <ashlar/ashlar.h>
#include <ashlar/control.h>
#include <ashlar/local.h>
#include <ashlar/options.h>
#include <ashlar/stats.h>
#include <ashlar/typed.h>
#include <ashlar/walk.h>

static int faults;

#define HOLDS(c) \
    ((c) ? (void)0 : (void)(faults++, fprintf(stderr, "line %d: %s does not hold\n", __LINE__, #c)))

// Uses the block and frees it.
static void use(void *block) {
    HOLDS(block != NULL);
    if (block != NULL) {
        memset(block, 1, 1);
        ash_free(block);
    }
}

static void use_basic(void) {
    void *block = NULL;
    use(ash_malloc(1));
    use(ash_calloc(1, 1));
    use(ash_realloc(NULL, 1));
    use(ash_reallocarray(NULL, 1, 1));
    ash_free_sized(ash_malloc(5), 5);
    ash_free_aligned_sized(ash_aligned_alloc(64, 5), 64, 5);
    HOLDS(ash_posix_memalign(&block, 64, 1) == 0);
    use(block);
    use(ash_memalign(64, 1));
    use(ash_valloc(1));
    use(ash_pvalloc(1));
    HOLDS(ash_good_size(1) >= 1);
    HOLDS(ash_good_size_aligned(1, 64) >= 1);
    HOLDS(ash_version() == 10000 * ASH_VERSION_MAJOR + 100 * ASH_VERSION_MINOR + ASH_VERSION_PATCH);
    HOLDS(ash_thread_id() != 0);
    struct ash_thread_identity identity;
    ash_thread_identity(&identity, sizeof identity);
    HOLDS(identity.slot != NULL);
    ash_thread_idle();
    (void)ash_collect();
    (void)ash_is_active();
    void *sized = ash_malloc(1);
    HOLDS(ash_usable_size(sized) == ash_good_size(1));
    use(sized);
}

static void use_extended(void) {
    size_t usable = 0, before = 0;
    use(ash_zalloc(1));
    use(ash_malloc_small(ASH_SMALL_MAX));
    use(ash_zalloc_small(1));
    use(ash_mallocn(1, 1));
    use(ash_callocn(1, 1));
    use(ash_reallocn(NULL, 1, 1));
    use(ash_reallocf(NULL, 1));
    use(ash_rezalloc(NULL, 1));
    use(ash_recalloc(NULL, 1, 1));
    HOLDS(ash_expand(NULL, 1) == NULL);
    use(ash_umalloc(1, &usable));
    use(ash_uzalloc(1, &usable));
    use(ash_ucalloc(1, 1, &usable));
    use(ash_umalloc_small(1, &usable));
    use(ash_uzalloc_small(1, &usable));
    use(ash_umalloc_aligned(1, 64, &usable));
    use(ash_uzalloc_aligned(1, 64, &usable));
    ash_ufree(ash_urealloc(NULL, 1, &before, &usable), &usable);
    HOLDS(usable == ash_good_size(1));
    use(ash_strdup("a"));
    use(ash_strndup("a", 1));
    use(ash_wcsdup(L"a"));
    use(ash_realpath("/", NULL));
    HOLDS(ash_memalignment(NULL) == 0);
}

static void use_aligned(void) {
    use(ash_malloc_aligned(1, 64));
    use(ash_zalloc_aligned(1, 64));
    use(ash_calloc_aligned(1, 1, 64));
    use(ash_malloc_aligned_at(1, 64, 8));
    use(ash_zalloc_aligned_at(1, 64, 8));
    use(ash_calloc_aligned_at(1, 1, 64, 8));
    use(ash_mallocn_aligned(1, 1, 64));
    use(ash_reallocn_aligned(NULL, 1, 1, 64));
    use(ash_realloc_aligned(NULL, 1, 64));
    use(ash_realloc_aligned_at(NULL, 1, 64, 8));
    use(ash_rezalloc_aligned(NULL, 1, 64));
    use(ash_rezalloc_aligned_at(NULL, 1, 64, 8));
    use(ash_recalloc_aligned(NULL, 1, 1, 64));
    use(ash_recalloc_aligned_at(NULL, 1, 1, 64, 8));
}

static void use_options(void) {
    char message[100];
    struct ash_option_details info;
    HOLDS(ash_option_by_name("purge_delay") == ASH_OPTION_PURGE_DELAY);
    HOLDS(ash_option_get(ASH_OPTION_PURGE_DELAY) >= 0);
    HOLDS(ash_option_set(ASH_OPTION_PURGE_DELAY, 7) == 0);
    HOLDS(ash_option_set_default(ASH_OPTION_PURGE_DELAY, 8) == 0);
    HOLDS(ash_option_get(ASH_OPTION_PURGE_DELAY) == 7);
    HOLDS(ash_option_set_text("purge_delay", "1s", message, sizeof message) == 0);
    HOLDS(ash_option_info(ASH_OPTION_PURGE_DELAY, &info, sizeof info) == 0);
    HOLDS(info.value == 1000 && info.kind == ASH_OPTION_KIND_MILLISECONDS);
}

struct plain {
    int number;
    char *text;
};

static void use_types(void) {
    struct plain *plain = ASH_MALLOC_T(struct plain);
    use(plain);
    plain = ASH_ZALLOC_T(struct plain);
    HOLDS(plain->number == 0 && plain->text == NULL);
    use(plain);
    plain = ASH_CALLOC_T(struct plain, 10);
    HOLDS(plain[9].number == 0);
    plain = ASH_REALLOC_T(plain, struct plain, 20);
    use(plain);
    plain = ASH_MALLOCN_T(struct plain, 20);
    use(plain);
    plain = ASH_RECALLOC_T(NULL, struct plain, 10);
    plain = ASH_RECALLOC_T(plain, struct plain, 1000);
    HOLDS(plain[999].number == 0);
    use(plain);
    struct wide *wide = ASH_CALLOC_T(struct wide, 3);
    HOLDS(ash_memalignment(wide) >= 256 && wide[2].bytes[0] == 0);
    wide = ASH_REALLOC_T(wide, struct wide, 300);
    HOLDS(ash_memalignment(wide) >= 256);
    wide = ASH_RECALLOC_T(wide, struct wide, 600);
    HOLDS(ash_memalignment(wide) >= 256);
    use(wide);
    use(ASH_MALLOC_T(struct wide));
    use(ASH_ZALLOC_T(struct wide));
    use(ASH_MALLOCN_T(struct wide, 2));
}

static void hear_error(enum ash_error error, const char *text, const void *pointer,
                       void *argument) {
    (void)text, (void)pointer;
    *(enum ash_error *)argument = error;
}

static void write_nowhere(const char *text, void *argument) {
    (void)text;
    ++*(int *)argument;
}

static void free_later(bool force, size_t heartbeat, void *argument) {
    *(size_t *)argument = force ? heartbeat : 0;
}

static void hear_limit(size_t used, size_t soft, void *argument) {
    *(bool *)argument = used > soft;
}

static void use_control(void) {
    enum ash_error error = ASH_E_NONE;
    int lines = 0;
    size_t heartbeat = 0;
    bool above = false;
    char text[64];
    ash_set_error_handler(hear_error, &error);
    ash_set_output(write_nowhere, &lines);
    ash_set_deferred_free(free_later, &heartbeat);
    ash_set_limit_handler(hear_limit, &above);
    ash_free(text + 16);
    HOLDS(error == ASH_E_FOREIGN_FREE && lines == 1);
    (void)ash_collect();
    HOLDS(heartbeat > 0);
    HOLDS(ash_limit_set(1, 0) == 0);
    void *block = ash_malloc(100000);
    HOLDS(above && ash_limit_used() >= 100000);
    use(block);
    HOLDS(ash_limit_set(0, 0) == 0);
    ash_set_error_handler(NULL, NULL);
    ash_set_output(NULL, NULL);
    ash_set_deferred_free(NULL, NULL);
    ash_set_limit_handler(NULL, NULL);
}

static void use_heaps(void) {
    ash_heap_t *heap = ash_heap_new();
    size_t usable, before;
    use(ash_heap_malloc_small(heap, 1));
    use(ash_heap_zalloc_small(heap, 1));
    use(ash_heap_mallocn(heap, 1, 1));
    use(ash_heap_callocn(heap, 1, 1));
    use(ash_heap_reallocn(heap, ash_heap_malloc(heap, 1), 1, 1));
    use(ash_heap_reallocf(heap, ash_heap_zalloc(heap, 1), 1));
    use(ash_heap_rezalloc(heap, ash_heap_calloc(heap, 1, 1), 1));
    use(ash_heap_recalloc(heap, ash_heap_realloc(heap, NULL, 1), 1, 1));
    use(ash_heap_reallocarray(heap, NULL, 1, 1));
    use(ash_heap_aligned_alloc(heap, 64, 1));
    use(ash_heap_umalloc(heap, 1, &usable));
    use(ash_heap_uzalloc(heap, 1, &usable));
    use(ash_heap_ucalloc(heap, 1, 1, &usable));
    use(ash_heap_urealloc(heap, NULL, 1, &before, &usable));
    HOLDS(before == 0 && usable >= 1);
    use(ash_heap_umalloc_aligned(heap, 1, 64, &usable));
    use(ash_heap_uzalloc_aligned(heap, 1, 64, &usable));
    use(ash_heap_strdup(heap, "a"));
    use(ash_heap_strndup(heap, "a", 1));
    use(ash_heap_wcsdup(heap, L"a"));
    use(ash_heap_realpath(heap, "/", NULL));
    ash_heap_destroy(heap);
}

static void use_aligned_heaps(void) {
    ash_heap_t *heap = ash_heap_new();
    use(ash_heap_malloc_aligned(heap, 1, 64));
    use(ash_heap_zalloc_aligned(heap, 1, 64));
    use(ash_heap_mallocn_aligned(heap, 1, 1, 64));
    use(ash_heap_calloc_aligned(heap, 1, 1, 64));
    use(ash_heap_malloc_aligned_at(heap, 1, 64, 8));
    use(ash_heap_zalloc_aligned_at(heap, 1, 64, 8));
    use(ash_heap_calloc_aligned_at(heap, 1, 1, 64, 8));
    use(ash_heap_realloc_aligned(heap, NULL, 1, 64));
    use(ash_heap_reallocn_aligned(heap, NULL, 1, 1, 64));
    use(ash_heap_realloc_aligned_at(heap, NULL, 1, 64, 8));
    use(ash_heap_rezalloc_aligned(heap, NULL, 1, 64));
    use(ash_heap_rezalloc_aligned_at(heap, NULL, 1, 64, 8));
    use(ash_heap_recalloc_aligned(heap, NULL, 1, 1, 64));
    use(ash_heap_recalloc_aligned_at(heap, NULL, 1, 1, 64, 8));
    HOLDS(ash_heap_contains(heap, NULL) == false);
    ash_heap_destroy(heap);
}

static bool see_heap(ash_heap_t *heap, void *argument) {
    ++*(size_t *)argument;
    return heap != NULL;
}

static bool see_area(const struct ash_area *area, void *block, size_t block_bytes, void *argument) {
    (void)area, (void)block_bytes;
    *(size_t *)argument += block != NULL;
    return true;
}

static void use_heap_life(void) {
    ash_heap_t *heap = ash_heap_new();
    size_t count = 0;
    ash_heap_set_limit(heap, 1 << 20);
    void *block = ash_heap_malloc(heap, 1);
    HOLDS(ash_heap_of(block) == heap && ash_heap_bytes(heap) > 0);
    HOLDS(ash_heap_visit(heap, true, see_area, &count) && count == 1);
    struct ash_block_info info;
    info.bytes = sizeof info;
    HOLDS(ash_block_info(block, &info) && info.heap == heap);
    (void)ash_heap_collect(heap);
    (void)ash_heap_set_numa_affinity(heap, -1);
    ash_heap_delete(heap);
    HOLDS(ash_heap_of(block) == ash_heap_main());
    use(block);
    ash_subproc_t *subproc = ash_subproc_new();
    HOLDS(ash_subproc_current() == ash_subproc_main());
    block = ash_malloc(1);
    HOLDS(ash_subproc_add_current_thread(subproc) != 0);  // it has a block
    use(block);
    count = 0;
    HOLDS(ash_subproc_visit_heaps(subproc, see_heap, &count) && count == 1);
    HOLDS(ash_subproc_destroy(subproc) == 0);
}

static void use_stats(void) {
    int lines = 0;
    struct ash_stats stats;
    struct ash_process_info info;
    struct ash_class_stats class_stats;
    stats.bytes = sizeof stats;
    info.bytes = sizeof info;
    HOLDS(ash_stats_get(&stats) && ash_process_info(&info));
    HOLDS(ash_heap_stats_get(ash_heap_main(), &stats));
    HOLDS(ash_subproc_stats_get(ash_subproc_main(), &stats));
    HOLDS(ash_stats_classes(NULL, &class_stats, 1, sizeof class_stats) > 1);
    HOLDS(ash_stats_json(NULL, 0) > 0 && ash_heap_stats_json(ash_heap_main(), NULL, 0) > 0);
    HOLDS(ash_subproc_stats_json(ash_subproc_main(), NULL, 0) > 0);
    HOLDS(ash_stats_print(write_nowhere, &lines) && lines > 0);
}

static void use_arenas(void) {
    ash_arena_t *arena = NULL;
    void *base = NULL;
    size_t accessed = 0, bytes = 0;
    int lines = 0;
    HOLDS(ash_arena_min_alignment() > 0 && ash_arena_min_size() > 0);
    HOLDS(!ash_arena_manage(&bytes, 1, 0, -1, NULL, NULL, &arena));
    (void)ash_arena_reserve_huge(0, -1, 0, 0, NULL);
    (void)ash_arena_reserve_huge_interleave(0, 0, 0);
    if (ash_arena_reserve(1 << 24, 0, &arena)) {
        HOLDS(ash_arena_contains(arena, ash_arena_area(arena, &bytes)));
        ash_heap_t *heap = ash_heap_new_in_arena(arena);
        use(ash_heap_malloc(heap, 1));
        ash_heap_destroy(heap);
        ash_arenas_print(write_nowhere, &lines);
        HOLDS(lines > 0 && ash_arena_unload(arena, &base, &accessed, &bytes));
    }
}

static void use_local(void) {
    ash_heap_t *heap = ash_heap_new();
    ash_local_t *local = ash_heap_local(heap);
    HOLDS(local != NULL && ash_local_heap(local) == heap);
    use(ash_local_malloc(local, 1));
    use(ash_local_malloc_small(local, 1));
    use(ash_local_zalloc(local, 1));
    use(ash_local_zalloc_small(local, 1));
    use(ash_local_calloc(local, 1, 1));
    use(ash_local_malloc_aligned(local, 1, 64));
    use(ash_local_zalloc_aligned(local, 1, 64));
    void *block = ash_local_realloc(local, NULL, 1);
    HOLDS(ash_heap_of(block) == heap);
    ash_local_free(local, block);
    ash_heap_destroy(heap);
}

static void use_typed(void) {
    ash_type_t type = ASH_TYPE("struct node");
    HOLDS(type != ASH_TYPE("struct edge"));
    use(ash_malloc_typed(1, type));
    use(ash_calloc_typed(1, 1, type));
    use(ash_malloc_aligned_typed(1, 64, type));
    use(ash_realloc_typed(NULL, 1, type));
}

static int use_all(void) {
    use_basic();
    use_extended();
    use_aligned();
    use_options();
    use_types();
    use_heaps();
    use_aligned_heaps();
    use_local();
    use_typed();
    use_heap_life();
    use_stats();
    use_arenas();
    use_control();
    return faults == 0 ? 0 : 1;
}

#endif
