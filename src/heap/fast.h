// The hot path: what nearly every malloc and free does, and nothing else.
//
// This is the only file tuned by instruction count (test/golden/fastpath_*.txt).
// Everything optional is kept out of it by making it miss: a heap with empty bins
// and spans whose owner is no heap lead to the slow paths by themselves.

#ifndef ASH_HEAP_FAST_H
#define ASH_HEAP_FAST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "heap/heap.h"
#include "platform/cpu.h"
#include "platform/thread.h"

// Hiding what the compiler knows makes it address the bin from the heap each time,
// and leave the register of the result alone: 17 instructions instead of 19.
ASH_INLINE struct ash_bin *fast_bin(struct ash_heap **heap, size_t *at) {
    ash_cpu_keep(*heap, *at);
    return (struct ash_bin *)(void *)((char *)*heap + *at * ASH_BIN_UNIT);
}

// Who looks at a bin meanwhile (heap/look.h) finds the block below the head in its place, or as
// the head, or both ways: so its words are written in the order in which they stand here. The
// fences are no instructions. The head lies in the bin, and not below the top as the others,
// because what malloc returns is then known after one load.

// `bytes` is at most ASH_FAST_MAX. NULL: the bin is empty.
ASH_INLINE void *ash_fast_take(struct ash_heap *heap, size_t bytes) {
    size_t slot = (bytes + ASH_CLASS_STEP - 1) / ASH_CLASS_STEP;
    size_t at = heap->bin_at[slot];
    struct ash_block *block = fast_bin(&heap, &at)->head;
    if (ash_unlikely(block == NULL)) {
        return NULL;
    }
    fast_bin(&heap, &at)->head = fast_bin(&heap, &at)->top[-1];
    atomic_signal_fence(memory_order_release);
    fast_bin(&heap, &at)->top--;
    return block;
}

ASH_INLINE void ash_fast_push(struct ash_bin *bin, struct ash_block *block) {
    *bin->top = bin->head;
    atomic_signal_fence(memory_order_release);
    bin->top++;
    atomic_signal_fence(memory_order_release);
    bin->head = block;
}

// To the bin of `record`, if that is `heap`'s.
ASH_INLINE bool fast_put(struct ash_record *record, const struct ash_heap *heap, void *p) {
    // relaxed: a thread that owns the span wrote this itself; any other value is
    // somebody else's and decided on the slow path.
    if (ash_unlikely(atomic_load_explicit(&record->owner, memory_order_relaxed) != heap)) {
        return false;
    }
    struct ash_bin *bin = record->bin;
    if (ash_unlikely(bin->top == bin->end)) {
        return false;
    }
    ash_fast_push(bin, p);
    return true;
}

// The same for the calling thread's heap. One without a heap (NULL) owns nothing (INV-RECORD-1).
ASH_INLINE bool ash_fast_give_in(struct ash_record *record, void *p) {
    return fast_put(record, ash_thread_heap(), p);
}

// False: not a block of the calling thread's spans, or its bin is full.
ASH_INLINE bool ash_fast_give(void *p) {
    return ash_likely(ash_region_contains(p)) && ash_fast_give_in(ash_record_of(p), p);
}

// The same for another heap of the calling thread's; ash_free_to_slow follows if it fails.
ASH_INLINE bool ash_fast_give_to(struct ash_heap *heap, void *p) {
    return ash_likely(ash_region_contains(p)) && fast_put(ash_record_of(p), heap, p);
}

#endif
