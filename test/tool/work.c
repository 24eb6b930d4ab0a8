// Does a known amount of work, for tests of what is measured.
//   work memory MIB     touches that many MiB
//   work processor MS   uses that much CPU time
//   work threads N      N threads, each allocates
//   work leaderless     the first thread ends before the process does
//   work last_words     writes to stderr, and exits with 3 if LD_PRELOAD says "planted"
//   work killed         ends by SIGKILL

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int touch_memory(long mib) {
    for (long i = 0; i < mib; i++) {
        char *block = malloc(1 << 20);
        if (block == NULL) {
            return 1;
        }
        memset(block, (int)i | 1, 1 << 20);
    }
    return 0;
}

static int use_processor(long ms) {
    volatile unsigned long sum = 0;
    while (clock() < ms * (CLOCKS_PER_SEC / 1000)) {
        for (int i = 0; i < 10000; i++) {
            sum += (unsigned long)i;
        }
    }
    return sum == 1;
}

static void *thread_work(void *argument) {
    for (int i = 0; i < 100; i++) {
        free(malloc((size_t)i * 10));
    }
    return argument;
}

static int start_threads(long count) {
    for (long i = 0; i < count; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, thread_work, NULL) != 0) {
            return 1;
        }
        pthread_join(thread, NULL);
    }
    return 0;
}

static void *thread_outlives(void *argument) {
    usleep(50000);
    exit(argument != NULL);
}

static int leaderless(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, thread_outlives, NULL) != 0) {
        return 1;
    }
    pthread_exit(NULL);
}

static int last_words(void) {
    const char *preload = getenv("LD_PRELOAD");
    if (preload != NULL && strstr(preload, "planted") != NULL) {
        fprintf(stderr, "the planted \"failure\"\n");
        return 3;
    }
    return 0;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    long amount = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    if (strcmp(what, "memory") == 0) {
        return touch_memory(amount);
    }
    if (strcmp(what, "processor") == 0) {
        return use_processor(amount);
    }
    if (strcmp(what, "threads") == 0) {
        return start_threads(amount);
    }
    if (strcmp(what, "leaderless") == 0) {
        return leaderless();
    }
    if (strcmp(what, "last_words") == 0) {
        return last_words();
    }
    if (strcmp(what, "killed") == 0) {
        raise(SIGKILL);
    }
    fprintf(stderr, "work: no such work\n");
    return 2;
}
