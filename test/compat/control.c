// Errors, output, deferred free, options, statistics.

#define _GNU_SOURCE

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ashlar/ashlar.h>
#include <ashlar/compat/mimalloc-stats.h>
#include <ashlar/compat/mimalloc.h>
#include <ashlar/options.h>

#include "support.h"

struct told {
    int codes[16];
    size_t count;
};

static void tell(int code, void *argument) {
    struct told *told = argument;
    told->codes[told->count++ % 16] = code;
}

struct text {
    char text[1 << 16];
};

static void write_text(const char *message, void *argument) {
    struct text *text = argument;
    size_t before = strlen(text->text);
    expect(before + strlen(message) < sizeof text->text);
    memcpy(text->text + before, message, strlen(message) + 1);
}

CLAIM(errors_are_told_by_their_codes) {
    struct told told = {.count = 0};
    char own[64] = "";
    char *block = mi_malloc(500000);
    mi_register_error(tell, &told);
    expect(mi_malloc((size_t)PTRDIFF_MAX + 1) == NULL && mi_calloc(SIZE_MAX, 2) == NULL);
    expect(mi_malloc_aligned(8, 3) == NULL && mi_malloc(PTRDIFF_MAX - 4096) == NULL);
    mi_free(own);
    expect(mi_realloc(own, 10) == NULL && mi_rezalloc(own, 10) == NULL);
    mi_free(block + 16);
    mi_free_size(own, 3);
    expect(mi_expand(own, 2) == NULL);
    const int codes[] = {EOVERFLOW, EOVERFLOW, EINVAL, ENOMEM, EINVAL,
                         EINVAL,    EINVAL,    EINVAL, EINVAL, EINVAL};
    expect_equal(told.count, sizeof codes / sizeof codes[0]);
    expect(memcmp(told.codes, codes, sizeof codes) == 0);
    mi_free(block);
    mi_register_error(NULL, NULL);
    expect(mi_calloc(SIZE_MAX, 2) == NULL && told.count == 10);
}

// By free itself, so that mi_free's look at the pointer does not come before.
CLAIM(what_ashlar_finds_is_told_too) {
    struct told told = {0};
    static struct text text;
    mi_register_output(write_text, &text);
    mi_register_error(tell, &told);
    expect_equal(ash_option_set(ASH_OPTION_ABORT_ON_ERROR, 0), 0);
    char *block = mi_malloc(100000);
    ash_free(block + 16);
    mi_free(block);
    ash_free(block);
    expect(told.count == 2 && told.codes[0] == EINVAL && told.codes[1] == EINVAL);
    expect(strstr(text.text, "ashlar: ASH103: free of ") == text.text);
    mi_register_error(NULL, NULL);
    ash_free(block);
    expect(told.count == 2);
}

CLAIM(messages_come_when_they_are_asked_for_and_not_too_many) {
    struct text text = {.text = ""};
    mi_register_output(write_text, &text);
    expect(mi_calloc(SIZE_MAX, 2) == NULL);
    expect_text(text.text, "");
    mi_option_enable(mi_option_show_errors);
    mi_option_set(mi_option_max_errors, 2);
    for (int i = 0; i < 5; i++) {
        expect(mi_calloc(SIZE_MAX, 2) == NULL);
    }
    expect_text(text.text,
                "ashlar: ASH503: a count times a size is too large; look at where the count comes "
                "from\n"
                "ashlar: ASH503: a count times a size is too large; look at where the count comes "
                "from\n");
}

CLAIM(without_an_output_function_text_goes_to_standard_error) {
    int ends[2];
    char text[4096];
    expect_equal(pipe(ends), 0);
    int old = dup(STDERR_FILENO);
    expect(dup2(ends[1], STDERR_FILENO) >= 0);
    mi_process_info_print();
    expect(dup2(old, STDERR_FILENO) >= 0);
    close(ends[1]);
    ssize_t bytes = read(ends[0], text, sizeof text - 1);
    expect(bytes > 0);
    text[bytes] = 0;
    expect(strstr(text, "elapsed ms: ") == text);
}

struct later {
    unsigned long long heartbeat;
    size_t calls, forced;
};

// It may allocate, without being called again.
static void do_later(bool force, unsigned long long heartbeat, void *argument) {
    struct later *later = argument;
    later->calls++;
    later->forced += force;
    expect(heartbeat > later->heartbeat);
    later->heartbeat = heartbeat;
    for (int i = 0; i < 3000; i++) {
        mi_free(mi_malloc(10));
    }
}

CLAIM(the_deferred_function_is_called_now_and_then) {
    struct later later = {0};
    mi_register_deferred_free(do_later, &later);
    void *blocks[200];
    for (int i = 0; i < 200; i++) {
        blocks[i] = mi_malloc(100000);
    }
    expect(later.calls >= 10 && later.calls <= 14 && later.forced == 0);
    for (int i = 0; i < 200; i++) {
        mi_free(blocks[i]);
    }
    size_t calls = later.calls;
    mi_collect(false);
    expect(later.calls == calls + 1 && later.forced == 0);
    mi_collect(true);
    mi_heap_collect(mi_heap_main(), true);
    mi_theap_collect(mi_theap_get_default(), true);
    expect_equal(later.forced, 3);
    mi_register_deferred_free(NULL, NULL);
    mi_collect(true);
    mi_collect_reduce(0);
    expect_equal(later.forced, 3);
}

CLAIM(options_that_ashlar_has_are_ashlars) {
    expect_equal(mi_option_get(mi_option_purge_delay), ash_option_get(ASH_OPTION_PURGE_DELAY));
    mi_option_set(mi_option_purge_delay, 33);
    expect(ash_option_get(ASH_OPTION_PURGE_DELAY) == 33);
    mi_option_set(mi_option_purge_delay, -1);
    expect(mi_option_get(mi_option_purge_delay) == -1);
    expect(ash_option_get(ASH_OPTION_PURGE_DELAY) == 3600000);
    mi_option_set(mi_option_allow_thp, 2);
    expect(ash_option_get(ASH_OPTION_HUGE_PAGES) == 1 && mi_option_get(mi_option_allow_thp) == 2);
    mi_option_disable(mi_option_allow_thp);
    expect(ash_option_get(ASH_OPTION_HUGE_PAGES) == 0);
    mi_option_enable(mi_option_verbose);
    mi_option_set_default(mi_option_show_stats, 0);
    expect(ash_option_get(ASH_OPTION_VERBOSE) == 1);
}

CLAIM(options_that_ashlar_has_not_are_kept) {
    for (int i = 0; i < _mi_option_last; i++) {
        mi_option_t option = (mi_option_t)i;
        mi_option_set(option, i % 2);
        expect_equal(mi_option_get(option), i % 2);
        mi_option_set_default(option, 5);
        mi_option_set_enabled_default(option, true);
        expect_equal(mi_option_get(option), i % 2);
        expect(mi_option_is_enabled(option) == (i % 2 != 0));
    }
    mi_option_set((mi_option_t)1000, 5);
    mi_option_set_default((mi_option_t)-1, 5);
    expect(mi_option_get((mi_option_t)1000) == 0 && mi_option_get_size((mi_option_t)-1) == 0);
    mi_option_set(mi_option_arena_reserve, 3);
    expect_equal(mi_option_get_size(mi_option_arena_reserve), 3 * 1024);
    mi_option_set(mi_option_os_tag, -3);
    expect(mi_option_get_size(mi_option_os_tag) == 0);
    expect(mi_option_get_clamp(mi_option_os_tag, -2, 9) == -2);
    expect(mi_option_large_os_pages == mi_option_allow_large_os_pages);
}

CLAIM(options_are_printed_by_name) {
    struct text text = {.text = ""};
    mi_option_set(mi_option_os_tag, -77);
    mi_options_print_out(write_text, &text);
    expect(strstr(text.text, "option 'os_tag': -77\n") != NULL);
    expect(strstr(text.text, "option 'arena_reserve': 1048576 KiB\n") != NULL);
    mi_register_output(write_text, &text);
    text.text[0] = 0;
    mi_options_print();
    expect(strstr(text.text, "option 'verbose'") != NULL);
}

// Statistics ----------------------------------------------------------------------------

CLAIM(statistics_show_what_is_allocated) {
    mi_heap_t *heap = mi_heap_new();
    mi_stats_t_decl(before);
    mi_stats_t_decl(after);
    expect(mi_stats_get(&before));
    void *small = mi_heap_malloc(heap, 1000), *huge = mi_heap_malloc(heap, 100 << 20);
    expect(mi_stats_get(&after));
    expect(after.malloc_huge.current - before.malloc_huge.current >= 100 << 20);
    expect(after.malloc_normal.current - before.malloc_normal.current >= 1000);
    expect(after.committed.current >= after.malloc_huge.current && after.heaps.current == 2);
    expect(after.committed.peak >= after.committed.current && after.threads.current >= 1);
    mi_stats_t_decl(own);
    expect(mi_heap_stats_get(heap, &own));
    expect(own.malloc_huge.current >= 100 << 20 && own.heaps.current == 1);
    expect(own.malloc_normal.current >= 1000 && own.malloc_normal.current < 100000);
    mi_stats_t_decl(rest);
    expect(mi_subproc_stats_get_exclusive(mi_subproc_main(), &rest) && rest.heaps.current == 0);
    expect(mi_subproc_stats_get(mi_subproc_main(), &rest) && rest.heaps.current == 2);
    mi_free(small);
    mi_free(huge);
    mi_heap_delete(heap);
}

CLAIM(statistics_of_another_version_are_refused) {
    mi_stats_t_decl(stats);
    stats.version = 4;
    expect(!mi_stats_get(&stats) && mi_stats_as_json(&stats, 0, NULL) == NULL);
    stats.version = MI_STAT_VERSION;
    stats.size--;
    expect(!mi_stats_get(&stats) && !mi_stats_get(NULL));
    expect(!mi_heap_stats_get(mi_heap_main(), &stats) && !mi_heap_stats_get(NULL, &stats));
    expect(!mi_subproc_stats_get(mi_subproc_main(), &stats));
}

CLAIM(statistics_as_json_fit_or_are_refused) {
    char few[100], enough[16384];
    expect(mi_stats_get_json(sizeof few, few) == NULL && few[0] == 0);
    expect(mi_stats_get_json(0, few) == NULL);
    expect(mi_stats_get_json(sizeof enough, enough) == enough);
    expect(strstr(enough, "{\n  \"version\": 5,\n  \"pages\": {\"total\": ") == enough);
    expect(strcmp(enough + strlen(enough) - 3, "\n}\n") == 0);
    void *block = mi_malloc(10);
    char *made = mi_heap_stats_get_json(mi_heap_main(), 0, NULL);
    mi_free(block);
    expect(strstr(made, "\"malloc_bins\": [\n    {\"block_size\": ") != NULL);
    mi_free(made);
    made = mi_subproc_stats_get_json(mi_subproc_main(), 0, NULL);
    expect(made != NULL);
    mi_free(made);
}

CLAIM(bins_go_up_and_end) {
    size_t last = 0, bin = 0;
    for (; mi_stats_get_bin_size(bin) != 0; bin++) {
        expect(mi_stats_get_bin_size(bin) > last);
        last = mi_stats_get_bin_size(bin);
    }
    expect(bin > 2 && last >= 1024 && mi_stats_get_bin_size(100000) == 0);
}

CLAIM(statistics_are_printed) {
    static struct text text;
    mi_heap_t *heap = mi_heap_new();
    mi_heap_stats_print_out(heap, write_text, &text);
    expect(strstr(text.text, "\"heaps\": {\"total\": 1") != NULL);
    text.text[0] = 0;
    mi_subproc_heap_stats_print_out(mi_subproc_main(), write_text, &text);
    const char *first = strstr(text.text, "\"version\"");
    expect(first != NULL && strstr(strstr(first + 1, "\"version\"") + 1, "\"version\"") != NULL);
    mi_subproc_stats_print_out(mi_subproc_main(), write_text, &text);
    text.text[0] = 0;
    mi_register_output(write_text, &text);
    mi_stats_print(NULL);
    size_t length = strlen(text.text);
    expect(strstr(text.text, "allocated") != NULL);
    mi_stats_print_out(NULL, NULL);
    mi_thread_stats_print_out(write_text, &text);
    expect(strlen(text.text) > 2 * length);
    mi_heap_delete(heap);
}

CLAIM(nothing_is_reset_or_merged) {
    mi_stats_t_decl(stats);
    void *block = mi_malloc(100000);
    mi_stats_reset();
    mi_stats_merge();
    mi_heap_stats_merge_to_subproc(mi_heap_main());
    expect(mi_stats_get(&stats) && stats.malloc_normal.current >= 100000);
    mi_free(block);
}

CLAIM(the_kernel_is_asked_about_the_process) {
    size_t rss = 0, peak = 0, commit = 0, peak_commit = 0, elapsed = SIZE_MAX;
    char *block = mi_malloc(20 << 20);
    memset(block, 1, 20 << 20);
    mi_process_info(&elapsed, NULL, NULL, &rss, &peak, &commit, &peak_commit, NULL);
    expect(rss >= 20 << 20 && peak >= rss && commit >= 20 << 20 && peak_commit >= commit);
    expect(elapsed < 1000000);
    mi_free(block);
    mi_process_info(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    struct text text = {.text = ""};
    mi_process_info_print_out(write_text, &text);
    expect(strstr(text.text, "resident: ") != NULL);
}

CLAIM(the_version_is_that_of_the_interface) {
    expect_equal(mi_version(), 30403);
    expect(mi_is_redirected() == ash_is_active());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_told_by_their_codes),
        cmocka_unit_test(what_ashlar_finds_is_told_too),
        cmocka_unit_test(messages_come_when_they_are_asked_for_and_not_too_many),
        cmocka_unit_test(without_an_output_function_text_goes_to_standard_error),
        cmocka_unit_test(the_deferred_function_is_called_now_and_then),
        cmocka_unit_test(options_that_ashlar_has_are_ashlars),
        cmocka_unit_test(options_that_ashlar_has_not_are_kept),
        cmocka_unit_test(options_are_printed_by_name),
        cmocka_unit_test(statistics_show_what_is_allocated),
        cmocka_unit_test(statistics_of_another_version_are_refused),
        cmocka_unit_test(statistics_as_json_fit_or_are_refused),
        cmocka_unit_test(bins_go_up_and_end),
        cmocka_unit_test(statistics_are_printed),
        cmocka_unit_test(nothing_is_reset_or_merged),
        cmocka_unit_test(the_kernel_is_asked_about_the_process),
        cmocka_unit_test(the_version_is_that_of_the_interface),
    };
    return RUN_TESTS(tests);
}
