// What is known of a size class: heap/sizeclass.h.

#ifndef ASH_BASE_CLASSES_H
#define ASH_BASE_CLASSES_H

#include <stdint.h>

#include "base/config.h"

enum {
    ASH_CLASS_EVEN = 16,  // classes of the first, even part
    ASH_CLASS_PER_DOUBLING = 4,
    ASH_CLASS_DOUBLINGS = ASH_HOSTILE ? 5 : 7,  // from 256 bytes to ASH_BLOCK_MAX
    ASH_CLASS_COUNT = ASH_CLASS_EVEN + ASH_CLASS_PER_DOUBLING * ASH_CLASS_DOUBLINGS,
};

// What the slow paths know of a class. Constant after boot.
struct ash_class {
    uint32_t block_bytes;
    uint32_t blocks;    // of a span
    uint64_t inverse;   // 2^32 / (block_bytes / 16), rounded up: divides by multiplying
    uint32_t stock;     // blocks that a bin is stocked with at a time, at most
    uint32_t slices;    // of a span
    int32_t cap;        // blocks that a bin may hold
    uint32_t magazine;  // blocks that leave a full bin
    uint32_t gather;    // foreign blocks of a span before they are published
};

#endif
