#include "api/stats.h"

#include "api/late.h"
#include "api/thread.h"
#include "heap/registry.h"
#include "supply/huge.h"
#include "supply/meta.h"
#include "supply/run.h"
#include "supply/store.h"

static size_t figures_ready(const struct ash_heap *heap) {
    size_t bytes = 0;
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        int32_t count = ash_classes[i].cap - heap->bins[i].room;
        bytes += (size_t)count * ash_classes[i].block_bytes;
    }
    return bytes;
}

struct ash_figures ash_figures_take(void) {
    struct ash_figures f = {0};
    struct ash_heap *mine = ash_thread_attach();
    if (mine == NULL) {
        return f;
    }
    size_t out = ash_late_out_bytes();
    struct ash_heap *heap = NULL;
    while ((heap = ash_registry_next(heap)) != NULL) {
        // relaxed: a snapshot.
        out += atomic_load_explicit(&heap->out_bytes, memory_order_relaxed);
    }
    struct ash_store_figures store = ash_store_measure();
    f.active = store.active_bytes;
    f.store = store.free_bytes;
    f.dirty = store.dirty_bytes;
    f.ready = mine == &ash_heap_done ? 0 : figures_ready(mine);
    f.huge = ash_huge_total(&f.huge_count);
    f.allocated = out - f.ready + ash_run_total() + f.huge;
    f.meta = ash_meta_bytes();
    return f;
}
