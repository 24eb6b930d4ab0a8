// fork_threads [FORKS [THREADS [SECONDS]]]: a process forks again and again while its threads
// allocate and write to stdio streams. Every child allocates, frees and writes; then it exits
// through exit(), or executes this program anew, which allocates as well. Locks of an allocator and
// of stdio taken in different orders at fork deadlock here. A child that has not ended after so
// many seconds hangs.

#define _GNU_SOURCE
#include "common.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, THREADS_MAX = 64, FORKS = 400, CHILD_SECONDS = 30 };

// The whole test has so many seconds, and one more for each eight forks.
enum { SECONDS = 240, FORKS_IN_A_SECOND = 8 };

static const char executed[] = "executed";
static const char *program;
static unsigned child_seconds;

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
    deadline(child_seconds);
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
    if (round % 8 == 4) {
        execl(program, program, executed, (char *)NULL);
        expect(false, "the child executes this program");
    }
    exit(0);
}

static void fork_often(unsigned forks) {
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
}

// The number in the argument, from 1 to `most`.
static unsigned number(const char *argument, unsigned most) {
    unsigned long value = strtoul(argument, NULL, 10);
    expect(value >= 1 && value <= most, "usage: fork_threads [FORKS [THREADS [SECONDS]]]");
    return (unsigned)value;
}

int main(int argc, char **argv) {
    require_ashlar();
    program = argv[0];
    if (argc == 2 && strcmp(argv[1], executed) == 0) {
        return !exercise(1, 100);
    }
    unsigned forks = argc > 1 ? number(argv[1], 1000000) : FORKS;
    unsigned count = argc > 2 ? number(argv[2], THREADS_MAX) : THREADS;
    child_seconds = argc > 3 ? number(argv[3], 600) : CHILD_SECONDS;
    deadline(SECONDS + forks / FORKS_IN_A_SECOND);
    stream = fopen("/dev/null", "w");
    pthread_t threads[THREADS_MAX];
    unsigned seeds[THREADS_MAX];
    for (size_t i = 0; i < count; i++) {
        seeds[i] = (unsigned)(i + 1) * 1000;
        expect(pthread_create(&threads[i], NULL, i % 2 ? print : allocate, &seeds[i]) == 0,
               "a thread starts");
    }
    fork_often(forks);
    atomic_store_explicit(&stop, true, memory_order_relaxed);
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
    printf("%u children of a process with %u threads ended well\n", forks, count);
    return 0;
}
