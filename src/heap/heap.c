#include "heap/heap.h"

#include "heap/realm.h"

struct ash_heap ash_heap_done;

void ash_heap_init(struct ash_heap *heap) {
    atomic_store_explicit(&heap->part_of, &ash_realm_main, memory_order_relaxed);
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        heap->bins[i].room = ash_classes[i].cap;
    }
    for (size_t i = 0; i < ASH_FAST_SLOTS; i++) {
        size_t bytes = i * ASH_CLASS_STEP;
        const struct ash_bin *bin = &heap->bins[ash_class_of(bytes)];
        size_t at = (size_t)((const char *)bin - (const char *)heap);
        heap->bin_at[i] = (uint8_t)(at / ASH_BIN_UNIT);
    }
}
