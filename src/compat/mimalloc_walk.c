// Walking of mimalloc.h, over ashlar/walk.h.

#include "ashlar/walk.h"

#include "compat/mimalloc_layer.h"

struct walk_visit {
    mi_block_visit_fun *visitor;
    void *arg;
};

static bool walk_visit(const struct ash_area *area, void *block, size_t block_bytes,
                       void *argument) {
    const struct walk_visit *visit = argument;
    size_t in_use = area->used * area->block_bytes;
    mi_heap_area_t theirs = {
        area->start,       area->bytes, area->touched, in_use, area->block_bytes,
        area->block_bytes, 0,           NULL};
    return visit->visitor(ash_mi_theirs(area->heap), &theirs, block, block_bytes, visit->arg);
}

bool mi_heap_visit_blocks(const mi_heap_t *heap, bool visit_blocks, mi_block_visit_fun *visitor,
                          void *arg) {
    struct walk_visit visit = {visitor, arg};
    return heap != NULL && visitor != NULL &&
           ash_heap_visit(ash_mi_ours(heap), visit_blocks, walk_visit, &visit);
}

bool mi_theap_visit_blocks(const mi_theap_t *theap, bool visit_blocks, mi_block_visit_fun *visitor,
                           void *arg) {
    return mi_heap_visit_blocks((const mi_heap_t *)(const void *)theap, visit_blocks, visitor, arg);
}

// What threads have left behind when they ended is their heap's still.
bool mi_heap_visit_abandoned_blocks(const mi_heap_t *heap, bool visit_blocks,
                                    mi_block_visit_fun *visitor, void *arg) {
    (void)visit_blocks, (void)arg;
    return heap != NULL && visitor != NULL;
}

bool mi_abandoned_visit_blocks(mi_subproc_id_t subproc_id, int heap_tag, bool visit_blocks,
                               mi_block_visit_fun *visitor, void *arg) {
    (void)subproc_id, (void)heap_tag, (void)visit_blocks, (void)arg;
    return visitor != NULL;
}

bool mi_unsafe_heap_page_is_under_utilized(mi_heap_t *heap, void *p, size_t perc_threshold) {
    struct ash_block_info info = {0};
    ash_mi_sized(&info.bytes, sizeof info);
    if (!ash_block_info(p, &info) || info.heap != ash_mi_ours(heap) || info.is_current) {
        return false;
    }
    return info.area_used * 100 < info.area_blocks * perc_threshold;
}
