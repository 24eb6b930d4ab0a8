// Statistics of mimalloc.h and mimalloc-stats.h, over ashlar/stats.h.

#include "ashlar/stats.h"

#include <stdint.h>
#include <string.h>

#include "ashlar/compat/mimalloc-stats.h"
#include "compat/mimalloc_layer.h"

// Figures -------------------------------------------------------------------------------

static void stat_set(mi_stat_count_t *count, size_t now, size_t peak) {
    count->current = (int64_t)now;
    count->peak = (int64_t)(peak > now ? peak : now);
    count->total = count->peak;
}

// Adds what a part has to what the others have.
static void stat_add(mi_stat_count_t *count, size_t now) {
    stat_set(count, (size_t)count->current + now, (size_t)count->peak);
}

static void stat_add_heap(const struct ash_stats *ours, mi_stats_t *stats) {
    stat_add(&stats->pages, ours->spans);
    stat_add(&stats->page_committed, ours->active);
    stat_add(&stats->malloc_normal, ours->small + ours->large);
    stat_add(&stats->malloc_huge, ours->huge);
    stat_add(&stats->malloc_requested, ours->allocated);
    stat_add(&stats->heaps, 1);
    stat_add(&stats->theaps, ours->thread_heaps);
    stats->pages_retire.total += (int64_t)ours->spans_retired;
    stats->pages_reclaim_on_alloc.total += (int64_t)ours->spans_adopted;
    stats->page_searches_count.total += (int64_t)ours->refills;
}

static void stat_add_process(const struct ash_stats *ours, mi_stats_t *stats) {
    stat_set(&stats->reserved, ours->mapped, ours->mapped_peak);
    stat_set(&stats->committed, ours->committed, ours->active_peak);
    stat_set(&stats->purged, ours->purged, ours->purged_so_far);
    stats->purged.total = (int64_t)ours->purged_so_far;
    stat_set(&stats->threads, ours->thread_heaps - ours->orphans, 0);
    stats->mmap_calls.total = (int64_t)ours->maps;
    stats->purge_calls.total = (int64_t)ours->purges;
}

static void stat_add_classes(const ash_heap_t *heap, mi_stats_t *stats) {
    struct ash_class_stats classes[MI_STAT_BINS];
    size_t count = ash_stats_classes(heap, classes, MI_STAT_BINS, sizeof classes[0]);
    for (size_t i = 0; i < count && i < MI_STAT_BINS; i++) {
        stat_add(&stats->malloc_bins[i], classes[i].allocated);
        stat_add(&stats->page_bins[i], classes[i].spans);
    }
}

// Empties it; false if it was made for something else.
static bool stat_begin(mi_stats_t *stats) {
    if (stats == NULL || stats->size != sizeof *stats || stats->version != MI_STAT_VERSION) {
        return false;
    }
    memset(stats, 0, sizeof *stats);
    stats->size = sizeof *stats;
    stats->version = MI_STAT_VERSION;
    return true;
}

static bool stat_heap(ash_heap_t *heap, void *argument) {
    struct ash_stats ours = {0};
    ash_mi_sized(&ours.bytes, sizeof ours);
    mi_stats_t *stats = argument;
    if (!ash_heap_stats_get(heap, &ours)) {
        return false;
    }
    stat_add_heap(&ours, stats);
    stat_add_classes(heap, stats);
    return true;
}

bool mi_heap_stats_get(mi_heap_t *heap, mi_stats_t *stats) {
    return heap != NULL && stat_begin(stats) && stat_heap(ash_mi_ours(heap), stats);
}

bool mi_subproc_stats_get_exclusive(mi_subproc_id_t subproc_id, mi_stats_t *stats) {
    struct ash_stats ours = {0};
    ash_mi_sized(&ours.bytes, sizeof ours);
    if (!stat_begin(stats)) {
        return false;
    }
    if (subproc_id != ash_subproc_main()) {
        return true;
    }
    bool known = ash_stats_get(&ours);
    stat_add_process(&ours, stats);
    return known;
}

bool mi_subproc_stats_get(mi_subproc_id_t subproc_id, mi_stats_t *stats) {
    return mi_subproc_stats_get_exclusive(subproc_id, stats) &&
           ash_subproc_visit_heaps((ash_subproc_t *)subproc_id, stat_heap, stats);
}

bool mi_stats_get(mi_stats_t *stats) {
    return mi_subproc_stats_get(ash_subproc_current(), stats);
}

size_t mi_stats_get_bin_size(size_t bin) {
    struct ash_class_stats classes[MI_STAT_BINS];
    size_t count = ash_stats_classes(NULL, classes, MI_STAT_BINS, sizeof classes[0]);
    return bin < count && bin < MI_STAT_BINS ? classes[bin].block_bytes : 0;
}

void mi_heap_stats_merge_to_subproc(mi_heap_t *heap) {
    (void)heap;
}

// Figures here are of what there is, so there is nothing to merge and nothing to begin anew.
void mi_stats_reset(void) {}

void mi_stats_merge(void) {}

// Text ----------------------------------------------------------------------------------

struct stat_output {
    mi_output_fun *out;
    void *arg;
};

static void stat_piece(const char *text, void *argument) {
    const struct stat_output *output = argument;
    ash_mi_print(output->out, output->arg, text);
}

void mi_stats_print_out(mi_output_fun *out, void *arg) {
    struct stat_output output = {out, arg};
    (void)ash_stats_print(stat_piece, &output);
}

void mi_stats_print(void *out) {
    (void)out;
    mi_stats_print_out(NULL, NULL);
}

void mi_thread_stats_print_out(mi_output_fun *out, void *arg) {
    mi_stats_print_out(out, arg);
}

static void stat_print_json(mi_output_fun *out, void *arg, char *json) {
    if (json != NULL) {
        ash_mi_print(out, arg, json);
        ash_mi_print(out, arg, "\n");
        mi_free(json);
    }
}

void mi_heap_stats_print_out(mi_heap_t *heap, mi_output_fun *out, void *arg) {
    stat_print_json(out, arg, mi_heap_stats_get_json(heap, 0, NULL));
}

void mi_subproc_stats_print_out(mi_subproc_id_t subproc_id, mi_output_fun *out, void *arg) {
    stat_print_json(out, arg, mi_subproc_stats_get_json(subproc_id, 0, NULL));
}

static bool stat_print_heap(ash_heap_t *heap, void *argument) {
    const struct stat_output *output = argument;
    mi_heap_stats_print_out(ash_mi_theirs(heap), output->out, output->arg);
    return true;
}

void mi_subproc_heap_stats_print_out(mi_subproc_id_t subproc_id, mi_output_fun *out, void *arg) {
    struct stat_output output = {out, arg};
    mi_subproc_stats_print_out(subproc_id, out, arg);
    (void)ash_subproc_visit_heaps((ash_subproc_t *)subproc_id, stat_print_heap, &output);
}

// The process ---------------------------------------------------------------------------

static void stat_give(size_t *to, uint64_t value) {
    if (to != NULL) {
        *to = value > SIZE_MAX ? SIZE_MAX : (size_t)value;
    }
}

void mi_process_info(size_t *elapsed_msecs, size_t *user_msecs, size_t *system_msecs,
                     size_t *current_rss, size_t *peak_rss, size_t *current_commit,
                     size_t *peak_commit, size_t *page_faults) {
    struct ash_process_info info = {0};
    ash_mi_sized(&info.bytes, sizeof info);
    struct ash_stats ours = {0};
    ash_mi_sized(&ours.bytes, sizeof ours);
    (void)ash_process_info(&info);
    (void)ash_stats_get(&ours);
    stat_give(elapsed_msecs, info.elapsed_ms);
    stat_give(user_msecs, info.user_ms);
    stat_give(system_msecs, info.system_ms);
    stat_give(current_rss, info.resident);
    stat_give(peak_rss, info.resident_peak);
    stat_give(current_commit, info.committed);
    stat_give(peak_commit, ours.active_peak > info.committed ? ours.active_peak : info.committed);
    stat_give(page_faults, info.major_faults);
}

void mi_process_info_print_out(mi_output_fun *out, void *arg) {
    static const char *const names[] = {
        "elapsed ms: ",    "user ms: ",   "system ms: ",      "resident: ",
        "resident peak: ", "committed: ", "committed peak: ", "page faults: "};
    size_t values[8];
    mi_process_info(values, values + 1, values + 2, values + 3, values + 4, values + 5, values + 6,
                    values + 7);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct ash_mi_text line = {0};
        ash_mi_add(&line, names[i]);
        ash_mi_add_number(&line, (long long)values[i]);
        ash_mi_add(&line, "\n");
        ash_mi_print(out, arg, line.text);
    }
}

void mi_process_info_print(void) {
    mi_process_info_print_out(NULL, NULL);
}
