// Guarded sampling: which allocations become guarded blocks (supply/guard.h), one in so many of the
// option guard_sample.
//
// The fast path of malloc knows nothing of it. What is counted is blocks that slow paths bring: one
// that is returned, and those that a refill leaves in the bin behind it, when they are brought. A
// thread's countdown starts at a number drawn between 1 and 2 N - 1, and where it ends the next
// slow path returns a guarded block in place of a refill. So every block that passes through a
// refill has the same chance, and one that goes from a bin to the program and back, and out again,
// has it once. In a hardened process all blocks pass through here.

#ifndef ASH_API_GUARD_H
#define ASH_API_GUARD_H

#include <stddef.h>

#include "base/compiler.h"
#include "supply/guard.h"
#include "supply/huge.h"

struct ash_realm;

ASH_COLD void *ash_guard_sample_on(struct ash_realm *realm, size_t bytes, size_t align);
ASH_COLD void ash_guard_count_on(struct ash_realm *realm, size_t bytes);

// A guarded block, or NULL if it is not the turn of this one, or cannot be. `realm` NULL is the
// calling thread's own.
static inline void *ash_guard_sample(struct ash_realm *realm, size_t bytes, size_t align) {
    return ash_likely(ash_guard.bytes == 0) ? NULL : ash_guard_sample_on(realm, bytes, align);
}

// After a slow path of a process that is not hardened: counts what is in the bin now.
static inline void ash_guard_count(struct ash_realm *realm, size_t bytes) {
    if (ash_unlikely(ash_guard.bytes != 0)) {
        ash_guard_count_on(realm, bytes);
    }
}

// As ash_huge_give, of an address of the pool.
ASH_COLD struct ash_huge ash_guard_free(void *block);

#endif
