// What ashlar's memory is used for: every figure defined once, here.
//
// Figures are always kept; they cost nothing where memory is allocated and freed, only where
// memory changes hands in bulk. A snapshot stops the slow paths of all threads for some
// microseconds (about one for each thread), so that it is one: it shows what was so at one moment.
//
//   mapped     everything that ashlar has from the system, or was handed in (arena.h)
//     other       on its way to or from one of the parts below, or a list that a call has made
//     unused      claimed for the future, never touched
//     purged      free and given back to the system; or not yet used
//     committed   the rest: what may be in memory
//       metadata    ashlar's own bookkeeping
//       dirty       free, and not given back yet
//       active      slices and mappings that hold blocks
//         run_rest    what is left behind the ends of large blocks
//         span_free   blocks that are free, or not cut yet, where small blocks are cut
//         ready       free blocks that a thread has at hand
//         returning   blocks freed by another thread than their heap's, on their way back
//         allocated   blocks in the program's hands: small + large + huge
//
// Each is the sum of what is indented below it, in every snapshot; none is ever negative.
// The system's own view, what is in memory, is in struct ash_process_info.
//
// None of these functions allocates, and none may be called from a signal handler.

#ifndef ASHLAR_STATS_H
#define ASHLAR_STATS_H

#include "ashlar/ashlar.h"

#if defined(__cplusplus)
extern "C" {
#endif

// Counts up when a figure changes its meaning. New figures come at the end, without that.
#define ASH_STATS_VERSION 1

// The figures of one moment, of the process or of a heap.
struct ash_stats {
    size_t bytes;      // sizeof(struct ash_stats) as the caller knows it: set it before the call
    uint32_t version;  // ASH_STATS_VERSION of the library
    uint32_t exact;    // 1; 0 if some heap could not be stopped: see ash_stats_get

    // In bytes.
    size_t mapped;
    size_t committed;
    size_t active;
    size_t allocated;
    size_t small;  // of allocated: blocks that share a span with others, up to 32 KiB
    size_t large;  // of allocated: blocks of whole slices of 64 KiB, up to 32 MiB
    size_t huge;   // of allocated: blocks with mappings of their own, and guarded ones
    size_t ready;  // exact to one block for each thread that is just at work
    size_t returning;
    size_t span_free;
    size_t run_rest;
    size_t dirty;
    size_t metadata;
    size_t purged;
    size_t unused;
    size_t other;

    // The highest so far, in bytes. (There is none of `allocated`: it would have to be
    // counted where blocks are allocated.)
    size_t mapped_peak;  // of `mapped`
    size_t active_peak;  // of `active`

    // How many there are.
    size_t spans;         // of small blocks
    size_t huge_blocks;   // blocks with mappings of their own, and guarded ones
    size_t thread_heaps;  // heaps of threads: one each, and one for each other heap it has used
    size_t orphans;       // of these, without a thread: kept for the next one

    // How often it has happened. These count up from the start, of the process or the heap, and
    // may wrap around on 32-bit systems.
    size_t refills;        // a thread had no block of a class at hand
    size_t releases;       // a thread had too many
    size_t returned;       // blocks that other threads had freed were taken in
    size_t spans_cut;      // slices were taken to be cut into blocks
    size_t spans_retired;  // and given back
    size_t spans_adopted;  // spans of an ended thread were taken over
    size_t maps;           // calls of the system: mmap(2)
    size_t unmaps;         // munmap(2)
    size_t remaps;         // mremap(2)
    size_t purges;         // madvise(2) that gave pages back
    size_t purged_so_far;  // and their bytes
};

// A snapshot of the process. Stores the first `stats->bytes` bytes of the structure, and in
// `stats->bytes` how many it has stored. False with errno EINVAL if `bytes` is too small for
// itself and the version; with errno ENOMEM if ashlar could not start: then all is 0.
//
// If a heap cannot be stopped for a long time, because its thread is held up in the middle
// of a slow path, `exact` is 0: its blocks then count as run_rest, and all else is as above.
ASH_EXPORT bool ash_stats_get(struct ash_stats *stats) ASH_NOEXCEPT;

// The same of one heap: what is not a heap's own (dirty, metadata, purged, unused, other, peaks,
// calls of the system) is 0, so mapped == committed == active. NULL is the process. The heap
// must not be ended meanwhile. `large` and `run_rest` are exact while nobody resizes large blocks.
ASH_EXPORT bool ash_heap_stats_get(const ash_heap_t *heap, struct ash_stats *stats) ASH_NOEXCEPT;

// The same of a sub-process: of all of its heaps, its main one too, at one moment. Neither it nor
// one of its heaps must be ended meanwhile; a heap that is made meanwhile may be missing. False
// with errno ENOMEM also if there is no memory for the list of its heaps.
ASH_EXPORT bool ash_subproc_stats_get(ash_subproc_t *subproc, struct ash_stats *stats) ASH_NOEXCEPT;

// One size class of small blocks.
struct ash_class_stats {
    size_t block_bytes;  // of each block
    size_t allocated;    // blocks in the program's hands; also those that a thread has freed for
                         // another one and not sent off yet, which are few
    size_t ready;        // blocks that a thread has at hand
    size_t returning;    // blocks on their way back
    size_t free;         // blocks free in spans, or not cut yet
    size_t spans;        // spans cut into blocks of this size
    size_t span_bytes;   // all of these, and what is left at the ends
};

// Stores up to `count` classes, smallest first, each `bytes` bytes long: sizeof(struct
// ash_class_stats) as the caller knows it. Returns how many classes there are; 0 with errno ENOMEM
// if ashlar could not start. `heap` NULL is the process. `classes` may be NULL if `count` is 0.
ASH_EXPORT size_t ash_stats_classes(const ash_heap_t *heap, struct ash_class_stats *classes,
                                    size_t count, size_t bytes) ASH_NOEXCEPT;

// The process as the kernel sees it, next to `committed`; what the kernel does not say is 0.
struct ash_process_info {
    size_t bytes;  // sizeof(struct ash_process_info) as the caller knows it
    size_t committed;
    size_t resident;        // pages in memory, of the whole process; in bytes
    size_t resident_peak;   // the most so far
    uint64_t elapsed_ms;    // since the process began
    uint64_t user_ms;       // processor time in the program
    uint64_t system_ms;     // processor time in the kernel
    uint64_t minor_faults;  // without reading from a disk
    uint64_t major_faults;  // with reading
};

// As ash_stats_get. proc(5), getrusage(2).
ASH_EXPORT bool ash_process_info(struct ash_process_info *info) ASH_NOEXCEPT;

// Writes all of the above for people: calls `out` for each piece of text, in order, or writes to
// standard error if it is NULL. `out` may allocate. False with errno ENOMEM if ashlar could not
// start: then nothing is written.
typedef void ash_output_t(const char *text, void *argument);
ASH_EXPORT bool ash_stats_print(ash_output_t *out, void *argument) ASH_NOEXCEPT;

// The same as JSON (RFC 8259) after the schema in share/ashlar/stats.schema.json. Stores as much as
// `bytes` has room for, with a zero byte at the end, and returns the length of all of
// it without that byte, as snprintf(3); 0 with errno ENOMEM if ashlar could not start. `buffer`
// may be NULL if `bytes` is 0. Two calls may differ in length: 16 KiB are enough for any.
ASH_EXPORT size_t ash_stats_json(char *buffer, size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT size_t ash_heap_stats_json(const ash_heap_t *heap, char *buffer,
                                      size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT size_t ash_subproc_stats_json(ash_subproc_t *subproc, char *buffer,
                                         size_t bytes) ASH_NOEXCEPT;

#if defined(__cplusplus)
}
#endif

#endif
