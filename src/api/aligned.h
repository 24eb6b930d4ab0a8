// Blocks at a multiple of an alignment, or at an offset from one.

#ifndef ASH_API_ALIGNED_H
#define ASH_API_ALIGNED_H

#include <stdbool.h>
#include <stddef.h>

struct ash_realm;

// `align` is a power of two; `realm` NULL is the calling thread's own. NULL without memory; errno
// may say so.
void *ash_aligned_take(struct ash_realm *realm, size_t align, size_t bytes);

// The same, and whether all of the block is known to be zero.
void *ash_aligned_take_known(struct ash_realm *realm, size_t align, size_t bytes, bool *zero);

// The same with (address + offset) at a multiple of `align`.
void *ash_aligned_take_at(struct ash_realm *realm, size_t align, size_t offset, size_t bytes,
                          bool *zero);

#endif
