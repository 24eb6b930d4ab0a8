#include "platform/tally.h"

#include <stdatomic.h>
#include <stdbool.h>

enum tally_kind { TALLY_MAPS, TALLY_UNMAPS, TALLY_REMAPS, TALLY_PURGES, TALLY_KINDS };

static _Atomic size_t tally_mapped;
static _Atomic size_t tally_mapped_peak;
static _Atomic size_t tally_parts[ASH_TALLY_PARTS];
static _Atomic size_t tally_active_peak;
static _Atomic size_t tally_purged;
static _Atomic size_t tally_calls[TALLY_KINDS];

// relaxed, all of these: counts.
static void tally_call(enum tally_kind kind) {
    atomic_fetch_add_explicit(&tally_calls[kind], 1, memory_order_relaxed);
}

static size_t tally_calls_of(enum tally_kind kind) {
    return atomic_load_explicit(&tally_calls[kind], memory_order_relaxed);
}

static void tally_raise(_Atomic size_t *peak, size_t value) {
    size_t before = atomic_load_explicit(peak, memory_order_relaxed);
    bool raised = before >= value;
    while (!raised) {
        raised = atomic_compare_exchange_weak_explicit(peak, &before, value, memory_order_relaxed,
                                                       memory_order_relaxed) ||
                 before >= value;
    }
}

static void tally_add(size_t bytes) {
    size_t before = atomic_fetch_add_explicit(&tally_mapped, bytes, memory_order_relaxed);
    tally_raise(&tally_mapped_peak, before + bytes);
}

static size_t tally_sum_parts(void) {
    return atomic_load_explicit(&tally_parts[ASH_TALLY_SLICES], memory_order_relaxed) +
           atomic_load_explicit(&tally_parts[ASH_TALLY_HUGE], memory_order_relaxed);
}

// Writers of both parts at once may each miss the other: who reads the peak looks once more.
void ash_tally_active(enum ash_tally_part part, size_t bytes) {
    atomic_store_explicit(&tally_parts[part], bytes, memory_order_relaxed);
    tally_raise(&tally_active_peak, tally_sum_parts());
}

void ash_tally_mapped(size_t bytes) {
    tally_call(TALLY_MAPS);
    tally_add(bytes);
}

void ash_tally_unmapped(size_t bytes) {
    tally_call(TALLY_UNMAPS);
    atomic_fetch_sub_explicit(&tally_mapped, bytes, memory_order_relaxed);
}

void ash_tally_remapped(size_t old_bytes, size_t new_bytes) {
    tally_call(TALLY_REMAPS);
    if (new_bytes > old_bytes) {
        tally_add(new_bytes - old_bytes);
    } else {
        atomic_fetch_sub_explicit(&tally_mapped, old_bytes - new_bytes, memory_order_relaxed);
    }
}

void ash_tally_handed_in(size_t bytes) {
    tally_add(bytes);
}

void ash_tally_handed_back(size_t bytes) {
    atomic_fetch_sub_explicit(&tally_mapped, bytes, memory_order_relaxed);
}

void ash_tally_purged(size_t bytes) {
    tally_call(TALLY_PURGES);
    atomic_fetch_add_explicit(&tally_purged, bytes, memory_order_relaxed);
}

struct ash_tally ash_tally_read(void) {
    size_t active = tally_sum_parts();
    tally_raise(&tally_active_peak, active);
    return (struct ash_tally){
        .mapped_bytes = atomic_load_explicit(&tally_mapped, memory_order_relaxed),
        .mapped_peak_bytes = atomic_load_explicit(&tally_mapped_peak, memory_order_relaxed),
        .active_bytes = active,
        .active_peak_bytes = atomic_load_explicit(&tally_active_peak, memory_order_relaxed),
        .maps = tally_calls_of(TALLY_MAPS),
        .unmaps = tally_calls_of(TALLY_UNMAPS),
        .remaps = tally_calls_of(TALLY_REMAPS),
        .purges = tally_calls_of(TALLY_PURGES),
        .purged_bytes = atomic_load_explicit(&tally_purged, memory_order_relaxed),
    };
}
