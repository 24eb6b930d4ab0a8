#include "heap/heap.h"

#include "heap/peek.h"
#include "heap/realm.h"

struct ash_chain ash_remote_none[ASH_GATHER_CHAINS];

ASH_FAR struct ash_heap ash_heap_done;

struct ash_heap *ash_heap_end(void) {
    // relaxed: whoever reads it has written the same.
    atomic_store_explicit(&ash_heap_done.chains, ash_remote_none, memory_order_relaxed);
    return &ash_heap_done;
}

void ash_heap_init(struct ash_heap *heap) {
    atomic_store_explicit(&heap->part_of, &ash_realm_main, memory_order_relaxed);
    atomic_store_explicit(&heap->chains, ash_remote_none, memory_order_relaxed);
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        heap->bins[i].room = ash_classes[i].cap;
    }
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
