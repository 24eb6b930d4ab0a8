// A slice's record: everything ashlar knows of 64 KiB, out of the user's memory.
//
//   window   | slice 0 | slice 1 | slice 2 | ...          records  | 0 | 1 | 2 | ...
//
//   record = records + ((p - base) >> ASH_SLICE_SHIFT)
//
// Beside the records lie the marks: a bit for every 16 bytes of a slice, of which a
// span uses one a block. A marked block is free and back in its span. So freeing
// to a span does not touch the block, blocks are handed out again in the order of
// their addresses, and a block that comes back twice is found.
//
// A span or run of several slices is described by its first record. The others of a
// span repeat owner, bin, kind and class, and say in `back` how far away the first
// one is; those of a run stay FREE.
//
// Invariants:
//   INV-RECORD-1  owner is never NULL in a record below the region's limit: a
//                 thread without a heap (NULL) matches nothing
//   INV-RECORD-2  used + marks == carved, in blocks
//   INV-RECORD-3  remote is 0 or has both the queued bit and a count above 0;
//                 with the queued bit the record is on exactly one inbox, on its
//                 way there, or among its owner's news
//   INV-RECORD-4  blocks on a remote chain, in a bin or in a thread's
//                 gathered chains still count as used

#ifndef ASH_SUPPLY_RECORD_H
#define ASH_SUPPLY_RECORD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"

struct ash_heap;
struct ash_bin;
struct ash_realm;

struct ash_block;

enum ash_kind {
    ASH_KIND_FREE,  // in the store, or inside a run
    ASH_KIND_SPAN,
    ASH_KIND_RUN,  // the first slice of a run
};

// A ticket names a span in 32 bits: its slice's number plus 1; 0 is none.

struct ash_record {
    // Set when a span is cut or adopted. Any thread that frees may read owner;
    // bin belongs to the owner.
    _Atomic(struct ash_heap *) owner;
    union {
        struct ash_bin *bin;      // of a span
        struct ash_realm *realm;  // of a run
    };

    // Touched only by the owning thread.
    union {
        size_t run_bytes;    // of a run: what the program may use
        size_t lowest_mark;  // of a span: no block below 64 times this is marked
    };
    _Atomic uint32_t used_blocks;  // that are out; others may read it for statistics
    union {
        uint32_t carved;  // of a span: blocks cut so far, from the start
        uint32_t lead;    // of a run: bytes before its block, less than a slice
    };
    uint32_t next, prev;  // tickets: neighbours on the shelf's list, or the realm's runs

    // Pushed to by any thread, emptied by the owner: heap/remote.h.
    _Atomic uint32_t remote;
    uint32_t
        inbox_next;  // ticket; written by the one thread that queues the span, then by its owner

    // Set when the slices are taken, constant while any block is in use. Threads
    // that hold a block of it may read them.
    uint32_t slices;
    uint32_t back;  // slices between the first one and this one
    uint8_t kind;
    uint8_t class_index;
    union {
        uint8_t place;  // of a span on its shelf (enum ash_place); its owner's
        uint8_t fence;  // of a run (enum ash_fence_kind)
    };
    uint8_t tidy;  // 1: of a span: no page in it has become free since they were purged
};

_Static_assert(sizeof(struct ash_record) <= 64, "a record fits a cache line");

#endif
