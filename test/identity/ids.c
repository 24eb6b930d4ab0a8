// ids: a thread's id is not 0, its own, and the same at every moment of the thread's life: in
// signal handlers on its own and on another stack, in key destructors, in a child of fork. With the
// argument `kernel` the kernel's ids are taken for ours: must fail.

#define _GNU_SOURCE
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "subject.h"
#include "support.h"

enum { THREADS = 16, STACK_BYTES = 64 * 1024 };

static uintptr_t ids[THREADS + 1];
// glibc sleeps on a word of a barrier, which has to be aligned to 4 bytes; m68k's ABI alone
// aligns it to 2.
static _Alignas(8) pthread_barrier_t all_here, all_seen;
static pthread_key_t key;
static atomic_uint destroyed;

static bool kernels;

static uintptr_t id_now(void) {
    return kernels ? kernel_tid() : ash_thread_id();
}

// What a handler sees, for the thread that raised the signal.
static _Atomic uintptr_t seen[2];

static void on_signal(int number) {
    seen[number == SIGUSR2] = id_now();
}

static void check_signals(uintptr_t id) {
    static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
    stack_t stack = {.ss_sp = malloc(STACK_BYTES), .ss_size = STACK_BYTES};
    expect(stack.ss_sp != NULL && sigaltstack(&stack, NULL) == 0, "another stack is set");
    pthread_mutex_lock(&one);
    expect(raise(SIGUSR1) == 0 && raise(SIGUSR2) == 0, "signals are raised");
    expect(seen[0] == id, "the id is the same in a signal handler");
    expect(seen[1] == id, "the id is the same in a signal handler on another stack");
    pthread_mutex_unlock(&one);
    stack_t none = {.ss_flags = SS_DISABLE};
    expect(sigaltstack(&none, NULL) == 0, "the other stack is taken away");
    free(stack.ss_sp);
}

static void check_fork(uintptr_t id) {
    int process = fork();
    if (process == 0) {
        expect(id_now() == id, "the id is the same in a child of fork");
        ash_free(ash_malloc(10000));
        expect(id_now() == id, "the id is the same in a child of fork that allocates");
        _exit(0);
    }
    child_join(process, "a child looks at its id");
}

static void destroy(void *value) {
    uintptr_t id = (uintptr_t)value;
    expect(id_now() == id, "the id is the same in a key destructor");
    atomic_fetch_add(&destroyed, 1);
    expect(pthread_setspecific(key, value) == 0, "a key is set again");
}

static void *work(void *argument) {
    size_t index = (size_t)(uintptr_t)argument;
    uintptr_t id = id_now();
    expect(id != 0, "the id is not 0");
    ids[index] = id;
    pthread_barrier_wait(&all_here);
    for (size_t i = 0; i <= THREADS; i++) {
        expect(i == index || ids[i] != id, "the ids of living threads differ");
    }
    pthread_barrier_wait(&all_seen);
    check_signals(id);
    if (index % 8 == 0) {
        check_fork(id);
    }
    expect(pthread_setspecific(key, (void *)id) == 0, "a key is set");
    expect(id_now() == id, "the id is the same to the end");
    return NULL;
}

int main(int argc, char **argv) {
    kernels = argc > 1 && strcmp(argv[1], "kernel") == 0;
    deadline(120);
    struct sigaction action = {.sa_handler = on_signal};
    expect(sigaction(SIGUSR1, &action, NULL) == 0, "a handler is set");
    action.sa_flags = SA_ONSTACK;
    expect(sigaction(SIGUSR2, &action, NULL) == 0, "a handler on another stack is set");
    expect(pthread_key_create(&key, destroy) == 0, "a key is made");
    pthread_barrier_init(&all_here, NULL, THREADS + 1);
    pthread_barrier_init(&all_seen, NULL, THREADS + 1);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        threads[i] = thread_start(work, (void *)(uintptr_t)i);
    }
    work((void *)(uintptr_t)THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
    }
    expect(destroyed == THREADS * PTHREAD_DESTRUCTOR_ITERATIONS, "every round of destructors ran");
    struct ash_thread_identity identity;
    ash_thread_identity(&identity, sizeof(identity));
    expect(identity.changed == 0 && strcmp(identity.id, identity.id_now) == 0,
           "no id is seen to change");
    printf("id %s: the same at every moment\n", identity.id);
    return 0;
}
