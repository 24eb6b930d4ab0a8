// Found before src/base/classes.h: one class alone (heap/sizeclass.h).

#ifndef ASHLAR_SCHED_CLASSES_H
#define ASHLAR_SCHED_CLASSES_H

#include <stdint.h>

enum { ASH_CLASS_COUNT = 1 };

struct ash_class {
    uint32_t block_bytes;
    uint32_t blocks;
    uint64_t inverse;
    uint32_t stock;
    uint32_t slices;
    int32_t cap;
    uint32_t magazine;
    uint32_t gather;
};

#endif
