// cancel: threads that allocate are cancelled while they wait; their clean-up handlers free. malloc
// and free are no cancellation points: a thread with a request pending gets through all of them.

#define _GNU_SOURCE
#include "common.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 60 };

static atomic_int got_through;
static atomic_int cleaned;
static int ends[2];

static void clean_up(void *block) {
    free(block);
    expect(exercise(12, 50), "a clean-up handler allocates");
    atomic_fetch_add_explicit(&cleaned, 1, memory_order_relaxed);
}

static void *allocate_and_wait(void *unused) {
    char one = 0;
    pthread_cleanup_push(clean_up, malloc(1000));
    for (unsigned round = 0; true; round++) {
        expect(exercise(round, 30), "a thread allocates until it is cancelled");
        pthread_testcancel();
        if (round == 20 && read(ends[0], &one, 1) > 0) {
            break;
        }
    }
    pthread_cleanup_pop(1);
    return unused;
}

static void *pending(void *unused) {
    pthread_cancel(pthread_self());
    for (size_t bytes = 0; bytes < (size_t)100 << 20; bytes = bytes * 5 + 1) {
        free(keep(realloc(malloc(bytes), bytes / 2 + 1)));
        free(keep(calloc(1, bytes)));
        free(keep(aligned_alloc(65536, bytes)));
    }
    mallinfo2();
    malloc_trim(0);
    atomic_fetch_add_explicit(&got_through, 1, memory_order_relaxed);
    pthread_testcancel();
    return unused;
}

static void cancel_waiting_threads(unsigned round) {
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        expect(pthread_create(&threads[i], NULL, allocate_and_wait, NULL) == 0, "a thread starts");
    }
    usleep(round * 50);
    for (size_t i = 0; i < THREADS; i++) {
        expect(pthread_cancel(threads[i]) == 0, "a thread is cancelled");
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        expect(result == PTHREAD_CANCELED, "the thread ended by cancellation");
    }
}

int main(void) {
    require_ashlar();
    deadline(120);
    expect(pipe(ends) == 0, "a pipe opens");
    for (unsigned round = 0; round < ROUNDS; round++) {
        cancel_waiting_threads(round);
        pthread_t thread;
        void *result = NULL;
        expect(pthread_create(&thread, NULL, pending, NULL) == 0, "a thread starts");
        pthread_join(thread, &result);
        expect(result == PTHREAD_CANCELED, "the pending request is obeyed in the end");
        expect(exercise(round, 100), "main allocates");
    }
    expect(got_through == ROUNDS, "malloc and free are no cancellation points");
    expect(cleaned > 0, "clean-up handlers ran");
    return 0;
}
