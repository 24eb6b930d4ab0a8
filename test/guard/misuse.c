// One misuse of a guarded block for each run: misuse KIND. What is about to be touched is printed
// first, "block=0x.. bytes=N at=N threads=A,F,U": who allocates it, who frees it and who misuses
// it. test_guard.py looks at what follows.

#define _GNU_SOURCE

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guarded.h"

#define FAR __attribute__((noinline))

// Named in stacks, so extern.
void *who_allocates(size_t bytes);
void who_frees(void *block);
void who_touches(volatile char *at);
void who_resizes(void *block);

enum { BYTES = 112, SHORT_BYTES = 100, TRIES = 10000 };

static size_t page_bytes;

static int thread_id(void) {
    return (int)syscall(SYS_gettid);
}

// What follows the call keeps it from being a jump.
FAR void *who_allocates(size_t bytes) {
    void *block = malloc(bytes);
    __asm__ volatile("" ::: "memory");
    return block;
}

FAR void who_frees(void *block) {
    free(block);
    __asm__ volatile("" ::: "memory");
}

FAR void who_touches(volatile char *at) {
    *at = 1;
    __asm__ volatile("" ::: "memory");
}

FAR void who_resizes(void *block) {
    void *moved = realloc(block, 200);
    __asm__ volatile("" ::"r"(moved) : "memory");
}

static int is_at_end(const char *block, size_t bytes) {
    return (((uintptr_t)block + bytes + 15) & ~(uintptr_t)15) % page_bytes == 0;
}

// A guarded block at the end of its page, or at its beginning. Others that were at hand are kept:
// freed, they would be again.
static char *guarded(size_t bytes, int at_end) {
    for (int i = 0; i < TRIES; i++) {
        char *block = who_allocates(bytes);
        if (block != NULL && guarded_is(block)) {
            if (is_at_end(block, bytes) == at_end) {
                return block;
            }
            free(block);
        }
    }
    fprintf(stderr, "misuse: no such block\n");
    exit(3);
}

static void announce(const char *block, size_t bytes, long at, const int threads[3]) {
    printf("block=%p bytes=%zu at=%ld threads=%d,%d,%d\n", (const void *)block, bytes, at,
           threads[0], threads[1], threads[2]);
    fflush(stdout);
}

static void announce_mine(const char *block, size_t bytes, long at) {
    int me = thread_id();
    announce(block, bytes, at, (int[3]){me, me, me});
}

// Kinds -----------------------------------------------------------------------------------

static void touch_far(int at_end, size_t bytes, long at) {
    char *block = guarded(bytes, at_end);
    announce_mine(block, bytes, at);
    who_touches(block + at);
}

static void overflow(void) {
    touch_far(1, BYTES, BYTES);
}

static void overflow_far(void) {
    touch_far(1, BYTES, BYTES + 1000);
}

static void underflow(void) {
    touch_far(0, BYTES, -1);
}

static void underflow_far(void) {
    touch_far(0, BYTES, -500);
}

static void write_and_free(int at_end, long at) {
    char *block = guarded(SHORT_BYTES, at_end);
    announce_mine(block, SHORT_BYTES, at);
    block[at] = 0;
    who_frees(block);
}

static void overflow_in_page(void) {
    write_and_free(1, SHORT_BYTES + 2);
}

static void underflow_in_page(void) {
    write_and_free(1, -1);
}

static void overflow_at_beginning(void) {
    write_and_free(0, SHORT_BYTES + 500);
}

static void use_after_free(void) {
    char *block = guarded(SHORT_BYTES, 1);
    announce_mine(block, SHORT_BYTES, 7);
    who_frees(block);
    who_touches(block + 7);
}

static void double_free(void) {
    char *block = guarded(SHORT_BYTES, 1);
    announce_mine(block, SHORT_BYTES, 0);
    who_frees(block);
    who_frees(block);
}

static void free_inside(void) {
    char *block = guarded(SHORT_BYTES, 1);
    announce_mine(block, SHORT_BYTES, 16);
    who_frees(block + 16);
}

static void free_behind(void) {
    char *block = guarded(BYTES, 1);
    announce_mine(block, BYTES, BYTES + 16);
    who_frees(block + BYTES + 16);
}

static void realloc_after_free(void) {
    char *block = guarded(SHORT_BYTES, 1);
    announce_mine(block, SHORT_BYTES, 0);
    who_frees(block);
    who_resizes(block);
}

// Three threads, of which each has a part.
struct parts {
    char *block;
    int threads[3];
    pthread_barrier_t turn;
};

static void *frees_in_thread(void *argument) {
    struct parts *parts = argument;
    parts->threads[1] = thread_id();
    pthread_barrier_wait(&parts->turn);
    pthread_barrier_wait(&parts->turn);
    who_frees(parts->block);
    pthread_barrier_wait(&parts->turn);
    pause();
    return NULL;
}

static void *touches_in_thread(void *argument) {
    struct parts *parts = argument;
    parts->threads[2] = thread_id();
    pthread_barrier_wait(&parts->turn);
    pthread_barrier_wait(&parts->turn);
    pthread_barrier_wait(&parts->turn);
    who_touches(parts->block + 3);
    return NULL;
}

static void use_in_thread(void) {
    static struct parts parts;
    pthread_t frees, touches;
    parts.block = guarded(SHORT_BYTES, 1);
    parts.threads[0] = thread_id();
    pthread_barrier_init(&parts.turn, NULL, 3);
    pthread_create(&frees, NULL, frees_in_thread, &parts);
    pthread_create(&touches, NULL, touches_in_thread, &parts);
    pthread_barrier_wait(&parts.turn);
    announce(parts.block, SHORT_BYTES, 3, parts.threads);
    pthread_barrier_wait(&parts.turn);
    pthread_barrier_wait(&parts.turn);
    pause();
}

// A block of the parent's, freed and misused in the child.
static void use_in_child(void) {
    char *block = guarded(SHORT_BYTES, 1);
    int me = thread_id();
    pid_t child = fork();
    if (child == 0) {
        announce(block, SHORT_BYTES, 9, (int[3]){me, thread_id(), thread_id()});
        who_frees(block);
        who_touches(block + 9);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    memset(block, 1, SHORT_BYTES);  // the parent's own is as it was
    free(block);
    raise(WIFSIGNALED(status) ? WTERMSIG(status) : SIGUSR1);
}

static void nothing(void) {
    char *block = guarded(SHORT_BYTES, 1);
    announce_mine(block, SHORT_BYTES, 0);
    block[0] = block[SHORT_BYTES - 1] = 1;
    who_frees(block);
}

static const struct {
    const char *name;
    void (*run)(void);
} kinds[] = {
    {"overflow", overflow},
    {"overflow_far", overflow_far},
    {"underflow", underflow},
    {"underflow_far", underflow_far},
    {"overflow_in_page", overflow_in_page},
    {"underflow_in_page", underflow_in_page},
    {"overflow_at_beginning", overflow_at_beginning},
    {"use_after_free", use_after_free},
    {"double_free", double_free},
    {"free_inside", free_inside},
    {"free_behind", free_behind},
    {"realloc_after_free", realloc_after_free},
    {"use_in_thread", use_in_thread},
    {"use_in_child", use_in_child},
    {"nothing", nothing},
};

int main(int count, char **words) {
    page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; count == 2 && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(words[1], kinds[i].name) == 0) {
            kinds[i].run();
            return 0;
        }
    }
    fprintf(stderr, "usage: misuse KIND\n");
    return 2;
}
