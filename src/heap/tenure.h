// Tenure: who may touch a heap. Its thread, while the state is ACTIVE; else the one
// who turned it from ORPHAN.
//
//            leave               claim (CAS)
//   ACTIVE ----------> ORPHAN <-------------> TENDED        one at a time
//      ^                  |       leave
//      +------------------+ taken over by a new thread (claim)
//
// No news is lost: a pusher first pushes, then looks at the state; a leaver first
// sets the state, then looks at the inbox. Both in seq_cst: one of them sees the
// other (Dekker).
//
// A span's owner is written only by who holds both the heap that it names and the
// one that it will name. So it is exact for the holder of a heap: it never says that
// a span is this heap's when it is not, nor the other way round. For others it may be
// out of date: what they push to a former owner, that one passes on.
//
// Standard headers only, so that model checkers compile this file as it is.

#ifndef ASH_HEAP_TENURE_H
#define ASH_HEAP_TENURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct ash_heap;

// Turns the state from `orphan` to `held`, if that is what it is.
static inline bool ash_tenure_claim(_Atomic uint32_t *state, uint32_t orphan, uint32_t held) {
    uint32_t expected = orphan;
    // acquire: all that the last holder did to the heap; pairs with the release in
    // ash_tenure_leave.
    return atomic_compare_exchange_strong_explicit(state, &expected, held, memory_order_acquire,
                                                   memory_order_relaxed);
}

// Ends a hold of a heap that has a thread: news can wait for that, or for the helper.
static inline void ash_tenure_rest(_Atomic uint32_t *state, uint32_t active) {
    // release: all that was done to the heap; pairs with the acquire in ash_tenure_claim.
    atomic_store_explicit(state, active, memory_order_release);
}

// Ends the caller's hold. True if there is news, for which it must claim again.
static inline bool ash_tenure_leave(_Atomic uint32_t *state, uint32_t orphan,
                                    _Atomic uint32_t *inbox) {
    // release: all that was done to the heap; pairs with the acquire in ash_tenure_claim.
    // seq_cst, both: this store comes before this look at the inbox.
    atomic_store_explicit(state, orphan, memory_order_seq_cst);
    return atomic_load_explicit(inbox, memory_order_seq_cst) != 0;
}

// The caller has queued a span: whether nobody holds the heap.
static inline bool ash_tenure_is(_Atomic uint32_t *state, uint32_t orphan) {
    // seq_cst: after the push; see ash_tenure_leave.
    return atomic_load_explicit(state, memory_order_seq_cst) == orphan;
}

// Whose the span is; for anybody but that heap's holder: was.
static inline struct ash_heap *ash_tenure_owner(_Atomic(struct ash_heap *) *owner) {
    // relaxed: the claim of the state orders what a holder has to know.
    return atomic_load_explicit(owner, memory_order_relaxed);
}

static inline void ash_tenure_set_owner(_Atomic(struct ash_heap *) *owner, struct ash_heap *heap) {
    // relaxed: as above.
    atomic_store_explicit(owner, heap, memory_order_relaxed);
}

#endif
