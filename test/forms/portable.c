// portable: what test/override/smoke.c does, with the functions that every C library has. For musl.

#define _GNU_SOURCE
#include "common.h"

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *in_a_thread(void *unused) {
    expect(exercise(2, 5000), "a second thread allocates");
    return keep(malloc(70)) ? strdup("from the thread") : unused;
}

int main(void) {
    require_ashlar();
    expect(exercise(1, 20000), "main allocates");

    pthread_t thread;
    void *text = NULL;
    expect(pthread_create(&thread, NULL, in_a_thread, NULL) == 0, "a thread starts");
    pthread_join(thread, &text);
    expect(strcmp(text, "from the thread") == 0, "a block outlives its thread");
    expect(malloc_usable_size(text) >= 16, "strdup takes its block from ashlar");
    free(text);
    expect((uintptr_t)keep(memalign(8192, 10)) % 8192 == 0, "memalign aligns");
    return 0;
}
