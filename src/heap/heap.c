#include "heap/heap.h"

struct ash_heap ash_heap_done;

void ash_heap_init(struct ash_heap *heap) {
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        heap->bins[i].room = ash_classes[i].cap;
    }
    for (size_t i = 0; i < ASH_FAST_SLOTS; i++) {
        size_t bytes = i * ASH_CLASS_STEP;
        size_t at = ash_class_of(bytes) * sizeof(struct ash_bin);
        heap->bin_at[i] = (uint8_t)(at / ASH_BIN_UNIT);
    }
}
