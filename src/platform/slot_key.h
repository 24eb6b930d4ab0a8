// The slot as a value that the system keeps for a key: where thread-local variables are
// emulated (the first access would allocate) or unknown to the compiler.

#ifndef ASH_PLATFORM_SLOT_KEY_H
#define ASH_PLATFORM_SLOT_KEY_H

#include "platform/os.h"

static inline struct ash_heap *ash_thread_heap(void) {
    return ash_os_key_get();
}

// Without a key, or without memory for the value, the slot stays as it was.
static inline void ash_thread_set_heap(struct ash_heap *heap) {
    (void)ash_os_key_set(heap);
}

#endif
