// A thread's heap: for every size class a list of free blocks at hand, and the
// spans they come from.
//
//   bin      | NULL | oldest | ... |   head    at most `cap` blocks: the last freed
//   depot    magazine -> magazine              what left the bin when it was full
//   shelf    current span | spans with room | full spans
//
// malloc takes a bin's head, and free puts one there; a full bin first gives its older blocks
// to the depot, or back to their spans. So what was freed last is used first, and neither touches
// the block. docs/one-malloc.md follows a block through all of this.
//
// A heap outlives its thread. Its blocks may still be in use, others still push
// to its inbox; so heaps are never unmapped, and the next new thread takes the
// whole heap over. Until then any thread may tend it: see heap/orphan.h.
//
// Invariants:
//   INV-HEAP-1  bin.end - cap <= bin.top <= bin.end, and the bin's lowest place is NULL; or the
//               heap never had a span of the class, and all three are NULL
//   INV-HEAP-2  every block in a bin lies in a span of this heap and class
//   INV-HEAP-3  a span of this heap is current or on the list of its place: with room,
//               or full, that is all carved and none free
//   INV-HEAP-4  only who made the state BUSY or TENDED touches spans and shelves, only
//               the thread with tid bins and chains: heap/hold.h

#ifndef ASH_HEAP_HEAP_H
#define ASH_HEAP_HEAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "heap/sizeclass.h"
#include "platform/os.h"
#include "supply/region.h"

enum { ASH_BIN_UNIT = 8 };  // bin_at counts in this, so that a byte suffices

struct ash_bin {
    _Alignas(ASH_BIN_UNIT) struct ash_block *head;  // the last one, or NULL: it is empty
    struct ash_block **top;  // where the head goes when another comes; below it the others
    struct ash_block **end;  // where the top of a full one is
};

struct ash_shelf {
    struct ash_record *current;  // blocks are cut from it; may be NULL
    uint32_t lists[2];           // by place (enum ash_place): ticket of the first span
    size_t out;                  // blocks that are not on a span's own list
    uint32_t spans;
    uint32_t news;               // ticket of the first span with news: heap/remote.h
    uint32_t magazines;          // in the depot: heap/depot.h
    struct ash_magazine *depot;  // the newest one, or NULL
};

// Blocks of one foreign span on their way home: heap/remote.h.
struct ash_chain {
    struct ash_record *span;
    struct ash_block **blocks;
    _Atomic uint32_t block_count;  // read by who looks (heap/look.h)
    uint32_t cap;                  // as many are published
    uint32_t block_bytes;          // of the span
};

// What has happened in a heap, for statistics. Written by who holds the heap.
struct ash_heap_events {
    size_t releases;  // bins that were full
    size_t returned;  // blocks that other threads had freed, taken in
    size_t cut;       // spans from the store
    size_t retired;   // and back to it
    size_t adopted;   // spans taken over from orphans
};

enum ash_heap_state {
    ASH_HEAP_ACTIVE,  // a thread owns it, and is not at work on its spans
    ASH_HEAP_BUSY,    // the same, but it is, or somebody tends the heap for it
    ASH_HEAP_ORPHAN,  // its thread has ended
    ASH_HEAP_TENDED,  // an orphan that some thread is working on
    ASH_HEAP_LOST,    // its thread was left behind by fork: never touched again
    ASH_HEAP_SPARE,   // its realm has ended: empty, to be used again
};

// Where a thread has found its heap in a realm (heap/realm.h).
struct ash_recent {
    size_t serial;  // the realm's
    struct ash_heap *heap;
};

enum {
    ASH_FAST_SLOTS = ASH_FAST_MAX / ASH_CLASS_STEP + 1,
    ASH_HEAP_RECENT = 32,
};

struct ash_realm;
struct ash_slots;

struct ash_heap {
    // Touched only by the owning thread.
    uint8_t bin_at[ASH_FAST_SLOTS];  // request in 16-byte steps -> where its bin is;
                                     // first, so that it is read without an offset
    struct ash_bin bins[ASH_CLASS_COUNT];
    struct ash_bin none;  // always empty: where bin_at leads while the heap is shut
    struct ash_shelf shelves[ASH_CLASS_COUNT];
    _Atomic(struct ash_chain *) chains;  // ash_remote_none until the thread gathers: heap/remote.h
    uint64_t news_classes;               // a bit for each class whose shelf has news
    _Atomic uint32_t news_spans;         // spans on all shelves' news; others read it as a hint
    size_t depot_bytes;                  // of the blocks in all depots
    struct ash_depot_rack *depot_rack;   // NULL until there is a magazine
    uint32_t span_count;
    uint32_t refills;             // how often a bin was stocked
    _Atomic uint32_t slow_paths;  // how often a slow path was taken; read by the helper
    _Atomic size_t checks;        // how often the kernel said that it is the thread's; read by all
    struct ash_heap_events events;

    // Written by the owner, read by who looks at heaps: heap/look.h.
    _Atomic uint32_t publishing;    // odd while a chain is on its way from here to its span
    _Atomic size_t gathered_bytes;  // of the blocks in all chains

    // Written by the owner, read by anyone: bytes of blocks that are not on a span's
    // own list (in use, in a bin, on their way home).
    _Atomic size_t out_bytes;

    struct ash_recent recent[ASH_HEAP_RECENT];  // by serial; the owner's
    struct ash_heap *recalled;                  // heap/recall.h; the owner's

    // The realm, and the own heap of the thread that it belongs to: that thread's slot holds
    // its home, which has none itself. See heap/realm.h. Own cache line, with what is as constant:
    // threads that free blocks of the heap read them.
    _Alignas(ASH_CACHE_LINE) _Atomic(struct ash_realm *) part_of;
    _Atomic(struct ash_heap *) home;

    // In place of the bins when the process is hardened, else NULL: heap/slots.h.
    struct ash_slots *slots;

    // Set when a thread takes the heap over as its own.
    _Atomic uint32_t tid;      // the kernel's id of the owning thread; 0 for none
    _Atomic uint32_t process;  // the kernel's id of its process
    uintptr_t thread_id;       // the owner's: as platform/identity.h has it
    bool hooked;               // the owner's: its end will be noticed
    bool remembering;          // the owner's: the slot is being filled
    bool calling;              // the owner's: a function of the program's runs (api/pending.h)
    uint32_t turns;            // the owner's: slow paths since the deferred one was called
    bool guarding;             // the owner's: a guarded block is being made (api/guard.h)
    bool guard_drawn;          // the owner's: the next line has a value
    int64_t guard_left;        // the owner's: blocks until one is guarded; 0 or less: it is due
    struct ash_exit_hook exit_hook;

    // Written by any thread. Own cache line.
    _Alignas(ASH_CACHE_LINE) _Atomic uint32_t inbox;  // ticket of the first span with news
    _Atomic uint32_t state;

    // Under the lock of statistics: how they hold it (enum ash_look).
    uint32_t looked;

    // The helper's alone.
    uint32_t seen_slow_paths;
    uint32_t seen_still;  // rounds since that changed

    // The registry's, under its lock.
    struct ash_heap *next;                         // all heaps
    struct ash_heap *older_orphan, *newer_orphan;  // of its realm; or spare ones, by the first
    int processor;                                 // where its last thread ended
    struct ash_heap *next_in_realm;
    bool is_listed;                            // by the line above
    struct ash_heap *others;                   // whose home this heap is
    struct ash_heap *next_other, *prev_other;  // of the same home
    struct ash_heap *next_by_id;               // heaps whose threads' ids share a bucket
    uint32_t id_bucket;                        // that bucket's number + 1; 0 for none
    bool ended;  // bound to a thread that is past its last exit handler
};

_Static_assert(offsetof(struct ash_heap, bins) % ASH_BIN_UNIT == 0 &&
                   sizeof(struct ash_bin) % ASH_BIN_UNIT == 0,
               "bin_at counts in units");
_Static_assert(offsetof(struct ash_heap, shelves) / ASH_BIN_UNIT <= 255, "in a byte");

// The chains of a heap that gathers nothing. Never written to.
extern struct ash_chain ash_remote_none[ASH_GATHER_CHAINS];

// The heap of threads that have run their last exit handler: empty, owns nothing.
extern struct ash_heap ash_heap_done;

// The same, for a thread that puts it into its slot.
struct ash_heap *ash_heap_end(void);

// Gives the bin its places, `cap` and one more, unless it has them. False without memory.
bool ash_heap_lay_bin(struct ash_heap *heap, unsigned class_index);

// The lowest place of a bin that has places, which is NULL.
static inline struct ash_block **ash_bin_bottom(const struct ash_heap *heap, unsigned class_index) {
    return heap->bins[class_index].end - ash_classes[class_index].cap;
}

static inline uint32_t ash_bin_count(const struct ash_heap *heap, unsigned class_index) {
    const struct ash_bin *bin = &heap->bins[class_index];
    return bin->end == NULL ? 0 : (uint32_t)(bin->top - ash_bin_bottom(heap, class_index));
}

// Where its blocks are, one behind the other, the oldest first: the head among them.
static inline struct ash_block **ash_bin_blocks(struct ash_heap *heap, unsigned class_index) {
    *heap->bins[class_index].top = heap->bins[class_index].head;
    return ash_bin_bottom(heap, class_index) + 1;
}

// So many blocks have been put there.
static inline void ash_bin_set_count(struct ash_heap *heap, unsigned class_index, uint32_t count) {
    struct ash_bin *bin = &heap->bins[class_index];
    bin->top = ash_bin_bottom(heap, class_index) + count;
    bin->head = *bin->top;
}

// Forgets what is in it.
static inline void ash_bin_drop(struct ash_heap *heap, unsigned class_index) {
    if (ash_bin_count(heap, class_index) > 0) {
        ash_bin_set_count(heap, class_index, 0);
    }
}

// Takes the last one out. NULL: there is none.
static inline struct ash_block *ash_bin_pop(struct ash_heap *heap, unsigned class_index) {
    struct ash_block *block = heap->bins[class_index].head;
    if (block != NULL) {
        ash_bin_set_count(heap, class_index, ash_bin_count(heap, class_index) - 1);
    }
    return block;
}

// Counts blocks of a class going out, or coming back if negative. Owner only.
static inline void ash_heap_count(struct ash_heap *heap, const struct ash_class *c,
                                  ptrdiff_t blocks) {
    // relaxed: one writer, and readers want a snapshot.
    size_t bytes = atomic_load_explicit(&heap->out_bytes, memory_order_relaxed);
    bytes += (size_t)blocks * c->block_bytes;
    atomic_store_explicit(&heap->out_bytes, bytes, memory_order_relaxed);
    heap->shelves[c - ash_classes].out += (size_t)blocks;
}

static inline uint32_t ash_heap_news(const struct ash_heap *heap) {
    // relaxed: who holds the heap writes it; for others a hint.
    return atomic_load_explicit(&heap->news_spans, memory_order_relaxed);
}

static inline void ash_heap_count_news(struct ash_heap *heap, int change) {
    // relaxed: one writer at a time, who holds the heap.
    atomic_store_explicit(&heap->news_spans, ash_heap_news(heap) + (uint32_t)change,
                          memory_order_relaxed);
}

static inline uint32_t ash_heap_slow_paths(const struct ash_heap *heap) {
    // relaxed: a hint that the thread is awake.
    return atomic_load_explicit(&heap->slow_paths, memory_order_relaxed);
}

static inline struct ash_recent *ash_heap_recent(struct ash_heap *mine, size_t serial) {
    return &mine->recent[serial % ASH_HEAP_RECENT];
}

// Makes a zeroed heap of the main realm ready for its first thread.
void ash_heap_init(struct ash_heap *heap);

// Shuts and opens a heap that the caller holds: while it is shut, its thread finds all bins
// empty when it allocates, takes the slow path, and waits there for the hold to end.
void ash_heap_shut(struct ash_heap *heap);
void ash_heap_open(struct ash_heap *heap);

#endif
