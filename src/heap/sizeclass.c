#include "heap/sizeclass.h"

#include "base/assert.h"

static uint32_t class_block_bytes(unsigned index) {
    if (index < ASH_CLASS_EVEN) {
        return (index + 1) * ASH_CLASS_STEP;
    }
    unsigned doubling = (index - ASH_CLASS_EVEN) / ASH_CLASS_PER_DOUBLING;
    unsigned quarter = (index - ASH_CLASS_EVEN) % ASH_CLASS_PER_DOUBLING;
    return (256u << doubling) + ((quarter + 1) * 64u << doubling);
}

static uint32_t class_cap(uint32_t block_bytes) {
    size_t blocks = ASH_BIN_BYTES / block_bytes;
    return (uint32_t)ash_min(ash_max(blocks, 1), ASH_BIN_BLOCKS);
}

void ash_class_boot(void) {
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        struct ash_class *c = &ash_classes[i];
        c->block_bytes = class_block_bytes(i);
        size_t least = ASH_SPAN_BLOCKS_MIN * (size_t)c->block_bytes;
        c->slices = (uint32_t)(ash_round_up(least, ASH_SLICE_BYTES) >> ASH_SLICE_SHIFT);
        c->blocks = (c->slices << ASH_SLICE_SHIFT) / c->block_bytes;
        uint64_t steps = c->block_bytes / ASH_CLASS_STEP;
        c->inverse = ((UINT64_C(1) << 32) + steps - 1) / steps;
        c->cap = (int32_t)class_cap(c->block_bytes);
        c->magazine = (uint32_t)ash_max((size_t)c->cap * 3 / 4, 1);
        size_t stock = ash_max(ASH_STOCK_BYTES / c->block_bytes, 1);
        c->stock = (uint32_t)ash_min(stock, (size_t)c->cap);
        size_t gather = ash_max(ASH_GATHER_BYTES / c->block_bytes, 1);
        c->gather = (uint32_t)ash_min(gather, ASH_GATHER_BLOCKS);
        ash_assert(ash_class_of(c->block_bytes) == i);
    }
}
