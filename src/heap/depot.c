#include "heap/depot.h"

#include "base/assert.h"
#include "heap/span.h"

// What a magazine's first block holds.
struct depot_magazine {
    struct ash_block first;
    struct ash_block *below;
};

_Static_assert(sizeof(struct depot_magazine) <= ASH_CLASS_STEP, "fits the smallest block");

static struct depot_magazine *depot_at(struct ash_block *first) {
    return (struct depot_magazine *)(void *)first;
}

struct ash_block *ash_depot_below(const struct ash_block *magazine) {
    return ((const struct depot_magazine *)(const void *)magazine)->below;
}

static size_t depot_magazine_bytes(unsigned class_index) {
    const struct ash_class *c = &ash_classes[class_index];
    return (size_t)c->magazine * c->block_bytes;
}

bool ash_depot_put(struct ash_heap *heap, unsigned class_index, struct ash_block *list,
                   uint32_t count) {
    struct ash_shelf *shelf = &heap->shelves[class_index];
    size_t bytes = depot_magazine_bytes(class_index);
    if (count != ash_classes[class_index].magazine || heap->depot_bytes + bytes > ASH_DEPOT_BYTES) {
        return false;
    }
    depot_at(list)->below = shelf->depot;
    shelf->depot = list;
    shelf->magazines++;
    heap->depot_bytes += bytes;
    return true;
}

static struct ash_block *depot_pop(struct ash_heap *heap, unsigned class_index) {
    struct ash_shelf *shelf = &heap->shelves[class_index];
    struct ash_block *list = shelf->depot;
    if (list != NULL) {
        shelf->depot = depot_at(list)->below;
        shelf->magazines--;
        heap->depot_bytes -= depot_magazine_bytes(class_index);
    }
    return list;
}

bool ash_depot_take(struct ash_heap *heap, unsigned class_index) {
    struct ash_bin *bin = &heap->bins[class_index];
    ash_assert(bin->head == NULL);
    bin->head = depot_pop(heap, class_index);
    if (bin->head == NULL) {
        return false;
    }
    bin->room -= (int32_t)ash_classes[class_index].magazine;
    return true;
}

bool ash_depot_settle(struct ash_heap *heap) {
    if (heap->depot_bytes == 0) {
        return false;
    }
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        struct ash_block *list;
        while ((list = depot_pop(heap, i)) != NULL) {
            (void)ash_span_return(heap, i, list);
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
