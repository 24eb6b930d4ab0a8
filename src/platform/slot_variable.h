// The slot as a variable, thread-local: hidden, one pointer, zero-initialised, so that
// it works before the thread-local image is copied (resolvers of indirect functions run
// before that; what they store is lost, and NULL leads to the right heap again).
//
// Initial-exec: an offset that the loader fixes, read without a call; the linker makes
// it a constant in executables. Dynamic: where the loader has no room at fixed offsets
// (a library opened at run time, always on musl); a call unless TLS descriptors are used.
// Static: a plain variable, for WebAssembly without threads.

#ifndef ASH_PLATFORM_SLOT_VARIABLE_H
#define ASH_PLATFORM_SLOT_VARIABLE_H

#if ASH_SLOT == ASH_SLOT_DYNAMIC
#define ASH_SLOT_STORAGE ASH_HIDDEN ASH_THREAD_LOCAL_ANYWHERE
#elif ASH_SLOT == ASH_SLOT_STATIC
#define ASH_SLOT_STORAGE ASH_HIDDEN
#else
#define ASH_SLOT_STORAGE ASH_HIDDEN ASH_THREAD_LOCAL
#endif

extern ASH_SLOT_STORAGE struct ash_heap *ash_thread_slot;

ASH_INLINE struct ash_heap *ash_thread_heap(void) {
    return ash_thread_slot;
}

static inline void ash_thread_set_heap(struct ash_heap *heap) {
    ash_thread_slot = heap;
}

#endif
