// Statistics of mimalloc.h as figures, under the names of mimalloc 3.4. They are taken from
// ashlar/stats.h, which says what each means; what ashlar does not have is 0.

#ifndef ASHLAR_COMPAT_MIMALLOC_STATS_H
#define ASHLAR_COMPAT_MIMALLOC_STATS_H

#include "mimalloc.h"

#define MI_STAT_VERSION 5

// What there is of something: now, at most so far, and in all. Where ashlar does not count one of
// them, `total` and `peak` are what is there now.
typedef struct mi_stat_count_s {
    int64_t total;
    int64_t peak;
    int64_t current;
} mi_stat_count_t;

// How often something has happened.
typedef struct mi_stat_counter_s {
    int64_t total;
} mi_stat_counter_t;

#define MI_STAT_BINS 74
#define MI_STAT_CHUNK_BINS 6

// In bytes: reserved, committed, reset, purged, page_committed, malloc_... A page is what ashlar
// calls a span or a run; bins are its size classes, smallest first, and how many blocks of each
// are in use.
typedef struct mi_stats_s {
    size_t size;     // sizeof(mi_stats_t): set it before the call, as mi_stats_t_decl does
    size_t version;  // MI_STAT_VERSION, likewise

    mi_stat_count_t pages;
    mi_stat_count_t reserved;
    mi_stat_count_t committed;
    mi_stat_count_t reset;
    mi_stat_count_t purged;
    mi_stat_count_t page_committed;
    mi_stat_count_t pages_abandoned;
    mi_stat_count_t threads;
    mi_stat_count_t malloc_normal;
    mi_stat_count_t malloc_huge;
    mi_stat_count_t malloc_requested;

    mi_stat_counter_t mmap_calls;
    mi_stat_counter_t commit_calls;
    mi_stat_counter_t reset_calls;
    mi_stat_counter_t purge_calls;
    mi_stat_counter_t arena_count;
    mi_stat_counter_t malloc_normal_count;
    mi_stat_counter_t malloc_huge_count;
    mi_stat_counter_t malloc_guarded_count;

    mi_stat_counter_t arena_rollback_count;
    mi_stat_counter_t arena_purges;
    mi_stat_counter_t pages_extended;
    mi_stat_counter_t pages_retire;
    mi_stat_counter_t page_searches;
    mi_stat_counter_t page_searches_count;

    mi_stat_count_t heaps;
    mi_stat_count_t theaps;
    mi_stat_counter_t pages_reclaim_on_alloc;
    mi_stat_counter_t pages_reclaim_on_free;
    mi_stat_counter_t pages_reabandon_full;
    mi_stat_counter_t pages_unabandon_busy_wait;
    mi_stat_counter_t heaps_delete_wait;

    mi_stat_count_t malloc_bins[MI_STAT_BINS];
    mi_stat_count_t page_bins[MI_STAT_BINS];
    mi_stat_count_t chunk_bins[MI_STAT_CHUNK_BINS];
} mi_stats_t;

#if defined(__cplusplus)
#define mi_stats_t_decl(name) \
    mi_stats_t name = mi_stats_t(); \
    name.size = sizeof(mi_stats_t); \
    name.version = MI_STAT_VERSION
extern "C" {
#else
#define mi_stats_t_decl(name) \
    mi_stats_t name = {.size = sizeof(mi_stats_t), .version = MI_STAT_VERSION}
#endif

// False if `stats` is NULL, or was made for another version of this header. The sub-process is the
// calling thread's, where none is named; its figures are those of all its heaps, and for the main
// one also what belongs to no heap.
mi_decl_export bool mi_stats_get(mi_stats_t *stats) mi_attr_noexcept;
mi_decl_export bool mi_heap_stats_get(mi_heap_t *heap, mi_stats_t *stats) mi_attr_noexcept;
mi_decl_export bool mi_subproc_stats_get(mi_subproc_id_t subproc_id,
                                         mi_stats_t *stats) mi_attr_noexcept;

// Only what belongs to no heap.
mi_decl_export bool mi_subproc_stats_get_exclusive(mi_subproc_id_t subproc_id,
                                                   mi_stats_t *stats) mi_attr_noexcept;

// As JSON in `buf`, of `buf_size` bytes, or if that is NULL in a block to be freed with mi_free.
// NULL if there is no memory or it does not fit; 16 KiB are enough.
mi_decl_export char *mi_stats_get_json(size_t buf_size, char *buf) mi_attr_noexcept;
mi_decl_export char *mi_heap_stats_get_json(mi_heap_t *heap, size_t buf_size,
                                            char *buf) mi_attr_noexcept;
mi_decl_export char *mi_subproc_stats_get_json(mi_subproc_id_t subproc_id, size_t buf_size,
                                               char *buf) mi_attr_noexcept;
mi_decl_export char *mi_stats_as_json(mi_stats_t *stats, size_t buf_size,
                                      char *buf) mi_attr_noexcept;

// The block size of a bin; 0 if there is no such bin.
mi_decl_export size_t mi_stats_get_bin_size(size_t bin) mi_attr_noexcept;

// As JSON to `out`, or with NULL to the function that is registered; each heap by itself.
mi_decl_export void mi_heap_stats_print_out(mi_heap_t *heap, mi_output_fun *out,
                                            void *arg) mi_attr_noexcept;
mi_decl_export void mi_subproc_stats_print_out(mi_subproc_id_t subproc_id, mi_output_fun *out,
                                               void *arg) mi_attr_noexcept;
mi_decl_export void mi_subproc_heap_stats_print_out(mi_subproc_id_t subproc_id, mi_output_fun *out,
                                                    void *arg) mi_attr_noexcept;

// Has no effect: a heap's figures are part of its sub-process's at any time.
mi_decl_export void mi_heap_stats_merge_to_subproc(mi_heap_t *heap) mi_attr_noexcept;

#if defined(__cplusplus)
}
#endif

#endif
