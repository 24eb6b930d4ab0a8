// The slot of WebAssembly without threads: a plain variable.

#ifndef ASH_PLATFORM_SLOT_STATIC_H
#define ASH_PLATFORM_SLOT_STATIC_H

#define ASH_SLOT_STORAGE ASH_HIDDEN

extern ASH_SLOT_STORAGE struct ash_heap *ash_thread_slot;

ASH_INLINE struct ash_heap *ash_thread_heap(void) {
    return ash_thread_slot;
}

static inline void ash_thread_set_heap(struct ash_heap *heap) {
    ash_thread_slot = heap;
}

#endif
