#include "heap/recall.h"

#include "heap/hold.h"
#include "heap/registry.h"
#include "heap/remote.h"
#include "supply/store.h"

enum {
    RECALL_USED_MIN = ASH_HOSTILE ? 1 : 8 << 20,  // a smaller process has little to gain
    RECALL_SLACK = ASH_UNIT_BYTES,                // left for others, and for runs
    RECALL_LOOKS = 16,                            // heaps looked at for one span
    RECALL_SPANS = 16,                            // of a heap, so that its thread waits for few
};

static bool recall_is_due(size_t bytes) {
    return ash_store_used_bytes() >= RECALL_USED_MIN &&
           ash_store_dirty_bytes() < bytes + RECALL_SLACK;
}

void ash_recall(struct ash_heap *mine, size_t bytes) {
    for (int i = 0; i < RECALL_LOOKS && recall_is_due(bytes); i++) {
        struct ash_heap *heap = ash_registry_next(mine->recalled);
        mine->recalled = heap;  // NULL behind the last one: the next is the first
        if (heap != NULL && heap != mine && ash_remote_waits(heap)) {
            (void)ash_hold_recall(heap, RECALL_SPANS);
        }
    }
}
