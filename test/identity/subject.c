// The allocator under test. See subject.h.

#include "ashlar.c"

#include "subject.h"

void *identity_heap(void) {
    return ash_thread_attach();
}

void *identity_owner(const void *block) {
    return atomic_load_explicit(&ash_record_of(block)->owner, memory_order_relaxed);
}

uint32_t identity_heap_tid(const void *heap) {
    const struct ash_heap *asked = heap;
    return atomic_load_explicit(&asked->tid, memory_order_relaxed);
}

size_t identity_heap_count(void) {
    size_t count = 0;
    for (struct ash_heap *heap = ash_registry_next(NULL); heap != NULL;
         heap = ash_registry_next(heap)) {
        count++;
    }
    return count;
}

size_t identity_late_bytes(void) {
    return ash_late_out_bytes();
}

void identity_wipe(void) {
    ash_thread_set_heap(NULL);
}

void identity_plant(void *heap) {
    ash_thread_set_heap(heap);
}

void identity_downgrade(void) {
    thread_downgrade(THREAD_SLOT);
}

void identity_forget(void) {
    ash_registry_set_thread(ash_thread_attach(), 0, 0);
}

static void subject_ignore_end(void *heap) {
    (void)heap;
}

void identity_unhook(void) {
    ash_thread_attach()->exit_hook.run = subject_ignore_end;
}
