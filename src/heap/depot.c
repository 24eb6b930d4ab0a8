#include "heap/depot.h"

#include <string.h>

#include "base/assert.h"
#include "base/bits.h"
#include "heap/span.h"
#include "platform/os.h"
#include "supply/meta.h"

// Where a heap's magazines lie. It is made when the first bin is full, and cut from its start into
// magazines of those classes that need them. Zeros mean that it is empty.
struct ash_depot_rack {
    size_t used;                                   // bytes of `cells` that are magazines now
    size_t touched;                                // at most; since it was purged
    struct ash_magazine *spares[ASH_CLASS_COUNT];  // magazines that hold nothing now
    _Alignas(struct ash_magazine) char cells[];
};

enum { DEPOT_RACK_CELLS = ASH_DEPOT_RACK_BYTES - sizeof(struct ash_depot_rack) };

static size_t depot_magazine_bytes(unsigned class_index) {
    const struct ash_class *c = &ash_classes[class_index];
    return (size_t)c->magazine * c->block_bytes;
}

// NULL: the rack is full, or there is no memory for one.
static struct ash_magazine *depot_spare(struct ash_heap *heap, unsigned class_index) {
    if (heap->depot_rack == NULL) {
        heap->depot_rack = ash_meta_take(ASH_DEPOT_RACK_BYTES);
    }
    struct ash_depot_rack *rack = heap->depot_rack;
    if (rack == NULL) {
        return NULL;
    }
    struct ash_magazine *magazine = rack->spares[class_index];
    if (magazine != NULL) {
        rack->spares[class_index] = magazine->below;
        return magazine;
    }
    size_t bytes =
        sizeof *magazine + ash_classes[class_index].magazine * sizeof(struct ash_block *);
    if (bytes > DEPOT_RACK_CELLS - rack->used) {
        return NULL;
    }
    magazine = (struct ash_magazine *)(void *)(rack->cells + rack->used);
    rack->used += bytes;
    rack->touched = ash_max(rack->touched, rack->used);
    return magazine;
}

bool ash_depot_put(struct ash_heap *heap, unsigned class_index, struct ash_block *const *blocks) {
    struct ash_shelf *shelf = &heap->shelves[class_index];
    size_t bytes = depot_magazine_bytes(class_index);
    if (heap->depot_bytes + bytes > ASH_DEPOT_BYTES) {
        return false;
    }
    struct ash_magazine *magazine = depot_spare(heap, class_index);
    if (magazine == NULL) {
        return false;
    }
    memcpy(magazine->blocks, blocks, ash_classes[class_index].magazine * sizeof blocks[0]);
    magazine->below = shelf->depot;
    shelf->depot = magazine;
    shelf->magazines++;
    heap->depot_bytes += bytes;
    return true;
}

// There is one. It is a spare one then, and its blocks are the caller's.
static struct ash_magazine *depot_pop(struct ash_heap *heap, unsigned class_index) {
    struct ash_shelf *shelf = &heap->shelves[class_index];
    struct ash_magazine *magazine = shelf->depot;
    shelf->depot = magazine->below;
    shelf->magazines--;
    heap->depot_bytes -= depot_magazine_bytes(class_index);
    magazine->below = heap->depot_rack->spares[class_index];
    heap->depot_rack->spares[class_index] = magazine;
    return magazine;
}

bool ash_depot_take(struct ash_heap *heap, unsigned class_index) {
    ash_assert(ash_bin_count(heap, class_index) == 0);
    if (heap->shelves[class_index].depot == NULL) {
        return false;
    }
    uint32_t count = ash_classes[class_index].magazine;
    const struct ash_magazine *magazine = depot_pop(heap, class_index);
    memcpy(ash_bin_blocks(heap, class_index), magazine->blocks, count * sizeof(struct ash_block *));
    ash_bin_set_count(heap, class_index, count);
    return true;
}

// All depots are empty.
static void depot_clear_rack(struct ash_heap *heap) {
    if (heap->depot_rack != NULL) {
        heap->depot_rack->used = 0;
        memset(heap->depot_rack->spares, 0, sizeof heap->depot_rack->spares);
    }
}

bool ash_depot_settle(struct ash_heap *heap) {
    if (heap->depot_bytes == 0) {
        return false;
    }
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        while (heap->shelves[i].depot != NULL) {
            ash_span_return(heap, i, depot_pop(heap, i)->blocks, ash_classes[i].magazine);
        }
    }
    depot_clear_rack(heap);
    return true;
}

// The same, and its pages go back.
static void depot_purge_rack(struct ash_heap *heap) {
    struct ash_depot_rack *rack = heap->depot_rack;
    if (rack == NULL || rack->touched == 0) {
        return;
    }
    depot_clear_rack(heap);
    size_t page_bytes = ash_os_page_bytes();
    uintptr_t from = ash_round_up((uintptr_t)rack, page_bytes);
    uintptr_t to = ash_round_up((uintptr_t)rack->cells + rack->touched, page_bytes);
    to = ash_min(to, ash_round_down((uintptr_t)rack + ASH_DEPOT_RACK_BYTES, page_bytes));
    rack->touched = 0;
    if (from < to) {
        (void)ash_os_purge((void *)from, to - from);
    }
}

void ash_depot_close(struct ash_heap *heap) {
    (void)ash_depot_settle(heap);
    depot_purge_rack(heap);
}

void ash_depot_drop(struct ash_heap *heap) {
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        heap->shelves[i].depot = NULL;
        heap->shelves[i].magazines = 0;
    }
    heap->depot_bytes = 0;
    depot_purge_rack(heap);
}
