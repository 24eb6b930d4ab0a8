// Heaps, a thread's default one, handles, walking, sub-processes.

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <ashlar/compat/mimalloc.h>

#include "support.h"

static bool is_zero(const char *block, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        if (block[i] != 0) {
            return false;
        }
    }
    return true;
}

CLAIM(every_function_of_a_heap_takes_from_it) {
    mi_heap_t *heap = mi_heap_new();
    void *blocks[] = {
        mi_heap_malloc(heap, 10),
        mi_heap_zalloc(heap, 10),
        mi_heap_calloc(heap, 10, 10),
        mi_heap_mallocn(heap, 10, 10),
        mi_heap_malloc_small(heap, 10),
        mi_heap_zalloc_small(heap, 10),
        mi_heap_realloc(heap, NULL, 40000),
        mi_heap_reallocn(heap, NULL, 10, 10),
        mi_heap_reallocf(heap, NULL, 10),
        mi_heap_strdup(heap, "abc"),
        mi_heap_strndup(heap, "abc", 2),
        mi_heap_realpath(heap, "/", NULL),
        mi_heap_rezalloc(heap, NULL, 10),
        mi_heap_recalloc(heap, NULL, 10, 10),
        mi_heap_alloc_new(heap, 10),
        mi_heap_alloc_new_n(heap, 10, 10),
        mi_heap_malloc_aligned(heap, 10, 4096),
        mi_heap_malloc_aligned_at(heap, 10, 64, 8),
        mi_heap_zalloc_aligned(heap, 10, 4096),
        mi_heap_zalloc_aligned_at(heap, 10, 64, 8),
        mi_heap_calloc_aligned(heap, 10, 10, 4096),
        mi_heap_calloc_aligned_at(heap, 10, 10, 64, 8),
        mi_heap_realloc_aligned(heap, NULL, 10, 4096),
        mi_heap_realloc_aligned_at(heap, NULL, 10, 64, 8),
        mi_heap_rezalloc_aligned(heap, NULL, 10, 4096),
        mi_heap_rezalloc_aligned_at(heap, NULL, 10, 64, 8),
        mi_heap_recalloc_aligned(heap, NULL, 10, 10, 4096),
        mi_heap_recalloc_aligned_at(heap, NULL, 10, 10, 64, 8),
        mi_theap_malloc(mi_heap_theap(heap), 10),
        mi_theap_zalloc(mi_heap_theap(heap), 10),
        mi_theap_calloc(mi_heap_theap(heap), 10, 10),
        mi_theap_malloc_small(mi_heap_theap(heap), 10),
        mi_theap_zalloc_small(mi_heap_theap(heap), 10),
        mi_theap_malloc_aligned(mi_heap_theap(heap), 10, 4096),
        mi_theap_realloc(mi_heap_theap(heap), NULL, 10),
    };
    size_t count = sizeof blocks / sizeof blocks[0];
    for (size_t i = 0; i < count; i++) {
        expect(blocks[i] != NULL && mi_heap_of(blocks[i]) == heap);
    }
    for (size_t i = 0; i < count; i += 2) {
        mi_free(blocks[i]);
    }
    mi_heap_destroy(heap);
    expect(mi_heap_of(blocks[1]) != heap);
}

CLAIM(an_overflow_is_refused_by_every_heap) {
    mi_heap_t *heap = mi_heap_new();
    const size_t half = SIZE_MAX / 2;
    expect(mi_heap_calloc(heap, half, 3) == NULL && mi_heap_mallocn(heap, half, 3) == NULL);
    expect(mi_heap_reallocn(heap, NULL, half, 3) == NULL);
    expect(mi_heap_recalloc(heap, NULL, half, 3) == NULL);
    expect(mi_heap_calloc_aligned(heap, half, 3, 64) == NULL);
    expect(mi_heap_recalloc_aligned(heap, NULL, half, 3, 64) == NULL);
    expect(mi_theap_calloc(mi_heap_theap(heap), half, 3) == NULL);
    expect(mi_heap_reallocf(heap, mi_heap_malloc(heap, 8), SIZE_MAX) == NULL);
    errno = 0;
    expect(mi_heap_malloc_aligned(heap, 8, 24) == NULL && errno == EINVAL);
    mi_heap_destroy(heap);
}

CLAIM(a_block_that_is_resized_moves_to_the_heap_that_is_asked_for) {
    mi_heap_t *first = mi_heap_new(), *second = mi_heap_new();
    char *block = mi_heap_malloc_aligned(first, 100, 128);
    memset(block, 7, 100);
    block = mi_heap_realloc_aligned(second, block, 120, 128);
    expect(mi_heap_of(block) == second && block[99] == 7);
    block = mi_heap_realloc(first, block, 50000);
    expect(mi_heap_of(block) == first && block[99] == 7);
    block = mi_realloc(block, 100000);
    expect(mi_heap_of(block) == first);
    mi_heap_destroy(second);
    mi_heap_destroy(first);
}

CLAIM(what_moves_to_another_heap_is_cleared_behind_its_end) {
    mi_heap_t *first = mi_heap_new(), *second = mi_heap_new();
    char *block = mi_heap_zalloc(first, 100);
    block = mi_heap_rezalloc(second, block, 3000);
    expect(mi_heap_of(block) == second && is_zero(block, 3000));
    block = mi_heap_recalloc_aligned_at(first, block, 2, 3000, 64, 8);
    expect(mi_heap_of(block) == first && is_zero(block, 6000));
    mi_heap_destroy(second);
    mi_heap_destroy(first);
}

CLAIM(blocks_of_a_deleted_heap_are_the_main_heaps) {
    mi_heap_t *heap = mi_heap_new();
    void *small = mi_heap_malloc(heap, 10), *large = mi_heap_malloc(heap, 100000);
    void *huge = mi_heap_malloc_aligned(heap, 1 << 20, 4 << 20);
    mi_heap_delete(heap);
    expect(mi_heap_of(small) == mi_heap_main() && mi_heap_of(large) == mi_heap_main());
    expect(mi_heap_of(huge) == mi_heap_main());
    mi_free(small);
    mi_free(large);
    mi_free(huge);
    mi_heap_delete(NULL);
    mi_heap_destroy(mi_heap_main());
    expect(mi_heap_of(NULL) == NULL && mi_heap_of(&heap) == NULL);
}

static void *default_of_another(void *argument) {
    void *block = mi_malloc(10);
    bool is_own = mi_heap_get_default() == mi_heap_main() && mi_heap_of(block) != argument;
    mi_heap_t *before = mi_heap_set_default(argument);
    mi_free(block);
    block = mi_malloc(10);
    bool is_set = before == mi_heap_main() && mi_heap_of(block) == argument;
    mi_free(block);
    return is_own && is_set ? argument : NULL;
}

CLAIM(a_default_heap_is_of_its_thread) {
    mi_heap_t *heap = mi_heap_new();
    expect(mi_heap_set_default(heap) == mi_heap_main());
    void *blocks[] = {
        mi_malloc(10),   mi_zalloc(10),  mi_malloc_small(10),      mi_zalloc_small(10),
        mi_calloc(2, 5), mi_strdup("a"), mi_aligned_alloc(64, 10), mi_malloc_aligned_at(10, 64, 8),
        mi_new(10)};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        expect(mi_check_owned(blocks[i]) && mi_heap_check_owned(heap, blocks[i]));
        expect(mi_heap_contains_block(heap, blocks[i]));
    }
    pthread_t thread;
    void *agrees = NULL;
    expect_equal(pthread_create(&thread, NULL, default_of_another, heap), 0);
    expect_equal(pthread_join(thread, &agrees), 0);
    expect(agrees == heap && mi_theap_get_default() == mi_heap_theap(heap));
    expect(mi_heap_get_backing() == mi_heap_main());
    mi_heap_destroy(heap);
    expect(mi_heap_get_default() == mi_heap_main() && mi_heap_of(mi_malloc(10)) == mi_heap_main());
}

CLAIM(a_thread_that_is_done_has_the_main_heap) {
    mi_heap_t *heap = mi_heap_new();
    expect(mi_theap_set_default(mi_heap_theap(heap)) == mi_heap_theap(mi_heap_main()));
    mi_thread_done();
    mi_thread_done();
    expect(mi_heap_get_default() == mi_heap_main());
    mi_heap_delete(heap);
}

struct seen {
    size_t areas, blocks, bytes, stop_after;
    const void *sought;
    bool found;
};

static bool see(const mi_heap_t *heap, const mi_heap_area_t *area, void *block, size_t block_size,
                void *argument) {
    struct seen *seen = argument;
    expect(heap != NULL && area->block_size > 0 && area->used <= area->reserved);
    expect(area->full_block_size >= area->block_size && area->committed <= area->reserved);
    if (block == NULL) {
        seen->areas++;
        return true;
    }
    expect((char *)block >= (char *)area->blocks && mi_heap_contains(heap, block));
    seen->blocks++;
    seen->bytes += block_size;
    seen->found |= block == seen->sought;
    return seen->blocks != seen->stop_after;
}

CLAIM(a_walk_finds_the_blocks_in_use) {
    mi_heap_t *heap = mi_heap_new();
    void *blocks[100];
    for (size_t i = 0; i < 100; i++) {
        blocks[i] = mi_heap_malloc(heap, 100 + i * 1000);
    }
    for (size_t i = 0; i < 100; i += 2) {
        mi_free(blocks[i]);
    }
    struct seen seen = {.sought = blocks[51]};
    expect(mi_heap_visit_blocks(heap, true, see, &seen));
    expect_equal(seen.blocks, 50);
    expect(seen.found && seen.areas > 1);
    struct seen areas = {0};
    expect(mi_theap_visit_blocks(mi_heap_theap(heap), false, see, &areas));
    expect(areas.blocks == 0 && areas.areas > 1);
    struct seen some = {.stop_after = 7};
    expect(!mi_heap_visit_blocks(heap, true, see, &some) && some.blocks == 7);
    expect(!mi_heap_visit_blocks(NULL, true, see, &some));
    struct seen left = {0};
    expect(mi_heap_visit_abandoned_blocks(heap, true, see, &left));
    expect(mi_abandoned_visit_blocks(mi_subproc_main(), -1, true, see, &left) && left.areas == 0);
    mi_heap_destroy(heap);
}

CLAIM(an_area_with_few_blocks_is_told_from_a_full_one) {
    mi_heap_t *heap = mi_heap_new();
    void *blocks[2000];
    for (size_t i = 0; i < 2000; i++) {
        blocks[i] = mi_heap_malloc(heap, 1000);
    }
    expect(!mi_unsafe_heap_page_is_under_utilized(heap, blocks[0], 80));
    for (size_t i = 1; i < 1000; i++) {
        mi_free(blocks[i]);
    }
    mi_heap_collect(heap, true);
    expect(mi_unsafe_heap_page_is_under_utilized(heap, blocks[0], 80));
    expect(!mi_unsafe_heap_page_is_under_utilized(mi_heap_main(), blocks[0], 80));
    expect(!mi_unsafe_heap_page_is_under_utilized(heap, NULL, 80));
    mi_heap_destroy(heap);
}

static bool count_heaps(mi_heap_t *heap, void *argument) {
    size_t *count = argument;
    return heap != NULL && ++*count < 100;
}

static void *live_apart(void *argument) {
    mi_subproc_add_current_thread(argument);
    mi_heap_t *heap = mi_heap_new();
    bool apart = mi_subproc_current() == argument && mi_heap_main() != heap &&
                 mi_heap_of(mi_malloc(10)) == mi_heap_main() && mi_heap_malloc(heap, 10) != NULL;
    size_t count = 0;
    apart &= mi_subproc_visit_heaps(argument, count_heaps, &count) && count >= 1;
    mi_subproc_destroy(argument);  // refused: this thread lives
    apart &= mi_heap_malloc(heap, 10) != NULL;
    return apart ? argument : NULL;
}

CLAIM(a_sub_process_has_heaps_of_its_own) {
    mi_subproc_id_t apart = mi_subproc_new();
    size_t count = 0;
    expect(apart != NULL && apart != mi_subproc_main() &&
           mi_subproc_current() == mi_subproc_main());
    pthread_t thread;
    void *agrees = NULL;
    expect_equal(pthread_create(&thread, NULL, live_apart, apart), 0);
    expect_equal(pthread_join(thread, &agrees), 0);
    expect(agrees == apart);
    mi_subproc_delete(apart);
    expect(mi_subproc_visit_heaps(mi_subproc_main(), count_heaps, &count));
    expect_equal(count, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_of_a_heap_takes_from_it),
        cmocka_unit_test(an_overflow_is_refused_by_every_heap),
        cmocka_unit_test(a_block_that_is_resized_moves_to_the_heap_that_is_asked_for),
        cmocka_unit_test(what_moves_to_another_heap_is_cleared_behind_its_end),
        cmocka_unit_test(blocks_of_a_deleted_heap_are_the_main_heaps),
        cmocka_unit_test(a_default_heap_is_of_its_thread),
        cmocka_unit_test(a_thread_that_is_done_has_the_main_heap),
        cmocka_unit_test(a_walk_finds_the_blocks_in_use),
        cmocka_unit_test(an_area_with_few_blocks_is_told_from_a_full_one),
        cmocka_unit_test(a_sub_process_has_heaps_of_its_own),
    };
    return RUN_TESTS(tests);
}
