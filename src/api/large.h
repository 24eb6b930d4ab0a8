// Objects above the largest class: a run, or a mapping of its own.

#ifndef ASH_API_LARGE_H
#define ASH_API_LARGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "heap/realm.h"
#include "supply/huge.h"

// No object is larger: its size rounded up must still be a ptrdiff_t.
#define ASH_LARGE_MAX ((size_t)PTRDIFF_MAX - ASH_UNIT_BYTES)

// Whether what collecting gives back may be what such a request lacks: empty spans, or bytes below
// the hard limit.
bool ash_large_may_collect(size_t bytes);

// At least `bytes` for the realm, at a multiple of `align`. `*zero` says whether all of it is
// zero. NULL without memory or above ASH_LARGE_MAX; errno is the caller's business.
void *ash_large_take(struct ash_realm *realm, size_t bytes, size_t align, bool *zero);

// The same, as a mapping of its own.
void *ash_large_take_huge(struct ash_realm *realm, size_t bytes, size_t align);

// Asks the kernel for memory of the realm's NUMA node, if it has one, when a block with a mapping
// of its own is first touched. `block` may be NULL.
void ash_large_place(const struct ash_realm *realm, void *block, size_t bytes);

void ash_large_give_run(struct ash_record *run);

// False if it is not a huge block.
bool ash_large_give_huge(void *block);

// In place. False if it cannot be.
bool ash_large_resize_run(struct ash_record *run, size_t bytes);

// In place or elsewhere. From then on it is `heir`'s, if that is not NULL: not that of a heap which
// may have nothing outside of its arena. NULL without memory; the block is then as it was.
void *ash_large_resize_huge(const struct ash_huge *huge, size_t bytes, struct ash_realm *heir);

#endif
