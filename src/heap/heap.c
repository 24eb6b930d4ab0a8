#include "heap/heap.h"

#include "heap/peek.h"
#include "heap/realm.h"
#include "supply/meta.h"

struct ash_chain ash_remote_none[ASH_GATHER_CHAINS];

ASH_FAR struct ash_heap ash_heap_done;

struct ash_heap *ash_heap_end(void) {
    // relaxed: whoever reads it has written the same.
    atomic_store_explicit(&ash_heap_done.chains, ash_remote_none, memory_order_relaxed);
    return &ash_heap_done;
}

bool ash_heap_lay_bin(struct ash_heap *heap, unsigned class_index) {
    struct ash_bin *bin = &heap->bins[class_index];
    if (bin->end != NULL) {
        return true;
    }
    size_t cap = (size_t)ash_classes[class_index].cap;
    struct ash_block **places = ash_meta_take((cap + 1) * sizeof(struct ash_block *));
    if (places == NULL) {
        return false;
    }
    bin->top = places;
    bin->end = places + cap;
    return true;
}

void ash_heap_init(struct ash_heap *heap) {
    atomic_store_explicit(&heap->part_of, &ash_realm_main, memory_order_relaxed);
    atomic_store_explicit(&heap->chains, ash_remote_none, memory_order_relaxed);
    ash_heap_open(heap);
}

static uint8_t heap_bin_at(const struct ash_heap *heap, const struct ash_bin *bin) {
    return (uint8_t)((size_t)((const char *)bin - (const char *)heap) / ASH_BIN_UNIT);
}

void ash_heap_shut(struct ash_heap *heap) {
    for (size_t i = 0; i < ASH_FAST_SLOTS; i++) {
        ash_poke_byte(&heap->bin_at[i], heap_bin_at(heap, &heap->none));
    }
}

void ash_heap_open(struct ash_heap *heap) {
    for (size_t i = 0; i < ASH_FAST_SLOTS; i++) {
        const struct ash_bin *bin = &heap->bins[ash_class_of(i * ASH_CLASS_STEP)];
        ash_poke_byte(&heap->bin_at[i], heap_bin_at(heap, bin));
    }
}
