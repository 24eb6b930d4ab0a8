// The interface of mimalloc 3.4, and what programs still use of version 2, answered by ashlar.
//
// Link with libashlar-mimalloc. docs/mimalloc.md says how to switch, and of each function whether
// it does what it says there, or is accepted and has no effect.
//
// All functions may be called from any thread, before main and after it. None is
// async-signal-safe. Sizes and alignments are in bytes, alignments powers of two. Where nothing
// else is said: NULL and errno ENOMEM without memory, when a product overflows or the size is above
// PTRDIFF_MAX; NULL and errno EINVAL when an alignment is not a power of two. What fails is told
// to the function of mi_register_error as well. Blocks are freed with mi_free, by any thread.
// A size of 0 gives a block of its own, also where a block is resized.

#ifndef ASHLAR_COMPAT_MIMALLOC_H
#define ASHLAR_COMPAT_MIMALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mimalloc-base.h"
#include "mimalloc-options.h"

// The level of the interface, not a version of ashlar: 10000 * major + 100 * minor + patch.
#define MI_MALLOC_VERSION 30403

// The largest size for the functions that end in _small.
#define MI_SMALL_SIZE_MAX (128 * sizeof(void *))

#define MI_MAX_ALIGN_SIZE 16

#if defined(__cplusplus)
extern "C" {
#endif

// The basic family: malloc(3), and reallocf of the BSDs, strdup(3), realpath(3).
mi_decl_export mi_decl_nodiscard void *mi_malloc(size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(1);
mi_decl_export mi_decl_nodiscard void *mi_calloc(size_t count,
                                                 size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size2(1, 2);
mi_decl_export mi_decl_nodiscard void *mi_realloc(void *p, size_t newsize) mi_attr_noexcept;
mi_decl_export void *mi_expand(void *p, size_t newsize) mi_attr_noexcept;
mi_decl_export void mi_free(void *p) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard char *mi_strdup(const char *s) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard char *mi_strndup(const char *s, size_t n) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard char *mi_realpath(const char *fname,
                                                   char *resolved_name) mi_attr_noexcept;

// Zeroed, small (at most MI_SMALL_SIZE_MAX bytes, not checked), counted; questions about blocks.
mi_decl_export mi_decl_nodiscard void *mi_malloc_small(size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(1);
mi_decl_export mi_decl_nodiscard void *mi_zalloc_small(size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(1);
mi_decl_export mi_decl_nodiscard void *mi_zalloc(size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(1);
mi_decl_export mi_decl_nodiscard void *mi_mallocn(size_t count,
                                                  size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size2(1, 2);
mi_decl_export mi_decl_nodiscard void *mi_reallocn(void *p, size_t count,
                                                   size_t size) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_reallocf(void *p, size_t newsize) mi_attr_noexcept;
mi_decl_export void mi_free_small(void *p) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard size_t mi_usable_size(const void *p) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard size_t mi_good_size(size_t size) mi_attr_noexcept;

// Aligned; with an offset, the byte that far into the block is.
mi_decl_export mi_decl_nodiscard void *
mi_malloc_aligned(size_t size, size_t alignment) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(1);
mi_decl_export mi_decl_nodiscard void *
mi_malloc_aligned_at(size_t size, size_t alignment, size_t offset) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(1);
mi_decl_export mi_decl_nodiscard void *
mi_zalloc_aligned(size_t size, size_t alignment) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(1);
mi_decl_export mi_decl_nodiscard void *
mi_zalloc_aligned_at(size_t size, size_t alignment, size_t offset) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(1);
mi_decl_export mi_decl_nodiscard void *
mi_calloc_aligned(size_t count, size_t size, size_t alignment) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size2(1, 2);
mi_decl_export mi_decl_nodiscard void *
mi_calloc_aligned_at(size_t count, size_t size, size_t alignment,
                     size_t offset) mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size2(1, 2);
mi_decl_export mi_decl_nodiscard void *mi_realloc_aligned(void *p, size_t newsize,
                                                          size_t alignment) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *
mi_realloc_aligned_at(void *p, size_t newsize, size_t alignment, size_t offset) mi_attr_noexcept;

// Resizing that keeps the rest of a block zero that began zeroed.
mi_decl_export mi_decl_nodiscard void *mi_rezalloc(void *p, size_t newsize) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_recalloc(void *p, size_t newcount,
                                                   size_t size) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_rezalloc_aligned(void *p, size_t newsize,
                                                           size_t alignment) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *
mi_rezalloc_aligned_at(void *p, size_t newsize, size_t alignment, size_t offset) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_recalloc_aligned(void *p, size_t newcount, size_t size,
                                                           size_t alignment) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_recalloc_aligned_at(void *p, size_t newcount, size_t size,
                                                              size_t alignment,
                                                              size_t offset) mi_attr_noexcept;

// The same, and the block's usable size; NULL if nobody asks. mi_ufree says what it has freed.
mi_decl_export mi_decl_nodiscard void *mi_umalloc(size_t size, size_t *block_size) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_uzalloc(size_t size, size_t *block_size) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_ucalloc(size_t count, size_t size,
                                                  size_t *block_size) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_urealloc(void *p, size_t newsize, size_t *block_size_pre,
                                                   size_t *block_size_post) mi_attr_noexcept;
mi_decl_export void mi_ufree(void *p, size_t *block_size) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_umalloc_small(size_t size,
                                                        size_t *block_size) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_uzalloc_small(size_t size,
                                                        size_t *block_size) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_umalloc_aligned(size_t size, size_t alignment,
                                                          size_t *block_size) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_uzalloc_aligned(size_t size, size_t alignment,
                                                          size_t *block_size) mi_attr_noexcept;

// Control -----------------------------------------------------------------------------

// Called within allocating functions of this header, each thousandth time by a thread, and by
// mi_collect. `heartbeat` counts a thread's calls; `force` asks to free all there is.
typedef void(mi_cdecl mi_deferred_free_fun)(bool force, unsigned long long heartbeat, void *arg);
mi_decl_export void mi_register_deferred_free(mi_deferred_free_fun *deferred_free,
                                              void *arg) mi_attr_noexcept;

// Takes what the functions of this header print; NULL is standard error.
typedef void(mi_cdecl mi_output_fun)(const char *msg, void *arg);
mi_decl_export void mi_register_output(mi_output_fun *out, void *arg) mi_attr_noexcept;

// Told of each error: ENOMEM no memory, EOVERFLOW a size too large, EINVAL an alignment or a
// pointer that is none of ours, EAGAIN a block freed twice. Without one, a pointer
// is handled as by ash_free. It may return.
typedef void(mi_cdecl mi_error_fun)(int err, void *arg);
mi_decl_export void mi_register_error(mi_error_fun *fun, void *arg);

mi_decl_export void mi_collect(bool force) mi_attr_noexcept;
mi_decl_export void mi_collect_reduce(size_t target_thread_owned) mi_attr_noexcept;
mi_decl_export int mi_version(void) mi_attr_noexcept;
mi_decl_export void mi_options_print(void) mi_attr_noexcept;
mi_decl_export void mi_options_print_out(mi_output_fun *out, void *arg) mi_attr_noexcept;

// Times in milliseconds, sizes in bytes, as the kernel says; each pointer may be NULL.
// `page_faults` are those that needed input.
mi_decl_export void mi_process_info(size_t *elapsed_msecs, size_t *user_msecs, size_t *system_msecs,
                                    size_t *current_rss, size_t *peak_rss, size_t *current_commit,
                                    size_t *peak_commit, size_t *page_faults) mi_attr_noexcept;
mi_decl_export void mi_process_info_print(void) mi_attr_noexcept;
mi_decl_export void mi_process_info_print_out(mi_output_fun *out, void *arg) mi_attr_noexcept;

// Processes and threads start and end by themselves here. mi_thread_done gives what the thread
// holds ready to others.
mi_decl_export void mi_process_init(void) mi_attr_noexcept;
mi_decl_export void mi_process_done(void) mi_attr_noexcept;
mi_decl_export void mi_thread_init(void) mi_attr_noexcept;
mi_decl_export void mi_thread_done(void) mi_attr_noexcept;
mi_decl_export void mi_thread_set_in_threadpool(void) mi_attr_noexcept;

// Statistics as text. mimalloc-stats.h has them as figures. `out` NULL is what mi_register_output
// has set; mi_stats_print ignores its argument.
mi_decl_export void mi_stats_reset(void) mi_attr_noexcept;
mi_decl_export void mi_stats_merge(void) mi_attr_noexcept;
mi_decl_export void mi_stats_print(void *out) mi_attr_noexcept;
mi_decl_export void mi_stats_print_out(mi_output_fun *out, void *arg) mi_attr_noexcept;
mi_decl_export void mi_thread_stats_print_out(mi_output_fun *out, void *arg) mi_attr_noexcept;

// Heaps -------------------------------------------------------------------------------

// A heap, which any thread may allocate from; and the calling thread's handle of one.
typedef struct mi_heap_s mi_heap_t;
typedef struct mi_theap_s mi_theap_t;
typedef void *mi_arena_id_t;

// mi_heap_delete leaves the blocks to the main heap, mi_heap_destroy frees them. Neither may run
// while the heap is in use. For the main heap both do nothing.
mi_decl_export mi_decl_nodiscard mi_heap_t *mi_heap_new(void) mi_attr_noexcept;
mi_decl_export void mi_heap_delete(mi_heap_t *heap) mi_attr_noexcept;
mi_decl_export void mi_heap_destroy(mi_heap_t *heap) mi_attr_noexcept;
mi_decl_export void mi_heap_collect(mi_heap_t *heap, bool force) mi_attr_noexcept;
mi_decl_export mi_heap_t *mi_heap_main(void) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard mi_heap_t *mi_heap_of(const void *p) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard bool mi_heap_contains(const mi_heap_t *heap,
                                                       const void *p) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard bool mi_any_heap_contains(const void *p) mi_attr_noexcept;

// As the functions without heap_, from that heap. A block of another heap that is resized moves.
mi_decl_export mi_decl_nodiscard void *mi_heap_malloc(mi_heap_t *heap,
                                                      size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(2);
mi_decl_export mi_decl_nodiscard void *mi_heap_zalloc(mi_heap_t *heap,
                                                      size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(2);
mi_decl_export mi_decl_nodiscard void *mi_heap_calloc(mi_heap_t *heap, size_t count,
                                                      size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size2(2, 3);
mi_decl_export mi_decl_nodiscard void *mi_heap_mallocn(mi_heap_t *heap, size_t count,
                                                       size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size2(2, 3);
mi_decl_export mi_decl_nodiscard void *
mi_heap_malloc_small(mi_heap_t *heap, size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(2);
mi_decl_export mi_decl_nodiscard void *
mi_heap_zalloc_small(mi_heap_t *heap, size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(2);
mi_decl_export mi_decl_nodiscard void *mi_heap_realloc(mi_heap_t *heap, void *p,
                                                       size_t newsize) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_heap_reallocn(mi_heap_t *heap, void *p, size_t count,
                                                        size_t size) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_heap_reallocf(mi_heap_t *heap, void *p,
                                                        size_t newsize) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard char *mi_heap_strdup(mi_heap_t *heap,
                                                      const char *s) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard char *mi_heap_strndup(mi_heap_t *heap, const char *s,
                                                       size_t n) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard char *mi_heap_realpath(mi_heap_t *heap, const char *fname,
                                                        char *resolved_name) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *
mi_heap_malloc_aligned(mi_heap_t *heap, size_t size,
                       size_t alignment) mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_export mi_decl_nodiscard void *
mi_heap_malloc_aligned_at(mi_heap_t *heap, size_t size, size_t alignment,
                          size_t offset) mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_export mi_decl_nodiscard void *
mi_heap_zalloc_aligned(mi_heap_t *heap, size_t size,
                       size_t alignment) mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_export mi_decl_nodiscard void *
mi_heap_zalloc_aligned_at(mi_heap_t *heap, size_t size, size_t alignment,
                          size_t offset) mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_export mi_decl_nodiscard void *
mi_heap_calloc_aligned(mi_heap_t *heap, size_t count, size_t size,
                       size_t alignment) mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size2(2, 3);
mi_decl_export mi_decl_nodiscard void *
mi_heap_calloc_aligned_at(mi_heap_t *heap, size_t count, size_t size, size_t alignment,
                          size_t offset) mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size2(2, 3);
mi_decl_export mi_decl_nodiscard void *mi_heap_realloc_aligned(mi_heap_t *heap, void *p,
                                                               size_t newsize,
                                                               size_t alignment) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_heap_realloc_aligned_at(mi_heap_t *heap, void *p,
                                                                  size_t newsize, size_t alignment,
                                                                  size_t offset) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_heap_rezalloc(mi_heap_t *heap, void *p,
                                                        size_t newsize) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_heap_recalloc(mi_heap_t *heap, void *p, size_t newcount,
                                                        size_t size) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_heap_rezalloc_aligned(mi_heap_t *heap, void *p,
                                                                size_t newsize,
                                                                size_t alignment) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_heap_rezalloc_aligned_at(mi_heap_t *heap, void *p,
                                                                   size_t newsize, size_t alignment,
                                                                   size_t offset) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_heap_recalloc_aligned(mi_heap_t *heap, void *p,
                                                                size_t newcount, size_t size,
                                                                size_t alignment) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_heap_recalloc_aligned_at(mi_heap_t *heap, void *p,
                                                                   size_t newcount, size_t size,
                                                                   size_t alignment,
                                                                   size_t offset) mi_attr_noexcept;

// The memory of a heap or of the process, on a NUMA node as far as the system will; -1 is any.
mi_decl_export void mi_heap_set_numa_affinity(mi_heap_t *heap, int numa_node) mi_attr_noexcept;

// Whether less than `perc_threshold` percent of what holds the block is in use: then moving it may
// free memory. False for a block that is not the heap's.
mi_decl_export mi_decl_nodiscard bool
mi_unsafe_heap_page_is_under_utilized(mi_heap_t *heap, void *p,
                                      size_t perc_threshold) mi_attr_noexcept;

// The calling thread's handle of a heap; the one that mi_malloc and all functions without a heap
// allocate from in this thread, which belongs to the main heap until it is set.
mi_decl_export mi_theap_t *mi_heap_theap(mi_heap_t *heap) mi_attr_noexcept;
mi_decl_export mi_theap_t *mi_theap_get_default(void) mi_attr_noexcept;
mi_decl_export mi_theap_t *mi_theap_set_default(mi_theap_t *theap) mi_attr_noexcept;
mi_decl_export void mi_theap_collect(mi_theap_t *theap, bool force) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_theap_malloc(mi_theap_t *theap,
                                                       size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(2);
mi_decl_export mi_decl_nodiscard void *mi_theap_zalloc(mi_theap_t *theap,
                                                       size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(2);
mi_decl_export mi_decl_nodiscard void *mi_theap_calloc(mi_theap_t *theap, size_t count,
                                                       size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size2(2, 3);
mi_decl_export mi_decl_nodiscard void *
mi_theap_malloc_small(mi_theap_t *theap, size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(2);
mi_decl_export mi_decl_nodiscard void *
mi_theap_zalloc_small(mi_theap_t *theap, size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(2);
mi_decl_export mi_decl_nodiscard void *
mi_theap_malloc_aligned(mi_theap_t *theap, size_t size,
                        size_t alignment) mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_export mi_decl_nodiscard void *mi_theap_realloc(mi_theap_t *theap, void *p,
                                                        size_t newsize) mi_attr_noexcept;
mi_decl_export void mi_theap_guarded_set_sample_rate(mi_theap_t *theap, size_t sample_rate,
                                                     size_t seed) mi_attr_noexcept;
mi_decl_export void mi_theap_guarded_set_size_bound(mi_theap_t *theap, size_t min,
                                                    size_t max) mi_attr_noexcept;

// The names of version 2. Tags are not kept, and every heap may be destroyed.
mi_decl_export mi_heap_t *mi_heap_get_default(void) mi_attr_noexcept;
mi_decl_export mi_heap_t *mi_heap_set_default(mi_heap_t *heap) mi_attr_noexcept;
mi_decl_export mi_heap_t *mi_heap_get_backing(void) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard bool mi_heap_contains_block(mi_heap_t *heap,
                                                             const void *p) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard bool mi_heap_check_owned(mi_heap_t *heap,
                                                          const void *p) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard bool mi_check_owned(const void *p) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard bool mi_is_in_heap_region(const void *p) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard mi_heap_t *mi_heap_new_ex(int heap_tag, bool allow_destroy,
                                                           mi_arena_id_t arena_id) mi_attr_noexcept;
mi_decl_export void mi_heap_guarded_set_sample_rate(mi_heap_t *heap, size_t sample_rate,
                                                    size_t seed) mi_attr_noexcept;
mi_decl_export void mi_heap_guarded_set_size_bound(mi_heap_t *heap, size_t min,
                                                   size_t max) mi_attr_noexcept;

// True if the process's own malloc is ashlar's.
mi_decl_export mi_decl_nodiscard bool mi_is_redirected(void) mi_attr_noexcept;

// Walking -----------------------------------------------------------------------------

// A stretch of memory with blocks of one size.
typedef struct mi_heap_area_s {
    void *blocks;            // where they start
    size_t reserved;         // bytes of the area
    size_t committed;        // of these, ready for blocks
    size_t used;             // bytes of blocks in use
    size_t block_size;       // of one block
    size_t full_block_size;  // the same
    int heap_tag;            // 0
    void *reserved1;         // NULL
} mi_heap_area_t;

// Called for each area with `block` NULL, then for each block in use if these are visited too.
// False ends the visit, whose functions then return false.
typedef bool(mi_cdecl mi_block_visit_fun)(const mi_heap_t *heap, const mi_heap_area_t *area,
                                          void *block, size_t block_size, void *arg);
mi_decl_export bool mi_heap_visit_blocks(const mi_heap_t *heap, bool visit_blocks,
                                         mi_block_visit_fun *visitor, void *arg) mi_attr_noexcept;

// There is no abandoned memory here that mi_heap_visit_blocks leaves out: these two visit nothing.
mi_decl_export bool mi_heap_visit_abandoned_blocks(const mi_heap_t *heap, bool visit_blocks,
                                                   mi_block_visit_fun *visitor,
                                                   void *arg) mi_attr_noexcept;
typedef void *mi_subproc_id_t;
mi_decl_export bool mi_abandoned_visit_blocks(mi_subproc_id_t subproc_id, int heap_tag,
                                              bool visit_blocks, mi_block_visit_fun *visitor,
                                              void *arg) mi_attr_noexcept;

// Visits all of the heap, also what other threads have in it.
mi_decl_export bool mi_theap_visit_blocks(const mi_theap_t *theap, bool visit_blocks,
                                          mi_block_visit_fun *visitor, void *arg) mi_attr_noexcept;

// Arenas ------------------------------------------------------------------------------

// 0, or ENOMEM, EINVAL, ETIMEDOUT. Huge pages are of 1 GiB; a time of 0 has no end.
mi_decl_export int mi_reserve_os_memory(size_t size, bool commit,
                                        bool allow_large) mi_attr_noexcept;
mi_decl_export int mi_reserve_os_memory_ex(size_t size, bool commit, bool allow_large,
                                           bool exclusive,
                                           mi_arena_id_t *arena_id) mi_attr_noexcept;
mi_decl_export int mi_reserve_huge_os_pages_interleave(size_t pages, size_t numa_nodes,
                                                       size_t timeout_msecs) mi_attr_noexcept;
mi_decl_export int mi_reserve_huge_os_pages_at(size_t pages, int numa_node,
                                               size_t timeout_msecs) mi_attr_noexcept;
mi_decl_export int mi_reserve_huge_os_pages_at_ex(size_t pages, int numa_node, size_t timeout_msecs,
                                                  bool exclusive,
                                                  mi_arena_id_t *arena_id) mi_attr_noexcept;
mi_decl_export int mi_reserve_huge_os_pages(size_t pages, double max_secs,
                                            size_t *pages_reserved) mi_attr_noexcept;

// Memory of the program's own, which is never unmapped here. `is_pinned`: nor decommitted.
mi_decl_export bool mi_manage_os_memory(void *start, size_t size, bool is_committed, bool is_pinned,
                                        bool is_zero, int numa_node) mi_attr_noexcept;
mi_decl_export bool mi_manage_os_memory_ex(void *start, size_t size, bool is_committed,
                                           bool is_pinned, bool is_zero, int numa_node,
                                           bool exclusive,
                                           mi_arena_id_t *arena_id) mi_attr_noexcept;

// With a function that makes parts of it usable, or takes the memory of parts back.
typedef bool(mi_cdecl mi_commit_fun_t)(bool commit, void *start, size_t size, bool *is_zero,
                                       void *user_arg);
mi_decl_export bool mi_manage_memory(void *start, size_t size, bool is_committed, bool is_pinned,
                                     bool is_zero, int numa_node, bool exclusive,
                                     mi_commit_fun_t *commit_fun, void *commit_fun_arg,
                                     mi_arena_id_t *arena_id) mi_attr_noexcept;

mi_decl_export mi_decl_nodiscard mi_heap_t *
mi_heap_new_in_arena(mi_arena_id_t arena_id) mi_attr_noexcept;
mi_decl_export void *mi_arena_area(mi_arena_id_t arena_id, size_t *size) mi_attr_noexcept;
mi_decl_export bool mi_arena_contains(mi_arena_id_t arena_id, const void *p) mi_attr_noexcept;
mi_decl_export size_t mi_arena_min_alignment(void) mi_attr_noexcept;
mi_decl_export size_t mi_arena_min_size(void) mi_attr_noexcept;
mi_decl_export void mi_arenas_print(void) mi_attr_noexcept;
mi_decl_export void mi_debug_show_arenas(void) mi_attr_noexcept;

// Sub-processes -----------------------------------------------------------------------

mi_decl_export mi_subproc_id_t mi_subproc_main(void) mi_attr_noexcept;
mi_decl_export mi_subproc_id_t mi_subproc_current(void) mi_attr_noexcept;
mi_decl_export mi_subproc_id_t mi_subproc_new(void) mi_attr_noexcept;
mi_decl_export void mi_subproc_destroy(mi_subproc_id_t subproc) mi_attr_noexcept;
mi_decl_export void mi_subproc_delete(mi_subproc_id_t subproc) mi_attr_noexcept;
mi_decl_export void mi_subproc_add_current_thread(mi_subproc_id_t subproc) mi_attr_noexcept;
typedef bool(mi_cdecl mi_heap_visit_fun)(mi_heap_t *heap, void *arg);
mi_decl_export bool mi_subproc_visit_heaps(mi_subproc_id_t subproc, mi_heap_visit_fun *visitor,
                                           void *arg) mi_attr_noexcept;

// POSIX, Unix, Windows ----------------------------------------------------------------

mi_decl_export void mi_cfree(void *p) mi_attr_noexcept;
mi_decl_export void *mi__expand(void *p, size_t newsize) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard size_t mi_malloc_size(const void *p) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard size_t mi_malloc_good_size(size_t size) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard size_t mi_malloc_usable_size(const void *p) mi_attr_noexcept;
mi_decl_export int mi_posix_memalign(void **p, size_t alignment, size_t size) mi_attr_noexcept;
mi_decl_export int mi__posix_memalign(void **p, size_t alignment, size_t size) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_memalign(size_t alignment,
                                                   size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(2);
mi_decl_export mi_decl_nodiscard void *mi_valloc(size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(1);
mi_decl_export mi_decl_nodiscard void *mi_pvalloc(size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(1);
mi_decl_export mi_decl_nodiscard void *mi_aligned_alloc(size_t alignment,
                                                        size_t size) mi_attr_noexcept mi_attr_malloc
    mi_attr_alloc_size(2);

// An overflow is errno EOVERFLOW. mi_reallocarr, of NetBSD, takes the address of a pointer: 0, or
// ENOMEM, EOVERFLOW or EINVAL with the pointer as it was; a size of 0 frees, and stores NULL.
mi_decl_export mi_decl_nodiscard void *mi_reallocarray(void *p, size_t count,
                                                       size_t size) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard int mi_reallocarr(void *p, size_t count,
                                                   size_t size) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_aligned_recalloc(void *p, size_t newcount, size_t size,
                                                           size_t alignment) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_aligned_offset_recalloc(void *p, size_t newcount,
                                                                  size_t size, size_t alignment,
                                                                  size_t offset) mi_attr_noexcept;
mi_decl_export void mi_free_size(void *p, size_t size) mi_attr_noexcept;
mi_decl_export void mi_free_size_aligned(void *p, size_t size, size_t alignment) mi_attr_noexcept;
mi_decl_export void mi_free_aligned(void *p, size_t alignment) mi_attr_noexcept;

// Strings of 16-bit units, and of bytes. An environment variable's value in a block of its own: 0
// and NULL if there is none; EINVAL, ENOMEM. The wide one is UTF-16 here, the environment UTF-8.
mi_decl_export mi_decl_nodiscard unsigned short *
mi_wcsdup(const unsigned short *s) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard unsigned char *mi_mbsdup(const unsigned char *s) mi_attr_noexcept;
mi_decl_export int mi_dupenv_s(char **buf, size_t *size, const char *name) mi_attr_noexcept;
mi_decl_export int mi_wdupenv_s(unsigned short **buf, size_t *size,
                                const unsigned short *name) mi_attr_noexcept;

// C++'s operator new: without memory they call the new_handler, as often as that returns; without
// one they throw std::bad_alloc, or return NULL (nothrow). In a program without a C++ runtime,
// which cannot throw, the process gets SIGABRT.
mi_decl_export mi_decl_nodiscard void *mi_new(size_t size);
mi_decl_export mi_decl_nodiscard void *mi_new_aligned(size_t size, size_t alignment);
mi_decl_export mi_decl_nodiscard void *mi_new_nothrow(size_t size) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_new_aligned_nothrow(size_t size,
                                                              size_t alignment) mi_attr_noexcept;
mi_decl_export mi_decl_nodiscard void *mi_new_n(size_t count, size_t size);
mi_decl_export mi_decl_nodiscard void *mi_new_realloc(void *p, size_t newsize);
mi_decl_export mi_decl_nodiscard void *mi_new_reallocn(void *p, size_t newcount, size_t size);
mi_decl_export mi_decl_nodiscard void *mi_heap_alloc_new(mi_heap_t *heap, size_t size);
mi_decl_export mi_decl_nodiscard void *mi_heap_alloc_new_n(mi_heap_t *heap, size_t count,
                                                           size_t size);

#if defined(__cplusplus)
}
#endif

// With a type instead of a size.
#define mi_malloc_tp(tp) ((tp *)mi_malloc(sizeof(tp)))
#define mi_zalloc_tp(tp) ((tp *)mi_zalloc(sizeof(tp)))
#define mi_calloc_tp(tp, n) ((tp *)mi_calloc(n, sizeof(tp)))
#define mi_mallocn_tp(tp, n) ((tp *)mi_mallocn(n, sizeof(tp)))
#define mi_reallocn_tp(p, tp, n) ((tp *)mi_reallocn(p, n, sizeof(tp)))
#define mi_recalloc_tp(p, tp, n) ((tp *)mi_recalloc(p, n, sizeof(tp)))
#define mi_heap_malloc_tp(hp, tp) ((tp *)mi_heap_malloc(hp, sizeof(tp)))
#define mi_heap_zalloc_tp(hp, tp) ((tp *)mi_heap_zalloc(hp, sizeof(tp)))
#define mi_heap_calloc_tp(hp, tp, n) ((tp *)mi_heap_calloc(hp, n, sizeof(tp)))
#define mi_heap_mallocn_tp(hp, tp, n) ((tp *)mi_heap_mallocn(hp, n, sizeof(tp)))
#define mi_heap_reallocn_tp(hp, p, tp, n) ((tp *)mi_heap_reallocn(hp, p, n, sizeof(tp)))
#define mi_heap_recalloc_tp(hp, p, tp, n) ((tp *)mi_heap_recalloc(hp, p, n, sizeof(tp)))

#if defined(__cplusplus)
#include "mimalloc-stl.hpp"
#endif

#endif
