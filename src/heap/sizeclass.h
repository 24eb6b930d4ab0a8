// Size classes: 16-byte steps to 256 bytes, then four to a doubling.
//
//   16 32 48 ... 256 | 320 384 448 512 | 640 768 896 1024 | 1280 ...
//
// Every class is a multiple of 16, and spans start at a slice: so block k of a
// class is aligned to the largest power of two that divides the class's size.
// docs/decisions/0002-size-classes.md has the waste of other spacings.

#ifndef ASH_HEAP_SIZECLASS_H
#define ASH_HEAP_SIZECLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/classes.h"
#include "base/config.h"
#include "base/sealed.h"

enum {
    ASH_CLASS_STEP = 16,
    ASH_SPAN_BLOCKS_MIN = 8,
};

_Static_assert(256 << ASH_CLASS_DOUBLINGS == ASH_BLOCK_MAX, "the last class is the limit");

// The table (struct ash_class is in base/classes.h).
#define ash_classes ash_sealed.classes

void ash_class_boot(void);

// Which block of its span lies `offset` bytes behind the span's start. Exact, since
// offset / 16 has at most 14 bits and block_bytes / 16 at most 11.
static inline uint32_t ash_class_index(const struct ash_class *c, size_t offset) {
    return (uint32_t)((uint64_t)(offset / ASH_CLASS_STEP) * c->inverse >> 32);
}

// Whether a block starts `offset` bytes behind the span's start, as far as the class tells.
static inline bool ash_class_starts(const struct ash_class *c, size_t offset) {
    return offset < (size_t)c->slices << ASH_SLICE_SHIFT &&
           (size_t)ash_class_index(c, offset) * c->block_bytes == offset;
}

// The smallest class that holds `bytes`, at most ASH_BLOCK_MAX.
static inline unsigned ash_class_of(size_t bytes) {
    if (bytes <= ASH_CLASS_STEP * ASH_CLASS_EVEN) {
        return bytes == 0 ? 0 : (unsigned)(bytes - 1) / ASH_CLASS_STEP;
    }
    unsigned doubling = ash_log2(bytes - 1) - 8;
    unsigned quarter = (unsigned)((bytes - 1) >> (doubling + 6)) & 3;
    return ASH_CLASS_EVEN + ASH_CLASS_PER_DOUBLING * doubling + quarter;
}

#endif
