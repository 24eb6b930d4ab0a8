// Statistics of a sub-process: those of all of its heaps, and of no other.

#include "api/scope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ashlar/stats.h"
#include "os_fake.h"
#include "players.h"
#include "support.h"

enum { HEAPS = 300, SIZES = 5 };

static const size_t sizes[SIZES] = {24, 3000, ASH_BLOCK_MAX, 100000, (size_t)ASH_RUN_MAX + 1};
static ash_heap_t *heaps[HEAPS];

static struct ash_stats stats_of(ash_subproc_t *subproc) {
    struct ash_stats s = {.bytes = sizeof s};
    expect(ash_subproc_stats_get(subproc, &s));
    expect(s.bytes == sizeof s && s.version == ASH_STATS_VERSION && s.exact == 1);
    expect_equal(s.mapped, s.active);
    expect_equal(s.active, s.run_rest + s.span_free + s.ready + s.returning + s.allocated);
    expect_equal(s.allocated, s.small + s.large + s.huge);
    return s;
}

static bool add_heap(ash_heap_t *heap, void *argument) {
    struct ash_stats one = {.bytes = sizeof one}, *sum = argument;
    expect(ash_heap_stats_get(heap, &one));
    sum->active += one.active;
    sum->small += one.small;
    sum->large += one.large;
    sum->huge += one.huge;
    sum->run_rest += one.run_rest;
    sum->huge_blocks += one.huge_blocks;
    sum->spans += one.spans;
    sum->thread_heaps += one.thread_heaps;
    return true;
}

static void expect_sum(ash_subproc_t *subproc) {
    struct ash_stats sum = {0}, s = stats_of(subproc);
    expect(ash_subproc_visit_heaps(subproc, add_heap, &sum));
    expect_equal(s.active, sum.active);
    expect_equal(s.small, sum.small);
    expect_equal(s.large, sum.large);
    expect_equal(s.huge, sum.huge);
    expect_equal(s.run_rest, sum.run_rest);
    expect_equal(s.huge_blocks, sum.huge_blocks);
    expect_equal(s.spans, sum.spans);
    expect_equal(s.thread_heaps, sum.thread_heaps);
}

static void fill(ash_heap_t *heap) {
    for (int i = 0; i < SIZES; i++) {
        expect(ash_heap_malloc(heap, sizes[i]) != NULL);
    }
}

static ash_subproc_t *start(void) {
    player_enter(0);
    fill(ash_heap_main());
    fill(ash_heap_new());
    ash_subproc_t *subproc = ash_subproc_new();
    player_enter(1);
    expect_equal(ash_subproc_add_current_thread(subproc), 0);
    return subproc;
}

CLAIM(a_sub_process_is_the_sum_of_its_heaps) {
    ash_subproc_t *subproc = start();
    expect_equal(stats_of(subproc).active, 0);
    fill(ash_heap_main());
    expect_sum(subproc);
    for (int i = 0; i < 5; i++) {
        heaps[i] = ash_heap_new();
        fill(heaps[i]);
        expect_sum(subproc);
    }
    ash_heap_destroy(heaps[1]);
    ash_heap_delete(heaps[3]);
    expect_sum(subproc);
    expect_sum(ash_subproc_main());
}

CLAIM(all_sub_processes_together_are_the_process) {
    ash_subproc_t *subproc = start();
    fill(ash_heap_main());
    fill(ash_heap_new());
    struct ash_stats whole = {.bytes = sizeof whole};
    expect(ash_stats_get(&whole));
    struct ash_stats first = stats_of(ash_subproc_main()), second = stats_of(subproc);
    expect_equal(whole.active, first.active + second.active);
    expect_equal(whole.small, first.small + second.small);
    expect_equal(whole.large, first.large + second.large);
    expect_equal(whole.huge, first.huge + second.huge);
    expect_equal(whole.thread_heaps, first.thread_heaps + second.thread_heaps);
    expect_equal(whole.refills, first.refills + second.refills);
}

// Ended and made again, so that the list is in no order.
CLAIM(many_heaps_are_found_in_any_order) {
    ash_subproc_t *subproc = start();
    struct sequence sequence = sequence_from(17);
    for (int i = 0; i < 3 * HEAPS; i++) {
        size_t at = sequence_below(&sequence, HEAPS);
        ash_heap_destroy(heaps[at]);
        heaps[at] = i % 3 == 0 ? NULL : ash_heap_new();
        if (heaps[at] != NULL) {
            expect(ash_heap_malloc(heaps[at], 24) != NULL);
        }
    }
    expect_sum(subproc);
    struct ash_scope scope;
    expect(ash_scope_open(&scope, (struct ash_realm *)(void *)subproc));
    for (int i = 0; i < HEAPS; i++) {
        expect(heaps[i] == NULL || ash_scope_has(&scope, heaps[i]));
    }
    expect(!ash_scope_has(&scope, &ash_realm_main) && !ash_scope_has(&scope, NULL));
    expect(ash_scope_has(NULL, NULL));
    for (size_t i = 1; i < scope.count; i++) {
        expect((uintptr_t)scope.realms[i - 1] < (uintptr_t)scope.realms[i]);
    }
    ash_scope_close(&scope);
    struct ash_scope none = {.realms = NULL, .count = 0};
    expect(!ash_scope_has(&none, NULL));
}

CLAIM(it_is_written_as_json_without_the_kernel_s_figures) {
    ash_subproc_t *subproc = start();
    fill(ash_heap_main());
    static char text[1 << 15];
    size_t length = ash_subproc_stats_json(subproc, text, sizeof text);
    expect(length > 0 && length == strlen(text) && strstr(text, "\"process\"") == NULL);
    const char *huge = strstr(text, "\"huge\":");
    expect(huge != NULL);
    expect_equal(strtoull(huge + strlen("\"huge\":"), NULL, 10), stats_of(subproc).huge);
    expect_equal(ash_subproc_stats_json(subproc, NULL, 0), length);
}

CLAIM(what_is_missing_is_said) {
    ash_subproc_t *subproc = start();
    struct ash_stats s = {.bytes = 1};
    errno = 0;
    expect(!ash_subproc_stats_get(subproc, &s) && errno == EINVAL);
    s.bytes = sizeof s;
    os_fake_fail_from(OS_FAKE_ANY, 1);
    errno = 0;
    expect(!ash_subproc_stats_get(subproc, &s) && errno == ENOMEM);
    errno = 0;
    expect(ash_subproc_stats_json(subproc, NULL, 0) == 0 && errno == ENOMEM);
}

CLAIM(the_list_is_given_back) {
    ash_subproc_t *subproc = start();
    fill(ash_heap_main());
    size_t mapped = os_fake_tally().mapped_bytes;
    (void)stats_of(subproc);
    (void)ash_subproc_stats_json(subproc, NULL, 0);
    expect_equal(os_fake_tally().mapped_bytes, mapped);
}

DEATH(an_ended_sub_process_has_none) {
    player_enter(0);
    ash_subproc_t *subproc = ash_subproc_new();
    expect_equal(ash_subproc_destroy(subproc), 0);
    last_words("ASH105: statistics of %#jx: that sub-process has ended before...",
               (uintmax_t)(uintptr_t)subproc);
    (void)stats_of(subproc);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sub_process_is_the_sum_of_its_heaps),
        cmocka_unit_test(all_sub_processes_together_are_the_process),
        cmocka_unit_test(many_heaps_are_found_in_any_order),
        cmocka_unit_test(it_is_written_as_json_without_the_kernel_s_figures),
        cmocka_unit_test(what_is_missing_is_said),
        cmocka_unit_test(the_list_is_given_back),
        cmocka_unit_test(an_ended_sub_process_has_none),
    };
    return RUN_TESTS(tests);
}
