#include "heap/release.h"

#include <string.h>

#include "base/assert.h"
#include "heap/depot.h"
#include "heap/remote.h"
#include "heap/slots.h"
#include "heap/span.h"

void ash_release_older(struct ash_heap *heap, unsigned class_index) {
    struct ash_block **blocks = ash_bin_blocks(heap, class_index);
    uint32_t count = ash_classes[class_index].magazine;
    if (!ash_depot_put(heap, class_index, blocks)) {
        ash_span_return(heap, class_index, blocks, count);
    }
    uint32_t rest = ash_bin_count(heap, class_index) - count;
    memmove(blocks, blocks + count, rest * sizeof(struct ash_block *));
    ash_bin_set_count(heap, class_index, rest);
    heap->events.releases++;
}

void ash_release_bin(struct ash_heap *heap, unsigned class_index) {
    uint32_t count = ash_bin_count(heap, class_index);
    if (count > 0) {
        struct ash_block **blocks = ash_bin_blocks(heap, class_index);
        ash_bin_set_count(heap, class_index, 0);
        ash_span_return(heap, class_index, blocks, count);
        heap->events.releases++;
    }
}

void ash_release_all(struct ash_heap *heap) {
    ash_remote_flush(heap);
    ash_remote_drain(heap);
    (void)ash_depot_settle(heap);
    ash_slots_release_all(heap);
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        ash_release_bin(heap, i);
        ash_span_stand_down(heap, i);
    }
}
