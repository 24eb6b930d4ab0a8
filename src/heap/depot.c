#include "heap/depot.h"

#include "base/assert.h"
#include "heap/node.h"
#include "heap/span.h"

// Behind the blocks that the magazine's first node holds: the magazine below.
static struct ash_block **depot_below(struct ash_block *magazine) {
    struct ash_node *node = ash_node_of(magazine);
    return &node->blocks[ash_node_count(node)];
}

struct ash_block *ash_depot_below(struct ash_block *magazine) {
    return *depot_below(magazine);
}

static size_t depot_magazine_bytes(unsigned class_index) {
    const struct ash_class *c = &ash_classes[class_index];
    return (size_t)c->magazine * c->block_bytes;
}

// Whether a block of the class starts there, as far as the window tells; elsewhere ash_span_expect
// knows.
static inline bool depot_starts(const struct ash_class *c, const struct ash_block *block) {
    if (ash_unlikely(!ash_region_contains(block))) {
        return false;
    }
    size_t before = (size_t)ash_record_of(block)->back << ASH_SLICE_SHIFT;
    return ash_class_starts(c, before + (uintptr_t)block % ASH_SLICE_BYTES);
}

// Only nodes are written to, so they alone are tested before: a program may have freed what is no
// block's start.
static void depot_pack(const struct ash_bin *bin, const struct ash_class *c,
                       struct ash_block *const *blocks) {
    size_t bytes = c->block_bytes;
    uint32_t first_room = ash_node_room(bytes - sizeof(void *)), room = ash_node_room(bytes);
    for (uint32_t i = 0; i < c->magazine; i = ash_node_after(i, first_room, room)) {
        if (ash_unlikely(!depot_starts(c, blocks[i]))) {
            ash_span_expect(bin, blocks[i]);
        }
    }
    (void)ash_node_link(blocks, c->magazine, first_room, room);
}

static void depot_unpack(const struct ash_bin *bin, const struct ash_class *c,
                         struct ash_block *magazine, struct ash_block **blocks) {
    uint32_t left = c->magazine;
    while (left > 0) {
        if (ash_unlikely(!depot_starts(c, magazine))) {
            ash_span_expect(bin, magazine);
        }
        const struct ash_node *node = ash_node_of(magazine);
        *blocks++ = magazine;
        uint32_t held = (uint32_t)ash_min(ash_node_count(node), --left);
        for (uint32_t i = 0; i < held; i++) {
            *blocks++ = node->blocks[i];
        }
        left -= held;
        magazine = ash_node_next(node);
    }
}

bool ash_depot_put(struct ash_heap *heap, unsigned class_index, struct ash_block *const *blocks) {
    struct ash_shelf *shelf = &heap->shelves[class_index];
    size_t bytes = depot_magazine_bytes(class_index);
    if (heap->depot_bytes + bytes > ASH_DEPOT_BYTES) {
        return false;
    }
    depot_pack(&heap->bins[class_index], &ash_classes[class_index], blocks);
    *depot_below(blocks[0]) = shelf->depot;
    shelf->depot = blocks[0];
    shelf->magazines++;
    heap->depot_bytes += bytes;
    return true;
}

// There is one.
static void depot_pop(struct ash_heap *heap, unsigned class_index, struct ash_block **blocks) {
    struct ash_shelf *shelf = &heap->shelves[class_index];
    struct ash_block *magazine = shelf->depot;
    depot_unpack(&heap->bins[class_index], &ash_classes[class_index], magazine, blocks);
    shelf->depot = ash_depot_below(magazine);
    shelf->magazines--;
    heap->depot_bytes -= depot_magazine_bytes(class_index);
}

bool ash_depot_take(struct ash_heap *heap, unsigned class_index) {
    ash_assert(ash_bin_count(heap, class_index) == 0);
    if (heap->shelves[class_index].depot == NULL) {
        return false;
    }
    depot_pop(heap, class_index, ash_bin_blocks(heap, class_index));
    ash_bin_set_count(heap, class_index, ash_classes[class_index].magazine);
    return true;
}

bool ash_depot_settle(struct ash_heap *heap) {
    if (heap->depot_bytes == 0) {
        return false;
    }
    struct ash_block *blocks[ASH_BIN_BLOCKS];
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        while (heap->shelves[i].depot != NULL) {
            depot_pop(heap, i, blocks);
            ash_span_return(heap, i, blocks, ash_classes[i].magazine);
        }
    }
    return true;
}

void ash_depot_drop(struct ash_heap *heap) {
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        heap->shelves[i].depot = NULL;
        heap->shelves[i].magazines = 0;
    }
    heap->depot_bytes = 0;
}
