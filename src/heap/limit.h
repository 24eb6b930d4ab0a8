// The limits of the process: what all realms together take from the supply.
//
// Counted where realms are charged, so on slow paths only: slices for small blocks and large ones,
// pages for huge ones. That is `active` of the statistics.
//
// A request that finds the soft limit crossed only leaves a note (INV-LIMIT-1): it may hold its
// heap. Who ends a slow path looks for notes (api/pending.h) and tells the program.
//
// Invariants:
//   INV-LIMIT-1  a note is left once for each time that the soft limit is crossed: again only after
//                less than seven eighths of it was in use
//   INV-LIMIT-2  what is in use is the sum of what all realms are charged

#ifndef ASH_HEAP_LIMIT_H
#define ASH_HEAP_LIMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/options.h"

struct ash_limit {
    _Alignas(ASH_CACHE_LINE) _Atomic size_t in_use;  // bytes
    _Atomic uint32_t above;                          // the soft limit was crossed
};

extern struct ash_limit ash_limit;

static inline size_t ash_limit_in_use(void) {
    // relaxed: a count.
    return atomic_load_explicit(&ash_limit.in_use, memory_order_relaxed);
}

// Where there is a limit, and where the soft one was crossed.
ASH_COLD bool ash_limit_charge_below(size_t bytes, size_t soft, size_t hard);
ASH_COLD void ash_limit_look_below(size_t in_use);

// Counts bytes. False if they exceed the hard limit: then nothing was counted.
ASH_INLINE bool ash_limit_charge(size_t bytes) {
    // relaxed, all of these: counts, and wishes.
    size_t soft = ash_option_value(ASH_OPTION_LIMIT_SOFT);
    size_t hard = ash_option_value(ASH_OPTION_LIMIT_HARD);
    if (ash_unlikely((soft | hard) != 0)) {
        return ash_limit_charge_below(bytes, soft, hard);
    }
    (void)atomic_fetch_add_explicit(&ash_limit.in_use, bytes, memory_order_relaxed);
    return true;
}

ASH_INLINE void ash_limit_refund(size_t bytes) {
    (void)atomic_fetch_sub_explicit(&ash_limit.in_use, bytes, memory_order_relaxed);
    if (ash_unlikely(atomic_load_explicit(&ash_limit.above, memory_order_relaxed) != 0)) {
        ash_limit_look_below(ash_limit_in_use());
    }
}

#endif
