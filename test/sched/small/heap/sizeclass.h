// Found before src/heap/sizeclass.h: one class alone, with a constant table. Loops over all classes
// then are short, which is what a checker that runs them a million times needs.

#ifndef ASHLAR_SCHED_SIZECLASS_H
#define ASHLAR_SCHED_SIZECLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/classes.h"
#include "base/config.h"

enum {
    ASH_CLASS_STEP = 16,
    ASH_SPAN_BLOCKS_MIN = 8,
    SMALL_BLOCK_BYTES = ASH_SLICE_BYTES / ASH_SPAN_BLOCKS_MIN,
};

static const struct ash_class ash_classes[ASH_CLASS_COUNT] = {{
    .block_bytes = SMALL_BLOCK_BYTES,
    .blocks = ASH_SPAN_BLOCKS_MIN,
    .inverse = (UINT64_C(1) << 32) / (SMALL_BLOCK_BYTES / ASH_CLASS_STEP),
    .stock = 1,
    .slices = 1,
    .cap = 1,
    .magazine = 1,
    .gather = 3,
}};

static inline uint32_t ash_class_index(const struct ash_class *c, size_t offset) {
    return (uint32_t)((uint64_t)(offset / ASH_CLASS_STEP) * c->inverse >> 32);
}

// Whether a block starts `offset` bytes behind the span's start, as far as the class tells.
static inline bool ash_class_starts(const struct ash_class *c, size_t offset) {
    return offset < (size_t)c->slices << ASH_SLICE_SHIFT &&
           (size_t)ash_class_index(c, offset) * c->block_bytes == offset;
}

#endif
