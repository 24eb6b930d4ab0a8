#include "platform/thread.h"

#include <pthread.h>

#include "heap/heap.h"
#include "support.h"

static void *read_slot(void *seen) {
    *(struct ash_heap **)seen = ash_thread_heap();
    ash_thread_set_heap(&ash_heap_done);
    return NULL;
}

CLAIM(a_new_thread_has_no_heap_yet) {
    expect(ash_thread_heap() == NULL);
    struct ash_heap *seen = &ash_heap_done;
    pthread_t thread;
    expect(pthread_create(&thread, NULL, read_slot, &seen) == 0);
    pthread_join(thread, NULL);
    expect(seen == NULL);
}

CLAIM(the_slot_is_the_threads_own) {
    struct ash_heap mine;
    ash_thread_set_heap(&mine);
    expect(ash_thread_heap() == &mine);
    struct ash_heap *seen = &mine;
    pthread_t thread;
    expect(pthread_create(&thread, NULL, read_slot, &seen) == 0);
    pthread_join(thread, NULL);
    expect(seen == NULL);
    expect(ash_thread_heap() == &mine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_thread_has_no_heap_yet),
        cmocka_unit_test(the_slot_is_the_threads_own),
    };
    return RUN_TESTS(tests);
}
