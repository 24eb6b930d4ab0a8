// smoke: the smallest program that uses every way to get a block. It is preloaded, linked with
// -lashlar, linked with ashlar.o first, linked with libashlar.a, and built static and static-PIE.

#define _GNU_SOURCE
#include "common.h"

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
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

    char *line = NULL;
    expect(asprintf(&line, "%d", 12345) == 5, "asprintf allocates");
    expect(malloc_usable_size(line) >= 6, "asprintf takes its block from ashlar");
    free(line);
    expect(keep(valloc(10)) != NULL && keep(pvalloc(10)) != NULL, "valloc and pvalloc answer");
    expect((uintptr_t)keep(memalign(8192, 10)) % 8192 == 0, "memalign aligns");
    expect(malloc_trim(0) >= 0, "malloc_trim answers");
    return 0;
}
