#include "supply/purge.h"

#include "base/bits.h"
#include "base/options.h"
#include "supply/region.h"

enum {
    PURGE_IDLE_BYTES = 16 << 20,  // always excused
    PURGE_HASTE = 4,              // beyond that, waits are this much shorter
};

static const uint32_t purge_none = UINT32_MAX;
static uint32_t purge_head = UINT32_MAX;
static uint32_t purge_tail = UINT32_MAX;

void ash_purge_unqueue(uint32_t index) {
    struct ash_unit *unit = &ash_region.units[index];
    if (!unit->queued) {
        return;
    }
    *(unit->prev == purge_none ? &purge_head : &ash_region.units[unit->prev].next) = unit->next;
    *(unit->next == purge_none ? &purge_tail : &ash_region.units[unit->next].prev) = unit->prev;
    unit->queued = 0;
}

void ash_purge_queue(uint32_t index, uint64_t now_ms) {
    struct ash_unit *unit = &ash_region.units[index];
    unit->since_ms = (uint32_t)now_ms;
    if (index == purge_tail) {
        return;
    }
    ash_purge_unqueue(index);
    unit->queued = 1;
    unit->next = purge_none;
    unit->prev = purge_tail;
    *(purge_tail == purge_none ? &purge_head : &ash_region.units[purge_tail].next) = index;
    purge_tail = index;
}

uint32_t ash_purge_due(uint64_t now_ms, size_t used_bytes, size_t dirty_bytes, bool all) {
    if (purge_head == purge_none || all) {
        return purge_head;
    }
    uint32_t wait_ms = (uint32_t)ash_option_value(ASH_OPTION_PURGE_DELAY);
    if (dirty_bytes > ash_max(PURGE_IDLE_BYTES, used_bytes / 4)) {
        wait_ms /= PURGE_HASTE;
    }
    uint32_t waited_ms = (uint32_t)now_ms - ash_region.units[purge_head].since_ms;
    return waited_ms >= wait_ms ? purge_head : purge_none;
}
