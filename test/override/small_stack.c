// small_stack: threads with the smallest stack that the system allows use every function.

#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *work(void *unused) {
    for (size_t bytes = 0; bytes < 3000000; bytes = bytes * 3 + 1) {
        char *block = malloc(bytes);
        block = realloc(block, bytes * 2 + 8);
        memset(block, 1, bytes);
        free(block);
        free(keep(calloc(2, bytes)));
        free(keep(aligned_alloc(4096, bytes)));
    }
    expect(exercise(7, 2000), "a thread on a small stack allocates");
    free(keep(malloc((size_t)40 << 20)));
    volatile size_t absurd = SIZE_MAX;
    expect(keep(malloc(absurd)) == NULL, "an absurd request fails");
    mallinfo2();
    malloc_trim(0);
    return unused;
}

int main(void) {
    require_ashlar();
    deadline(60);
    pthread_attr_t attributes;
    expect(pthread_attr_init(&attributes) == 0, "attributes are made");
    // sysconf knows better than the constant where the CPU's state is large.
    long least = sysconf(_SC_THREAD_STACK_MIN);
    size_t bytes = least > PTHREAD_STACK_MIN ? (size_t)least : (size_t)PTHREAD_STACK_MIN;
    expect(pthread_attr_setstacksize(&attributes, bytes) == 0, "the least stack is accepted");
    for (int i = 0; i < 50; i++) {
        pthread_t threads[4];
        for (size_t t = 0; t < 4; t++) {
            expect(pthread_create(&threads[t], &attributes, work, NULL) == 0, "a thread starts");
        }
        for (size_t t = 0; t < 4; t++) {
            pthread_join(threads[t], NULL);
        }
    }
    pthread_attr_destroy(&attributes);
    return 0;
}
