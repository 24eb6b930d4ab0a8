// Every build knob, always 0 or 1, and every size that shapes the heap.
//
// The hostile build makes slices, caps and tables tiny, so that what is rare in
// a release is common in a test.

#ifndef ASH_BASE_CONFIG_H
#define ASH_BASE_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#ifndef ASH_DEBUG
#define ASH_DEBUG 0  // test every ash_assert
#endif
#ifndef ASH_AUDIT
#define ASH_AUDIT 0  // walk whole structures after slow paths
#endif
#ifndef ASH_HOSTILE
#define ASH_HOSTILE 0  // tiny sizes
#endif

// "name=value,name=value": what the build sets before anybody else does.
#ifndef ASH_DEFAULT_OPTIONS
#define ASH_DEFAULT_OPTIONS ""
#endif

// Whether all systems with this processor have pages of 4 KiB, and lay programs out for them.
#if defined(__x86_64__) || defined(__i386__) || defined(__riscv) || defined(__s390x__)
#define ASH_SMALL_PAGES 1
#else
#define ASH_SMALL_PAGES 0
#endif

_Static_assert(ASH_DEBUG || !ASH_AUDIT, "audits report through ash_assert");

enum {
    // A slice is the unit of the region that has a record of its own.
    ASH_SLICE_SHIFT = ASH_HOSTILE ? 14 : 16,
    ASH_SLICE_BYTES = 1 << ASH_SLICE_SHIFT,

    // A unit is 32 slices, so that one word of bits describes it. In a release
    // it is 2 MiB, what the processor maps with one entry.
    ASH_UNIT_SLICES = 32,
    ASH_UNIT_SHIFT = ASH_SLICE_SHIFT + 5,
    ASH_UNIT_BYTES = 1 << ASH_UNIT_SHIFT,

    // The region's window: 1 TiB where the address space affords it. Debug builds
    // take less, because ThreadSanitizer only knows addresses near the top.
    ASH_WINDOW_SHIFT = ASH_DEBUG ? 36 : 40,

    // Beyond the window: indices for units of memory that was handed in, which lies anywhere.
    // 256 GiB in all, or 4 GiB where addresses are short. They are dealt out in steps, so that
    // no two share a page of a table.
    ASH_ARENA_UNITS = sizeof(void *) > 4 ? 1 << 17 : 1 << 11,
    ASH_ARENA_STEP = sizeof(void *) > 4 ? 32 : 128,

    // Arenas at a time; an index and a mark for "none" fit a byte.
    ASH_ARENA_MAX = 255,

    // Larger blocks are runs.
    ASH_BLOCK_MAX = ASH_SLICE_BYTES / 2,

    // Up to here a table in the heap knows the class of a request.
    ASH_FAST_MAX = 4096,

    // Larger runs are huge: they get a mapping of their own.
    ASH_RUN_MAX = 16 * ASH_UNIT_BYTES,

    // A run that outgrows its place moves to a mapping of its own from here on:
    // moving page tables beats copying (80 times at 256 KiB).
    ASH_MOVE_MIN = 16 * ASH_SLICE_BYTES,

    // A bin holds about this much, and no more blocks than the next line.
    ASH_BIN_BYTES = ASH_HOSTILE ? 256 : 8192,
    ASH_BIN_BLOCKS = ASH_HOSTILE ? 4 : 128,

    // Blocks that came out of full bins and are not yet back in their spans, of a heap.
    ASH_DEPOT_BYTES = ASH_HOSTILE ? 2048 : 1 << 20,

    // Where a heap notes which these are. Some 165 notes of 96 blocks each, on 64-bit systems.
    ASH_DEPOT_RACK_BYTES = ASH_HOSTILE ? 1024 : 1 << 17,

    // Inaccessible pages behind large blocks that take a mapping each, of which each splits one
    // more: together a quarter of the 65,530 that Linux lets a process have.
    ASH_FENCE_MAX = ASH_HOSTILE ? 64 : 8192,

    // About how much a bin is stocked with at a time, at most.
    ASH_STOCK_BYTES = 4096,

    // Foreign blocks gathered before they are published: chains, and per chain.
    ASH_GATHER_CHAINS_LOG2 = ASH_HOSTILE ? 1 : 5,
    ASH_GATHER_CHAINS = 1 << ASH_GATHER_CHAINS_LOG2,
    ASH_GATHER_BLOCKS = ASH_HOSTILE ? 3 : 32,
    ASH_GATHER_BYTES = 8192,

    ASH_CACHE_LINE = 64,

    // What is read-only from tier 3 on is aligned to this: a page, however large the system's are.
    ASH_SEALED_BYTES = ASH_SMALL_PAGES ? 4096 : 65536,
};

#endif
