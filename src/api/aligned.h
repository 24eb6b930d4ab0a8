// Blocks at a multiple of an alignment, or at an offset from one.

#ifndef ASH_API_ALIGNED_H
#define ASH_API_ALIGNED_H

#include <stdbool.h>
#include <stddef.h>

struct ash_realm;

// The class of blocks of `bytes` at a multiple of `align`, a power of two; ASH_CLASS_COUNT if no
// class will do.
unsigned ash_aligned_class(size_t align, size_t bytes);

// `align` is a power of two; `realm` NULL is the calling thread's own. NULL without memory; errno
// may say so.
void *ash_aligned_take(struct ash_realm *realm, size_t align, size_t bytes);

// The same, and whether all of the block is known to be zero.
void *ash_aligned_take_known(struct ash_realm *realm, size_t align, size_t bytes, bool *zero);

// The same with (address + offset) at a multiple of `align`.
void *ash_aligned_take_at(struct ash_realm *realm, size_t align, size_t offset, size_t bytes,
                          bool *zero);

// What callers see, with a realm: errno is set on failure, and kept on success. `realm` NULL is the
// calling thread's own; where a block is resized, its own. All of it is zero with `clear`.
void *ash_take_at(struct ash_realm *realm, size_t bytes, size_t align, size_t offset, bool clear);
void *ash_resize_at(struct ash_realm *realm, void *block, size_t bytes, size_t align,
                    size_t offset);

// The same, which clear as ash_rezalloc says.
void *ash_resize_zero_at(struct ash_realm *realm, void *block, size_t bytes, size_t align,
                         size_t offset);
void *ash_resize_zero(struct ash_realm *realm, void *block, size_t bytes);

#endif
