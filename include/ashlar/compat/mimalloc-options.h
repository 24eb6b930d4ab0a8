// The options of mimalloc.h.

#ifndef ASHLAR_COMPAT_MIMALLOC_OPTIONS_H
#define ASHLAR_COMPAT_MIMALLOC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "mimalloc-base.h"

#if defined(__cplusplus)
extern "C" {
#endif

// Also MIMALLOC_<NAME>=value in the environment. docs/mimalloc.md says which have an effect.
typedef enum mi_option_e {
    mi_option_show_errors,
    mi_option_show_stats,
    mi_option_verbose,
    mi_option_deprecated_eager_commit,
    mi_option_arena_eager_commit,
    mi_option_purge_decommits,
    mi_option_allow_large_os_pages,
    mi_option_reserve_huge_os_pages,
    mi_option_reserve_huge_os_pages_at,
    mi_option_reserve_os_memory,
    mi_option_deprecated_segment_cache,
    mi_option_deprecated_page_reset,
    mi_option_deprecated_abandoned_page_purge,
    mi_option_deprecated_segment_reset,
    mi_option_deprecated_eager_commit_delay,
    mi_option_purge_delay,
    mi_option_use_numa_nodes,
    mi_option_disallow_os_alloc,
    mi_option_os_tag,
    mi_option_max_errors,
    mi_option_max_warnings,
    mi_option_deprecated_max_segment_reclaim,
    mi_option_destroy_on_exit,
    mi_option_arena_reserve,
    mi_option_arena_purge_mult,
    mi_option_deprecated_purge_extend_delay,
    mi_option_disallow_arena_alloc,
    mi_option_retry_on_oom,
    mi_option_visit_abandoned,
    mi_option_guarded_min,
    mi_option_guarded_max,
    mi_option_guarded_precise,
    mi_option_guarded_sample_rate,
    mi_option_guarded_sample_seed,
    mi_option_generic_collect,
    mi_option_page_reclaim_on_free,
    mi_option_page_full_retain,
    mi_option_page_max_candidates,
    mi_option_max_vabits,
    mi_option_pagemap_commit,
    mi_option_page_commit_on_demand,
    mi_option_page_max_reclaim,
    mi_option_page_cross_thread_max_reclaim,
    mi_option_allow_thp,
    mi_option_minimal_purge_size,
    mi_option_arena_max_object_size,
    mi_option_arena_is_numa_local,
    mi_option_target_segments_per_thread,
    _mi_option_last,
    // Older names of some.
    mi_option_eager_commit = mi_option_deprecated_eager_commit,
    mi_option_eager_region_commit = mi_option_arena_eager_commit,
    mi_option_reset_decommits = mi_option_purge_decommits,
    mi_option_large_os_pages = mi_option_allow_large_os_pages,
    mi_option_segment_cache = mi_option_deprecated_segment_cache,
    mi_option_page_reset = mi_option_deprecated_page_reset,
    mi_option_abandoned_page_purge = mi_option_deprecated_abandoned_page_purge,
    mi_option_abandoned_page_reset = mi_option_deprecated_abandoned_page_purge,
    mi_option_segment_reset = mi_option_deprecated_segment_reset,
    mi_option_eager_commit_delay = mi_option_deprecated_eager_commit_delay,
    mi_option_reset_delay = mi_option_purge_delay,
    mi_option_limit_os_alloc = mi_option_disallow_os_alloc,
    mi_option_max_segment_reclaim = mi_option_deprecated_max_segment_reclaim,
    mi_option_purge_extend_delay = mi_option_deprecated_purge_extend_delay,
    mi_option_decommit_extend_delay = mi_option_deprecated_purge_extend_delay,
    mi_option_abandoned_reclaim_on_free = mi_option_page_reclaim_on_free
} mi_option_t;

// mi_option_get_size is in bytes where the option itself counts KiB. The _default ones
// change nothing if the option has been set by other means. What is no option is ignored, and 0.
mi_decl_export mi_decl_nodiscard bool mi_option_is_enabled(mi_option_t option) mi_attr_noexcept;
mi_decl_export void mi_option_enable(mi_option_t option) mi_attr_noexcept;
mi_decl_export void mi_option_disable(mi_option_t option) mi_attr_noexcept;
mi_decl_export void mi_option_set_enabled(mi_option_t option, bool enable) mi_attr_noexcept;
mi_decl_export void mi_option_set_enabled_default(mi_option_t option, bool enable) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard long mi_option_get(mi_option_t option) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard long mi_option_get_clamp(mi_option_t option, long min,
                                                          long max) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard size_t mi_option_get_size(mi_option_t option) mi_attr_noexcept;
mi_decl_export void mi_option_set(mi_option_t option, long value) mi_attr_noexcept;
mi_decl_export void mi_option_set_default(mi_option_t option, long value) mi_attr_noexcept;

#if defined(__cplusplus)
}
#endif

#endif
