// all_keys: a program may create all PTHREAD_KEYS_MAX keys: the allocator has taken none. Threads
// that end while every key is taken still give their memory back.

#define _GNU_SOURCE
#include "common.h"

#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_key_t keys[PTHREAD_KEYS_MAX];
static int destroyed;

static void count_and_free(void *value) {
    destroyed++;
    free(value);
}

static void *use_all(void *unused) {
    for (size_t i = 0; i < PTHREAD_KEYS_MAX; i++) {
        expect(pthread_setspecific(keys[i], malloc(40 + i)) == 0, "a key takes a value");
    }
    expect(exercise(6, 2000), "the thread allocates");
    return unused;
}

int main(void) {
    require_ashlar();
    deadline(60);
    int made = 0;
    while (made < PTHREAD_KEYS_MAX && pthread_key_create(&keys[made], count_and_free) == 0) {
        made++;
    }
    fprintf(stderr, "%d of %d keys\n", made, PTHREAD_KEYS_MAX);
    expect(made == PTHREAD_KEYS_MAX, "every key can be created");
    size_t before = 0;
    for (int i = 0; i < 200; i++) {
        pthread_t thread;
        expect(pthread_create(&thread, NULL, use_all, NULL) == 0, "a thread starts");
        pthread_join(thread, NULL);
        before = i == 20 ? mallinfo2().uordblks : before;
    }
    expect(destroyed == 200 * PTHREAD_KEYS_MAX, "every destructor ran");
    expect(mallinfo2().uordblks <= before + 65536, "ended threads leave nothing in use");
    return 0;
}
