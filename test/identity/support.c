// See support.h.

#define _GNU_SOURCE
#include "support.h"

#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *text, size_t bytes) {
    ssize_t put = write(STDERR_FILENO, text, bytes);
    (void)put;
}

void fail(const char *format, ...) {
    char text[512] = "fails: ";
    size_t start = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text + start, sizeof(text) - start - 1, format, arguments);
    va_end(arguments);
    size_t bytes = length < 0 ? start : start + (size_t)length;
    bytes = bytes < sizeof(text) - 1 ? bytes : sizeof(text) - 2;
    text[bytes] = '\n';
    say(text, bytes + 1);
    _exit(1);
}

void expect(bool holds, const char *claim) {
    if (!holds) {
        fail("%s", claim);
    }
}

static void out_of_time(int number) {
    static const char text[] = "fails: out of time, a deadlock?\n";
    (void)number;
    say(text, sizeof(text) - 1);
    _exit(1);
}

void deadline(unsigned seconds) {
    signal(SIGALRM, out_of_time);
    setvbuf(stdout, NULL, _IOLBF, 0);  // figures are seen although fail() does not flush
    alarm(seconds);
}

const char *argument(int argc, char **argv, int index, const char *usage) {
    if (index >= argc) {
        fail("an argument is missing; usage: %s %s", argv[0], usage);
    }
    return argv[index];
}

unsigned long number(int argc, char **argv, int index, unsigned long otherwise) {
    if (index >= argc) {
        return otherwise;
    }
    char *end;
    unsigned long value = strtoul(argv[index], &end, 10);
    if (end == argv[index] || *end != '\0') {
        fail("'%s' is not a number", argv[index]);
    }
    return value;
}

uint32_t kernel_tid(void) {
    return (uint32_t)syscall(SYS_gettid);
}

uint32_t random_next(struct random *random) {
    random->state = random->state * 1664525U + 1013904223U;
    return random->state >> 8;
}

size_t random_size(struct random *random) {
    uint32_t kind = random_next(random) % 1000;
    uint32_t most = kind < 900 ? 600 : kind < 997 ? 40000 : 600000;
    return sizeof(struct parcel) + random_next(random) % most;
}

pthread_t thread_start(void *(*body)(void *), void *argument) {
    pthread_t thread;
    expect(pthread_create(&thread, NULL, body, argument) == 0, "a thread starts");
    return thread;
}

void *thread_join(pthread_t thread) {
    void *result = NULL;
    expect(pthread_join(thread, &result) == 0, "a thread is joined");
    return result;
}

void child_join(int process, const char *what) {
    int status = 0;
    expect(process > 0, "fork makes a process");
    expect(waitpid(process, &status, 0) == process, "the child is waited for");
    if (WIFSIGNALED(status)) {
        fail("%s: the child was ended by signal %d", what, WTERMSIG(status));
    }
    if (WEXITSTATUS(status) != 0) {
        fail("%s: the child exited with %d", what, WEXITSTATUS(status));
    }
}

void stage_set(struct stage *stage, unsigned value) {
    atomic_store(&stage->now, value);
}

void stage_wait(struct stage *stage, unsigned value) {
    while (atomic_load(&stage->now) < value) {
        sched_yield();
    }
}
