#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

static double seconds_of(const struct timeval *time) {
    return (double)time->tv_sec + (double)time->tv_usec * 1e-6;
}

static double children_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return seconds_of(&usage.ru_utime) + seconds_of(&usage.ru_stime);
}

static double clock_seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void stopwatch_start(struct stopwatch *watch) {
    watch->cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID) + children_seconds();
    watch->wall = clock_seconds(CLOCK_MONOTONIC);
}

void stopwatch_report(struct stopwatch *watch, const struct row *row, size_t ops) {
    double wall = clock_seconds(CLOCK_MONOTONIC) - watch->wall;
    double cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID) + children_seconds() - watch->cpu;
    printf("row=%s ops=%zu wall_s=%.6f cpu_s=%.6f\n", row->name, ops, wall, cpu);
}

void report_memory(const struct row *row, size_t ops, const char *values) {
    printf("row=%s ops=%zu %s\n", row->name, ops, values);
}

// Read by system calls alone: stdio would allocate a buffer in what is measured.
size_t resident_bytes(void) {
    char text[2048];
    int file = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0) {
        close(file);
    }
    text[length > 0 ? length : 0] = '\0';
    const char *line = strstr(text, "\nRss:");
    if (line == NULL) {
        fprintf(stderr, "micro: no Rss in /proc/self/smaps_rollup; mount /proc\n");
        exit(1);
    }
    return (size_t)strtoul(line + 5, NULL, 10) * 1024;
}

void *must_malloc(size_t bytes) {
    void *block = malloc(bytes);
    if (block == NULL) {
        fprintf(stderr, "micro: malloc(%zu) failed; give a smaller n\n", bytes);
        exit(1);
    }
    return block;
}

void *table_create(size_t bytes) {
    void *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (table == MAP_FAILED) {
        fprintf(stderr, "micro: no %zu bytes for a table; give a smaller n\n", bytes);
        exit(1);
    }
    return table;
}

void thread_start(pthread_t *thread, void *(*function)(void *), void *argument) {
    int error = pthread_create(thread, NULL, function, argument);
    if (error != 0) {
        fprintf(stderr, "micro: no thread: %s\n", strerror(error));
        exit(1);
    }
}
