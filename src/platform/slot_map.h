// No slot: every call looks its heap up by the kernel's thread id, under a lock. Slow
// and right everywhere; what the other rungs fall back to.

#ifndef ASH_PLATFORM_SLOT_MAP_H
#define ASH_PLATFORM_SLOT_MAP_H

#include <stddef.h>

static inline struct ash_heap *ash_thread_heap(void) {
    return NULL;
}

static inline void ash_thread_set_heap(struct ash_heap *heap) {
    (void)heap;
}

#endif
