// Where other allocators with this interface were found to crash, to hang or to leak.

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ashlar/compat/mimalloc.h>

#include "ashlar/stats.h"
#include "support.h"

#define MIB ((size_t)1 << 20)

enum { SECONDS = 60, ROUNDS = 6, BLOCKS = 64, CHILDREN = 20, THREADS = 2 };

static size_t active_bytes(void) {
    struct ash_stats stats = {.bytes = sizeof stats};
    expect(ash_stats_get(&stats));
    return stats.active;
}

// Whether a child that runs `body`, and then exits as programs do, ends well before long.
static bool ends_well(void (*body)(void)) {
    pid_t child = fork();
    expect(child >= 0);
    if (child == 0) {
        alarm(SECONDS);
        body();
        exit(EXIT_SUCCESS);
    }
    int status = 0;
    expect(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

// Sub-processes --------------------------------------------------------------------------

static void *live_in_sub_process(void *subproc) {
    mi_subproc_add_current_thread(subproc);
    mi_heap_t *main_heap = mi_heap_main();
    void *block = mi_malloc(100);
    mi_heap_t *left_behind = mi_heap_new();
    bool good = main_heap != NULL && mi_heap_of(block) == main_heap &&
                mi_heap_malloc(left_behind, 100) != NULL;
    return good ? subproc : NULL;
}

static void destroy_with_heaps(void) {
    mi_subproc_id_t subproc = mi_subproc_new();
    pthread_t thread;
    void *done = NULL;
    expect_equal(pthread_create(&thread, NULL, live_in_sub_process, subproc), 0);
    pthread_join(thread, &done);
    expect(done == subproc);
    mi_subproc_destroy(subproc);
}

CLAIM(a_sub_process_allocates_and_ends_with_the_heaps_that_were_left_in_it) {
    expect(ends_well(destroy_with_heaps));
}

// Blocks with mappings of their own ------------------------------------------------------

static void fill(mi_heap_t *heap, void *blocks[BLOCKS]) {
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = mi_heap_malloc_aligned(heap, MIB, MIB);
        expect(blocks[i] != NULL && (uintptr_t)blocks[i] % MIB == 0);
        memset(blocks[i], 1, 1);
    }
}

CLAIM(a_destroyed_heap_leaves_no_block_of_a_large_alignment_behind) {
    void *blocks[BLOCKS];
    size_t before = active_bytes();
    for (int round = 0; round < ROUNDS; round++) {
        mi_heap_t *heap = mi_heap_new();
        fill(heap, blocks);
        expect(mi_heap_malloc(heap, 40 * MIB) != NULL);
        expect(active_bytes() >= before + BLOCKS * MIB);
        mi_heap_destroy(heap);
        expect_equal(active_bytes(), before);
    }
}

CLAIM(a_block_of_a_large_alignment_outlives_the_heap_that_is_deleted) {
    void *blocks[BLOCKS];
    size_t before = active_bytes();
    mi_heap_t *heap = mi_heap_new();
    fill(heap, blocks);
    void *huge = mi_heap_malloc(heap, 40 * MIB);
    mi_heap_delete(heap);
    expect(mi_heap_of(huge) == mi_heap_main());
    mi_free(huge);
    for (int i = 0; i < BLOCKS; i++) {
        expect(mi_heap_of(blocks[i]) == mi_heap_main());
        mi_free(blocks[i]);
    }
    expect_equal(active_bytes(), before);
}

// Ends -----------------------------------------------------------------------------------

static void leave_heaps_behind(void) {
    mi_option_enable(mi_option_destroy_on_exit);
    expect(mi_heap_malloc(mi_heap_new(), 100) != NULL);
}

CLAIM(a_process_that_has_heaps_exits) {
    expect(ends_well(leave_heaps_behind));
}

static _Atomic bool over;

static void make_and_end_heaps(void) {
    mi_heap_t *heap = mi_heap_new();
    expect(mi_heap_malloc(heap, 100) != NULL && mi_heap_malloc(heap, 40 * MIB) != NULL);
    mi_heap_delete(mi_heap_new());
    mi_heap_destroy(heap);
}

static void *go_on(void *unused) {
    while (!atomic_load(&over)) {
        make_and_end_heaps();
    }
    return unused;
}

CLAIM(a_child_of_fork_can_use_heaps_while_other_threads_made_and_ended_some) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        expect_equal(pthread_create(&threads[i], NULL, go_on, NULL), 0);
    }
    for (int i = 0; i < CHILDREN; i++) {
        expect(ends_well(make_and_end_heaps));
    }
    atomic_store(&over, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

// Answers --------------------------------------------------------------------------------

CLAIM(an_array_of_none_is_made_without_another_allocator) {
    void *array = mi_malloc(100);
    expect_equal(mi_reallocarr(&array, 0, 8), 0);
    mi_free(array);
    array = NULL;
    expect_equal(mi_reallocarr(&array, 0, 8), 0);
    mi_free(array);
}

static size_t resident_now(void) {
    size_t whole = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    expect(file != NULL && fscanf(file, "%zu %zu", &whole, &resident) == 2);
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

CLAIM(what_is_resident_is_what_the_kernel_says) {
    size_t resident = 0, committed = 0;
    void *block = mi_malloc(256 * MIB);
    expect(block != NULL);
    mi_process_info(NULL, NULL, NULL, &resident, NULL, &committed, NULL, NULL);
    expect(committed >= 256 * MIB);
    size_t now = resident_now();
    expect(resident <= now + 16 * MIB && now <= resident + 16 * MIB);
    mi_free(block);
}

CLAIM(a_thread_may_begin_with_any_call) {
    expect(ash_usable_size(NULL) == 0);
    void *block = mi_realloc(NULL, 10);
    expect(mi_heap_of(block) == mi_heap_main() && mi_usable_size(block) >= 10);
    mi_free(block);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sub_process_allocates_and_ends_with_the_heaps_that_were_left_in_it),
        cmocka_unit_test(a_destroyed_heap_leaves_no_block_of_a_large_alignment_behind),
        cmocka_unit_test(a_block_of_a_large_alignment_outlives_the_heap_that_is_deleted),
        cmocka_unit_test(a_process_that_has_heaps_exits),
        cmocka_unit_test(a_child_of_fork_can_use_heaps_while_other_threads_made_and_ended_some),
        cmocka_unit_test(an_array_of_none_is_made_without_another_allocator),
        cmocka_unit_test(what_is_resident_is_what_the_kernel_says),
        cmocka_unit_test(a_thread_may_begin_with_any_call),
    };
    return RUN_TESTS(tests);
}
