// A process that falls idle gives back what it has freed, although nobody calls the allocator any
// more. One thread fills the heap and frees nine tenths of it in stretches, the other one sleeps; a
// sleeping thread's heap is among what has to shrink. Nothing is asked of ashlar from then on.
//
// With `again` it does so a second time when nothing has happened for so long that the helper
// thread itself sleeps; and that thread ends when the option is turned off.
//
// With ASHLAR_HELPER_THREAD=0 it has to fail.

#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ashlar/ashlar.h"
#include "ashlar/options.h"

enum {
    BLOCKS = 100000,
    BYTES_MAX = 2000,
    STRETCH = 10000,        // blocks that are freed in a row, but for the first tenth
    SLACK_BYTES = 8 << 20,  // above the limit of a quarter more than what is live
    WAIT_SECONDS = 6,       // at most; two have to do on a quiet machine
    PARK_SECONDS = 4,       // the helper stays awake for two after its last work
};

static char *blocks[BLOCKS];

static size_t size_of(int index) {
    return 16 + (size_t)index * 7919 % BYTES_MAX;
}

static size_t resident_bytes(void) {
    unsigned long total = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%lu %lu", &total, &resident) != 2) {
        puts("idle: /proc/self/statm cannot be read");
        exit(2);
    }
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static void *sleep_on(void *unused) {
    void *volatile block = ash_malloc(100);
    ash_free(block);
    pause();
    return unused;
}

static size_t fill(void) {
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = ash_malloc(size_of(i));
        if (blocks[i] == NULL) {
            puts("idle: no memory");
            exit(2);
        }
        memset(blocks[i], i, size_of(i));
    }
    return resident_bytes();
}

// Returns how many bytes are left in use.
static size_t free_most(void) {
    size_t live = 0;
    for (int i = 0; i < BLOCKS; i++) {
        if (i % STRETCH < STRETCH / 10) {
            live += size_of(i);
        } else {
            ash_free(blocks[i]);
            blocks[i] = NULL;
        }
    }
    return live;
}

static void check_contents(void) {
    for (int i = 0; i < BLOCKS; i++) {
        if (blocks[i] != NULL &&
            (blocks[i][0] != (char)i || blocks[i][size_of(i) - 1] != (char)i)) {
            printf("idle: block %d was changed\n", i);
            exit(1);
        }
    }
}

static void free_rest(void) {
    for (int i = 0; i < BLOCKS; i++) {
        ash_free(blocks[i]);
        blocks[i] = NULL;
    }
}

// Fills, frees most, and waits: whether the process is then small. What is left keeps the helper.
static bool shrinks(size_t before) {
    free_rest();
    size_t full = fill();
    size_t live = free_most();
    size_t limit = before + live + live / 4 + SLACK_BYTES;
    size_t now = resident_bytes();
    for (int i = 0; i < WAIT_SECONDS && now > limit; i++) {
        sleep(1);
        now = resident_bytes();
    }
    printf(
        "idle: resident %.1f MB when full, %.1f MB now; %.1f MB are live, the limit is %.1f MB\n",
        (double)full / 1e6, (double)now / 1e6, (double)live / 1e6, (double)limit / 1e6);
    check_contents();
    return now <= limit;
}

static int count_threads(void) {
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    if (tasks == NULL) {
        puts("idle: /proc/self/task cannot be read");
        exit(2);
    }
    for (const struct dirent *task; (task = readdir(tasks)) != NULL;) {
        count += task->d_name[0] != '.';
    }
    closedir(tasks);
    return count;
}

static bool helper_ends(void) {
    sleep(PARK_SECONDS);
    int before = count_threads();
    if (ash_option_set(ASH_OPTION_HELPER_THREAD, 0) != 0) {
        return false;
    }
    for (int i = 0; i < WAIT_SECONDS && count_threads() >= before; i++) {
        sleep(1);
    }
    return count_threads() < before;
}

int main(int argc, char **argv) {
    bool again = argc == 2 && strcmp(argv[1], "again") == 0;
    pthread_t thread;
    if (pthread_create(&thread, NULL, sleep_on, NULL) != 0) {
        puts("idle: no thread");
        return 2;
    }
    (void)usleep(100000);
    size_t before = resident_bytes();
    bool shrunk = shrinks(before);
    if (shrunk && again) {
        sleep(PARK_SECONDS);
        shrunk = shrinks(before);
    }
    if (!shrunk) {
        fputs("idle: RSS gate: the process keeps what it has freed\n", stderr);
        return 1;
    }
    if (again && !helper_ends()) {
        fputs("idle: the helper thread stays, although the option is off\n", stderr);
        return 1;
    }
    return 0;
}
