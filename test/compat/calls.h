// Every function and macro of mimalloc.h and mimalloc-stats.h, called once, in what C and C++ have
// in common: included by calls.c and calls.cc. names.py sees to it that none is missing.

#ifndef ASHLAR_TEST_COMPAT_CALLS_H
#define ASHLAR_TEST_COMPAT_CALLS_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <ashlar/compat/mimalloc-stats.h>
#include <ashlar/compat/mimalloc.h>

static int faults;

#define HOLDS(c) \
    ((c) ? (void)0 : (void)(faults++, fprintf(stderr, "line %d: %s does not hold\n", __LINE__, #c)))

// Uses the block and frees it.
static void use(void *block) {
    HOLDS(block != NULL);
    if (block != NULL) {
        memset(block, 1, 1);
        mi_free(block);
    }
}

// Text that an output function gets, all of it in one.
static char said[1 << 16];

static void say(const char *message, void *argument) {
    (void)argument;
    size_t before = strlen(said), bytes = strlen(message);
    if (before + bytes < sizeof said) {
        memcpy(said + before, message, bytes + 1);
    }
}

static void call_basic(void) {
    use(mi_malloc(1));
    use(mi_calloc(1, 1));
    use(mi_realloc(NULL, 1));
    HOLDS(mi_expand(NULL, 1) == NULL);
    use(mi_strdup("a"));
    use(mi_strndup("a", 1));
    use(mi_realpath("/", NULL));
    use(mi_malloc_small(MI_SMALL_SIZE_MAX));
    use(mi_zalloc_small(1));
    use(mi_zalloc(1));
    use(mi_mallocn(1, 1));
    use(mi_reallocn(NULL, 1, 1));
    use(mi_reallocf(NULL, 1));
    mi_free_small(mi_malloc_small(1));
    HOLDS(mi_usable_size(NULL) == 0);
    HOLDS(mi_good_size(1) >= 1);
    use(mi_rezalloc(NULL, 1));
    use(mi_recalloc(NULL, 1, 1));
    HOLDS(mi_version() == MI_MALLOC_VERSION);
}

static void call_aligned(void) {
    use(mi_malloc_aligned(1, 64));
    use(mi_malloc_aligned_at(1, 64, 8));
    use(mi_zalloc_aligned(1, 64));
    use(mi_zalloc_aligned_at(1, 64, 8));
    use(mi_calloc_aligned(1, 1, 64));
    use(mi_calloc_aligned_at(1, 1, 64, 8));
    use(mi_realloc_aligned(NULL, 1, 64));
    use(mi_realloc_aligned_at(NULL, 1, 64, 8));
    use(mi_rezalloc_aligned(NULL, 1, 64));
    use(mi_rezalloc_aligned_at(NULL, 1, 64, 8));
    use(mi_recalloc_aligned(NULL, 1, 1, 64));
    use(mi_recalloc_aligned_at(NULL, 1, 1, 64, 8));
}

static void call_with_size(void) {
    size_t before = 0, now = 0;
    use(mi_umalloc(1, &now));
    use(mi_uzalloc(1, &now));
    use(mi_ucalloc(1, 1, &now));
    use(mi_umalloc_small(1, &now));
    use(mi_uzalloc_small(1, &now));
    use(mi_umalloc_aligned(1, 64, &now));
    use(mi_uzalloc_aligned(1, 64, &now));
    mi_ufree(mi_urealloc(NULL, 1, &before, &now), &before);
    HOLDS(before == now && now >= 1);
}

static void call_later(bool force, unsigned long long heartbeat, void *argument) {
    (void)force, (void)heartbeat, (void)argument;
}

static void call_told(int code, void *argument) {
    (void)code, (void)argument;
}

static void call_control(void) {
    size_t values[8];
    mi_register_output(say, NULL);
    mi_register_error(call_told, NULL);
    mi_register_error(NULL, NULL);
    mi_register_deferred_free(call_later, NULL);
    mi_register_deferred_free(NULL, NULL);
    mi_process_init();
    mi_thread_init();
    mi_thread_set_in_threadpool();
    mi_collect(false);
    mi_collect(true);
    mi_collect_reduce(0);
    mi_options_print();
    mi_options_print_out(say, NULL);
    mi_process_info(values, values + 1, values + 2, values + 3, values + 4, values + 5, values + 6,
                    values + 7);
    HOLDS(values[3] > 0 && values[4] >= values[3]);
    mi_process_info_print();
    mi_process_info_print_out(say, NULL);
    mi_thread_done();
    mi_process_done();
    HOLDS(mi_is_redirected() == mi_is_redirected());
    HOLDS(strstr(said, "purge_delay") != NULL);
}

static void call_stats(void) {
    mi_stats_t_decl(stats);
    char json[16384];
    mi_heap_t *heap = mi_heap_new();
    HOLDS(mi_stats_get(&stats));
    HOLDS(mi_heap_stats_get(heap, &stats));
    HOLDS(mi_subproc_stats_get(mi_subproc_main(), &stats));
    HOLDS(mi_subproc_stats_get_exclusive(mi_subproc_main(), &stats));
    HOLDS(mi_stats_get_json(sizeof json, json) == json);
    HOLDS(mi_heap_stats_get_json(heap, sizeof json, json) == json);
    HOLDS(mi_subproc_stats_get_json(mi_subproc_main(), sizeof json, json) == json);
    HOLDS(mi_stats_as_json(&stats, sizeof json, json) == json);
    HOLDS(mi_stats_get_bin_size(0) > 0);
    mi_heap_stats_merge_to_subproc(heap);
    mi_stats_merge();
    mi_stats_reset();
    mi_stats_print(NULL);
    mi_stats_print_out(say, NULL);
    mi_thread_stats_print_out(say, NULL);
    mi_heap_stats_print_out(heap, say, NULL);
    mi_subproc_stats_print_out(mi_subproc_main(), say, NULL);
    mi_subproc_heap_stats_print_out(mi_subproc_main(), say, NULL);
    HOLDS(strstr(said, "malloc_normal") != NULL);
    mi_heap_delete(heap);
}

static void call_heaps(void) {
    mi_heap_t *heap = mi_heap_new();
    use(mi_heap_malloc(heap, 1));
    use(mi_heap_zalloc(heap, 1));
    use(mi_heap_calloc(heap, 1, 1));
    use(mi_heap_mallocn(heap, 1, 1));
    use(mi_heap_malloc_small(heap, 1));
    use(mi_heap_zalloc_small(heap, 1));
    use(mi_heap_realloc(heap, NULL, 1));
    use(mi_heap_reallocn(heap, NULL, 1, 1));
    use(mi_heap_reallocf(heap, NULL, 1));
    use(mi_heap_strdup(heap, "a"));
    use(mi_heap_strndup(heap, "a", 1));
    use(mi_heap_realpath(heap, "/", NULL));
    use(mi_heap_rezalloc(heap, NULL, 1));
    use(mi_heap_recalloc(heap, NULL, 1, 1));
    use(mi_heap_alloc_new(heap, 1));
    use(mi_heap_alloc_new_n(heap, 1, 1));
    mi_heap_set_numa_affinity(heap, -1);
    mi_heap_collect(heap, true);
    void *block = mi_heap_malloc(heap, 1);
    HOLDS(mi_heap_of(block) == heap && mi_heap_contains(heap, block));
    HOLDS(mi_any_heap_contains(block) && !mi_heap_contains(mi_heap_main(), block));
    HOLDS(!mi_unsafe_heap_page_is_under_utilized(heap, NULL, 50));
    mi_heap_destroy(heap);
}

static void call_heaps_aligned(void) {
    mi_heap_t *heap = mi_heap_new();
    use(mi_heap_malloc_aligned(heap, 1, 64));
    use(mi_heap_malloc_aligned_at(heap, 1, 64, 8));
    use(mi_heap_zalloc_aligned(heap, 1, 64));
    use(mi_heap_zalloc_aligned_at(heap, 1, 64, 8));
    use(mi_heap_calloc_aligned(heap, 1, 1, 64));
    use(mi_heap_calloc_aligned_at(heap, 1, 1, 64, 8));
    use(mi_heap_realloc_aligned(heap, NULL, 1, 64));
    use(mi_heap_realloc_aligned_at(heap, NULL, 1, 64, 8));
    use(mi_heap_rezalloc_aligned(heap, NULL, 1, 64));
    use(mi_heap_rezalloc_aligned_at(heap, NULL, 1, 64, 8));
    use(mi_heap_recalloc_aligned(heap, NULL, 1, 1, 64));
    use(mi_heap_recalloc_aligned_at(heap, NULL, 1, 1, 64, 8));
    mi_heap_delete(heap);
}

static void call_handles(void) {
    mi_heap_t *heap = mi_heap_new();
    mi_theap_t *theap = mi_heap_theap(heap);
    use(mi_theap_malloc(theap, 1));
    use(mi_theap_zalloc(theap, 1));
    use(mi_theap_calloc(theap, 1, 1));
    use(mi_theap_malloc_small(theap, 1));
    use(mi_theap_zalloc_small(theap, 1));
    use(mi_theap_malloc_aligned(theap, 1, 64));
    use(mi_theap_realloc(theap, NULL, 1));
    mi_theap_collect(theap, false);
    mi_theap_guarded_set_sample_rate(theap, 0, 0);
    mi_theap_guarded_set_size_bound(theap, 0, 0);
    mi_theap_t *before = mi_theap_set_default(theap);
    HOLDS(mi_theap_get_default() == theap && mi_theap_set_default(before) == theap);
    mi_heap_t *old = mi_heap_set_default(heap);
    void *block = mi_malloc(1);
    HOLDS(mi_heap_get_default() == heap && mi_heap_get_backing() == mi_heap_main());
    HOLDS(mi_heap_contains_block(heap, block) && mi_heap_check_owned(heap, block));
    HOLDS(mi_check_owned(block) && mi_is_in_heap_region(block));
    HOLDS(mi_heap_set_default(old) == heap);
    mi_heap_guarded_set_sample_rate(heap, 0, 0);
    mi_heap_guarded_set_size_bound(heap, 0, 0);
    mi_heap_destroy(heap);
}

static bool call_visit(const mi_heap_t *heap, const mi_heap_area_t *area, void *block,
                       size_t block_size, void *argument) {
    (void)heap, (void)area, (void)block, (void)block_size, (void)argument;
    return true;
}

static bool call_visit_heap(mi_heap_t *heap, void *argument) {
    (void)argument;
    return heap != NULL;
}

static void call_walking(void) {
    mi_heap_t *heap = mi_heap_new();
    HOLDS(mi_heap_visit_blocks(heap, true, call_visit, NULL));
    HOLDS(mi_heap_visit_abandoned_blocks(heap, true, call_visit, NULL));
    HOLDS(mi_abandoned_visit_blocks(mi_subproc_main(), -1, true, call_visit, NULL));
    HOLDS(mi_theap_visit_blocks(mi_heap_theap(heap), true, call_visit, NULL));
    HOLDS(mi_subproc_visit_heaps(mi_subproc_main(), call_visit_heap, NULL));
    mi_subproc_add_current_thread(mi_subproc_current());
    mi_subproc_id_t made = mi_subproc_new();
    HOLDS(made != NULL);
    mi_subproc_destroy(made);
    mi_subproc_delete(NULL);
    mi_heap_delete(heap);
}

static bool call_commit(bool commit, void *start, size_t bytes, bool *is_zero, void *argument) {
    (void)commit, (void)start, (void)bytes, (void)is_zero, (void)argument;
    return true;
}

static void call_arenas(void) {
    mi_arena_id_t arena = NULL;
    size_t size = 1, pages = 1;
    char few[16];
    HOLDS(mi_reserve_os_memory(1 << 22, false, false) == 0);
    HOLDS(mi_reserve_os_memory_ex(1 << 22, false, false, true, &arena) == 0 && arena != NULL);
    (void)mi_reserve_huge_os_pages(0, 0, &pages);
    (void)mi_reserve_huge_os_pages_interleave(0, 0, 0);
    (void)mi_reserve_huge_os_pages_at(0, -1, 0);
    (void)mi_reserve_huge_os_pages_at_ex(0, -1, 0, false, NULL);
    HOLDS(!mi_manage_os_memory(few, sizeof few, true, false, false, -1));
    HOLDS(!mi_manage_os_memory_ex(few, sizeof few, true, false, false, -1, true, NULL));
    HOLDS(
        !mi_manage_memory(few, sizeof few, false, false, false, -1, true, call_commit, NULL, NULL));
    HOLDS(mi_arena_area(NULL, &size) == NULL && size == 0);
    HOLDS(!mi_arena_contains(NULL, few));
    HOLDS(mi_arena_min_alignment() > 0 && mi_arena_min_size() > 0);
    mi_arenas_print();
    mi_debug_show_arenas();
    mi_heap_delete(mi_heap_new_in_arena(arena));
    mi_heap_delete(mi_heap_new_ex(0, true, NULL));
}

static void call_options(void) {
    mi_option_enable(mi_option_visit_abandoned);
    HOLDS(mi_option_is_enabled(mi_option_visit_abandoned));
    mi_option_disable(mi_option_visit_abandoned);
    mi_option_set_enabled(mi_option_visit_abandoned, true);
    mi_option_set_enabled_default(mi_option_visit_abandoned, false);
    mi_option_set(mi_option_os_tag, 7);
    mi_option_set_default(mi_option_os_tag, 8);
    HOLDS(mi_option_get(mi_option_os_tag) == 7);
    HOLDS(mi_option_get_clamp(mi_option_os_tag, 1, 3) == 3);
    HOLDS(mi_option_get_size(mi_option_arena_reserve) >= 1024);
}

static void call_posix(void) {
    void *block = NULL;
    char *value = NULL;
    unsigned short *wide = NULL;
    const unsigned short wide_name[] = {'N', 'O', 'N', 'E', 0};
    size_t size = 1;
    mi_cfree(mi_malloc(1));
    HOLDS(mi__expand(NULL, 1) == NULL);
    HOLDS(mi_malloc_size(NULL) == 0 && mi_malloc_usable_size(NULL) == 0);
    HOLDS(mi_malloc_good_size(1) >= 1);
    HOLDS(mi_posix_memalign(&block, 64, 1) == 0);
    use(block);
    HOLDS(mi__posix_memalign(&block, 64, 1) == 0);
    use(block);
    use(mi_memalign(64, 1));
    use(mi_valloc(1));
    use(mi_pvalloc(1));
    use(mi_aligned_alloc(64, 1));
    use(mi_reallocarray(NULL, 1, 1));
    block = NULL;
    HOLDS(mi_reallocarr(&block, 1, 1) == 0);
    use(mi_aligned_recalloc(block, 1, 1, 64));
    use(mi_aligned_offset_recalloc(NULL, 1, 1, 64, 8));
    mi_free_size(mi_malloc(1), 1);
    mi_free_size_aligned(mi_malloc_aligned(1, 64), 1, 64);
    mi_free_aligned(mi_malloc_aligned(1, 64), 64);
    use(mi_wcsdup(wide_name));
    use(mi_mbsdup((const unsigned char *)"a"));
    HOLDS(mi_dupenv_s(&value, &size, "NONE") == 0 && value == NULL && size == 0);
    HOLDS(mi_wdupenv_s(&wide, &size, wide_name) == 0 && wide == NULL);
}

static void call_new(void) {
    use(mi_new(1));
    use(mi_new_aligned(1, 64));
    use(mi_new_nothrow(1));
    use(mi_new_aligned_nothrow(1, 64));
    use(mi_new_n(1, 1));
    use(mi_new_realloc(NULL, 1));
    use(mi_new_reallocn(NULL, 1, 1));
}

struct called {
    double member[4];
};

static void call_typed(void) {
    mi_heap_t *heap = mi_heap_main();
    use(mi_malloc_tp(struct called));
    use(mi_zalloc_tp(struct called));
    use(mi_calloc_tp(struct called, 2));
    use(mi_mallocn_tp(struct called, 2));
    use(mi_reallocn_tp(NULL, struct called, 2));
    use(mi_recalloc_tp(NULL, struct called, 2));
    use(mi_heap_malloc_tp(heap, struct called));
    use(mi_heap_zalloc_tp(heap, struct called));
    use(mi_heap_calloc_tp(heap, struct called, 2));
    use(mi_heap_mallocn_tp(heap, struct called, 2));
    use(mi_heap_reallocn_tp(heap, NULL, struct called, 2));
    use(mi_heap_recalloc_tp(heap, NULL, struct called, 2));
}

static void call_everything(void) {
    call_basic();
    call_aligned();
    call_with_size();
    call_control();
    call_stats();
    call_heaps();
    call_heaps_aligned();
    call_handles();
    call_walking();
    call_arenas();
    call_options();
    call_posix();
    call_new();
    call_typed();
}

#endif
