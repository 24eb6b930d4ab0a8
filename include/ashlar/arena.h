// ashlar: arenas, memory that is set apart.
//
// An arena is a range of memory that blocks are taken from: reserved from the system ahead of
// time, made of pages of 1 GiB, or handed in by the program. Blocks in it are freed, resized
// and asked about like all others.
//
// Every thread may call these at any time, except as ash_arena_unload says. None of them is
// async-signal-safe. They set errno on failure and keep it otherwise.
//
// Memory is used in slices of ash_arena_min_size() bytes (64 KiB). Blocks up to 32 KiB share
// slices; larger ones take whole ones.

#ifndef ASHLAR_ARENA_H
#define ASHLAR_ARENA_H

#include "ashlar/ashlar.h"

#if defined(__cplusplus)
extern "C" {
#endif

// A handle of an arena, valid until it is unloaded. There are 255 at most at a time. All that is
// handed in may be 256 GiB, where each arena counts as a multiple of 64 MiB (on 32-bit systems 4
// GiB, and 256 MiB).
typedef struct ash_arena ash_arena_t;

// How an arena is used, or-ed. 0 is right for reserved memory that any heap may use.
enum ash_arena_flag {
    // Serves only heaps that were made in it. Otherwise it serves all heaps, memory handed in
    // only when what ashlar has already is used up.
    ASH_ARENA_EXCLUSIVE = 1,

    // Reserved: the memory is brought in at once; parts of it may go back to the system when
    // blocks in them have been freed. Handed in: the memory is readable and writable. Without
    // this and without a callback, ash_arena_manage makes all of it so with mprotect(2).
    ASH_ARENA_COMMITTED = 2,

    // The kernel may back reserved memory with huge pages (of 2 MiB) from the start.
    ASH_ARENA_HUGE_PAGES = 4,

    // What is free is never given back to the system while the arena exists.
    ASH_ARENA_PINNED = 8,

    // Handed in: all of the memory reads as zero.
    ASH_ARENA_ZERO = 16,
};

// Reserves at least `bytes`, rounded up to 2 MiB, with the flags above (or-ed). True with the
// arena in `*arena`, which may be NULL if nobody wants to know. Address space is charged at
// once, memory when it is touched. False with errno ENOMEM: no memory, no room for it in
// ashlar's part of the address space, or too many arenas; EINVAL: an unknown flag.
ASH_EXPORT bool ash_arena_reserve(size_t bytes, unsigned flags, ash_arena_t **arena) ASH_NOEXCEPT;

// Reserves `pages` huge pages of 1 GiB, which the system must have set aside (see
// /sys/kernel/mm/hugepages), all of them in memory at once and pinned. They shall come from
// `numa_node`, from any for -1; the kernel takes others when that has none left. Takes no
// further page once `timeout_ms` milliseconds have passed; 0 means no limit.
//
// Returns how many pages the arena has. If they are fewer than asked for errno says why: ENOMEM
// or ETIMEDOUT, EINVAL (nothing done) for a bad flag or node. With none, `*arena` is NULL.
ASH_EXPORT size_t ash_arena_reserve_huge(size_t pages, int numa_node, size_t timeout_ms,
                                         unsigned flags, ash_arena_t **arena) ASH_NOEXCEPT;

// The same, evenly from the first `numa_nodes` nodes that the process may use (0: from all of
// them), an arena for each, not exclusive. `timeout_ms` is for all of them together. Returns the
// sum of pages; errno as above if they are too few.
ASH_EXPORT size_t ash_arena_reserve_huge_interleave(size_t pages, size_t numa_nodes,
                                                    size_t timeout_ms) ASH_NOEXCEPT;

// Commits `bytes` from `start` on (`commit` true), or gives their memory back (false): some slices
// of an arena. True if it did; `*is_zero`, which is false at first, may then say that what
// was committed reads as zero. False refuses: the allocation that needed it looks elsewhere, or
// fails with ENOMEM; memory that was to be given back stays committed.
//
// Called by whichever thread allocates, frees or collects; ashlar's helper thread too. No lock
// of ashlar is held, but the thread's heap is in the middle of its work: the function must not
// allocate or free with ashlar, nor call fork.
typedef bool ash_arena_commit_fn(bool commit, void *start, size_t bytes, bool *is_zero,
                                 void *argument);

// Makes an arena of memory that is the program's: [start, start + bytes), of which all whole slices
// are used. It must exist, readable and writable or, with `commit`, at least mapped, until the
// arena is unloaded; ashlar never unmaps it. `numa_node` is where it lies, -1 for unknown.
//
// `commit` may be NULL. If not, it is called before slices are first used (unless they were
// ASH_ARENA_COMMITTED) and to give free ones back (unless ASH_ARENA_PINNED). Without
// it, free slices are given back with madvise(2), MADV_DONTNEED, which discards their contents.
//
// True with the arena in `*arena`, which may be NULL. False with errno EINVAL: no whole slice in
// it, memory that is ashlar's or in another arena already, an unknown flag, a bad node; or ENOMEM:
// no memory for bookkeeping, too many arenas or too much handed in.
ASH_EXPORT bool ash_arena_manage(void *start, size_t bytes, unsigned flags, int numa_node,
                                 ash_arena_commit_fn *commit, void *argument,
                                 ash_arena_t **arena) ASH_NOEXCEPT;

// Ends an arena of which nothing is in use: no block, no heap made in it. Collects first, as
// ash_collect does. Its memory goes back to the system, or is the program's again if it was
// handed in: as it is then, committed or not. From then on the handle must not be used; nobody
// may use it meanwhile.
//
// `*base`, `*accessed` and `*bytes` (each may be NULL) tell what is the program's again, and how
// many bytes from its start on may ever have been used; NULL and 0 for one that was reserved.
// False with errno EBUSY: something in it is in use, or just being given back by another thread.
ASH_EXPORT bool ash_arena_unload(ash_arena_t *arena, void **base, size_t *accessed,
                                 size_t *bytes) ASH_NOEXCEPT;

// Where the arena's slices start, and how many bytes they are; `bytes` may be NULL.
ASH_EXPORT void *ash_arena_area(const ash_arena_t *arena, size_t *bytes) ASH_NOEXCEPT;

// Whether the address is in the arena, in use or not.
ASH_EXPORT bool ash_arena_contains(const ash_arena_t *arena, const void *address) ASH_NOEXCEPT;

// Memory to be handed in is cut to multiples of the first one, and must have the second one left.
ASH_EXPORT size_t ash_arena_min_alignment(void) ASH_NOEXCEPT;
ASH_EXPORT size_t ash_arena_min_size(void) ASH_NOEXCEPT;

// A line about each arena, and a map of it with a character for every 2 MiB. They are: `.` free and
// given back, `-` free, `x` in use, `+` in part. Calls `out` for each line, which ends with a
// newline; NULL writes to standard error. `out` may allocate. A snapshot of each line.
ASH_EXPORT void ash_arenas_print(void (*out)(const char *line, void *argument),
                                 void *argument) ASH_NOEXCEPT;

// A new heap, as ash_heap_new, that takes all of its memory from this arena, exclusive or not: what
// does not fit in there fails with ENOMEM, and so do alignments above 2 MiB. Blocks may be as
// large as the arena. After ash_heap_delete its blocks still lie there. NULL with errno ENOMEM.
ASH_EXPORT ASH_NODISCARD ash_heap_t *ash_heap_new_in_arena(ash_arena_t *arena) ASH_NOEXCEPT;

// Prefers memory of a NUMA node (0 to 63; -1: none) for what the heap takes from now on: arenas on
// that node that are not exclusive come first, and the kernel is asked to take the pages of
// blocks above 32 MiB from there. All else comes from where the kernel places what a thread
// touches first: by default, the node it runs on. False with errno EINVAL for other numbers.
ASH_EXPORT bool ash_heap_set_numa_affinity(ash_heap_t *heap, int numa_node) ASH_NOEXCEPT;

#if defined(__cplusplus)
}
#endif

#endif
