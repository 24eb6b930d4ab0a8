// fork_threads [COUNT]: a threaded process forks again and again while four threads allocate and
// write to stdio streams. Every child allocates, frees, writes, and exits through exit(). Locks of
// an allocator and of stdio taken in different orders at fork deadlock here.

#define _GNU_SOURCE
#include "common.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, FORKS = 400, CHILD_SECONDS = 30 };

static atomic_bool stop;
static FILE *stream;

static bool stopped(void) {
    return atomic_load_explicit(&stop, memory_order_relaxed);
}

static void *allocate(void *seed) {
    unsigned round = *(unsigned *)seed;
    while (!stopped()) {
        expect(exercise(round++, 200), "a thread allocates beside the forks");
    }
    return NULL;
}

static void *print(void *seed) {
    unsigned round = *(unsigned *)seed;
    while (!stopped()) {
        char *line = NULL;
        size_t length = 0;
        FILE *memory = open_memstream(&line, &length);
        expect(memory != NULL, "a stream opens");
        fprintf(memory, "%0*u", (int)(++round % 3000), 7U);
        fclose(memory);
        fprintf(stream, "%s\n", line);
        free(line);
    }
    return NULL;
}

static void *child_thread(void *unused) {
    expect(exercise(11, 300), "a thread of the child allocates");
    return unused;
}

static void child(unsigned round) {
    deadline(CHILD_SECONDS);
    expect(exercise(round, 300), "the child allocates");
    if (round % 8 == 0) {
        pthread_t thread;
        expect(pthread_create(&thread, NULL, child_thread, NULL) == 0, "the child has threads");
        pthread_join(thread, NULL);
    }
    if (round % 16 == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            exit(!exercise(round + 1, 100));
        }
        int status = 1;
        waitpid(grandchild, &status, 0);
        expect(status == 0, "the grandchild allocates");
    }
    fprintf(stream, "child %u\n", round);
    exit(0);
}

int main(int argc, char **argv) {
    require_ashlar();
    deadline(240);
    unsigned forks = argc == 2 ? (unsigned)atoi(argv[1]) : FORKS;
    stream = fopen("/dev/null", "w");
    pthread_t threads[THREADS];
    unsigned seeds[THREADS] = {1000, 2000, 3000, 4000};
    for (size_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, i % 2 ? print : allocate, &seeds[i]);
    }
    for (unsigned round = 0; round < forks; round++) {
        pid_t pid = fork();
        expect(pid >= 0, "fork answers");
        if (pid == 0) {
            child(round);
        }
        int status = 1;
        waitpid(pid, &status, 0);
        expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "every child ends well");
        expect(exercise(round, 20), "the parent allocates");
    }
    atomic_store_explicit(&stop, true, memory_order_relaxed);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}
