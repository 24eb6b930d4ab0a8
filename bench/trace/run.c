// Executes a plan. See README.md for what is kept of the recording and what is not.

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "format.h"
#include "replay.h"

#define BUFFER_STEPS 2048
#define LINE 64
#define PAGE 4096

// The whole replay. Written before the threads start, but for the atomics and what the
// mutex guards.
static struct {
    int file;
    struct plan_header header;
    struct plan_thread *threads;
    off_t steps_at;  // in the file
    _Atomic(char *) *slots;
    _Atomic uint32_t *undone;  // steps of each epoch
    uint64_t epochs;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    _Atomic uint64_t frontier;  // the first epoch that is not done
    uint64_t running;           // guarded by the lock, as is every change of `frontier`
} replay = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static _Noreturn void fail(const char *what, const char *detail) {
    fprintf(stderr, "replay: %s: %s\n", what, detail);
    exit(1);
}

static _Noreturn void fail_block(const struct plan_step *step, const char *what) {
    fprintf(stderr, "replay: block %u of %llu bytes: %s\n", (unsigned)step->tag,
            (unsigned long long)step->size, what);
    exit(1);
}

static void *pages(size_t bytes) {
    void *memory =
        mmap(NULL, bytes + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        fail("no memory for a table", strerror(errno));
    }
    return memory;
}

static void read_at(void *to, size_t count, off_t at, const char *what) {
    char *next = to;
    while (count > 0) {
        ssize_t got = pread(replay.file, next, count, at);
        if (got <= 0) {
            fail(what, got == 0 ? "the plan is cut off; prepare it again" : strerror(errno));
        }
        next += got;
        at += got;
        count -= (size_t)got;
    }
}

static void load(const char *path) {
    replay.file = open(path, O_RDONLY | O_CLOEXEC);
    if (replay.file < 0) {
        fail(path, strerror(errno));
    }
    read_at(&replay.header, sizeof replay.header, 0, path);
    if (memcmp(replay.header.magic, PLAN_MAGIC, sizeof replay.header.magic) != 0) {
        fail(path, "no plan; make one with `replay prepare TRACE PLAN`");
    }
    size_t bytes = replay.header.threads * sizeof *replay.threads;
    replay.threads = pages(bytes);
    read_at(replay.threads, bytes, sizeof replay.header, path);
    replay.steps_at = (off_t)(sizeof replay.header + bytes);
    replay.slots = pages(replay.header.slots * sizeof *replay.slots);
    replay.epochs = (replay.header.steps + EPOCH_STEPS - 1) / EPOCH_STEPS;
    replay.undone = pages(replay.epochs * sizeof *replay.undone);
    for (uint64_t i = 0; i < replay.epochs; i++) {
        uint64_t left = replay.header.steps - i * EPOCH_STEPS;
        atomic_init(&replay.undone[i], (uint32_t)(left < EPOCH_STEPS ? left : EPOCH_STEPS));
    }
}

// Waits until all epochs but the last one before `epoch` are done.
static void wait_for(uint64_t epoch) {
    if (atomic_load_explicit(&replay.frontier, memory_order_acquire) + 1 >= epoch) {
        return;
    }
    pthread_mutex_lock(&replay.lock);
    while (atomic_load_explicit(&replay.frontier, memory_order_acquire) + 1 < epoch) {
        pthread_cond_wait(&replay.moved, &replay.lock);
    }
    pthread_mutex_unlock(&replay.lock);
}

// `steps` of an epoch are done.
static void done(uint64_t epoch, uint32_t steps) {
    // acq_rel: whoever finds the epoch done has everyone's part of it before it.
    if (atomic_fetch_sub_explicit(&replay.undone[epoch], steps, memory_order_acq_rel) != steps) {
        return;
    }
    pthread_mutex_lock(&replay.lock);
    uint64_t at = atomic_load_explicit(&replay.frontier, memory_order_relaxed);
    while (at < replay.epochs &&
           atomic_load_explicit(&replay.undone[at], memory_order_acquire) == 0) {
        at++;
    }
    atomic_store_explicit(&replay.frontier, at, memory_order_release);
    pthread_cond_broadcast(&replay.moved);
    pthread_mutex_unlock(&replay.lock);
}

// Writes as a program would; see README.md.
static void touch(char *block, const struct plan_step *step) {
    uint64_t tag = step->tag;
    size_t first = step->kind == TRACE_CALLOC ? PAGE : LINE;
    size_t small = step->size < PAGE ? step->size : PAGE;
    for (size_t at = 0; at < small; at += first) {
        *(volatile char *)(block + at) = 1;
    }
    for (size_t at = PAGE; at < step->size; at += PAGE) {
        *(volatile char *)(block + at) = 1;
    }
    if (step->size >= TAG_BYTES) {
        memcpy(block, &tag, sizeof tag);
    }
}

static void keep(const struct plan_step *step, char *block) {
    if (block == NULL) {
        fail_block(step, "no memory");
    }
    if (((uintptr_t)block & (((uintptr_t)1 << step->align_log2) - 1)) != 0) {
        fail_block(step, "not aligned as asked for");
    }
    touch(block, step);
    // release: pairs with the acquire in `take`; the block has been written.
    atomic_store_explicit(&replay.slots[step->slot], block, memory_order_release);
}

// The block that another thread may still be about to make.
static char *take(uint32_t slot) {
    char *block;
    while ((block = atomic_load_explicit(&replay.slots[slot], memory_order_acquire)) == NULL) {
        sched_yield();
    }
    atomic_store_explicit(&replay.slots[slot], NULL, memory_order_relaxed);
    return block;
}

static void check_tag(const struct plan_step *step, const char *block, uint64_t tag) {
    uint64_t found;
    memcpy(&found, block, sizeof found);
    if (found != tag) {
        fail_block(step, "its first bytes are not what was written there: blocks overlap, or the "
                         "allocator wrote into a block in use");
    }
}

static void step_calloc(const struct plan_step *step) {
    char *block = calloc(1, step->size);
    uint64_t first = 0;
    if (block != NULL && step->size >= TAG_BYTES) {
        memcpy(&first, block, sizeof first);
    }
    if (first != 0) {
        fail_block(step, "calloc gave memory that is not zero");
    }
    keep(step, block);
}

static void step_aligned(const struct plan_step *step) {
    size_t align = (size_t)1 << step->align_log2;
    void *block = NULL;
    if (posix_memalign(&block, align < sizeof(void *) ? sizeof(void *) : align, step->size) != 0) {
        block = NULL;
    }
    keep(step, block);
}

static void step_realloc(const struct plan_step *step) {
    char *block = take(step->other);
    if (step->other_has_tag) {
        check_tag(step, block, step->other_tag);
    }
    block = realloc(block, step->size);
    if (block != NULL && step->other_has_tag && step->size >= TAG_BYTES) {
        check_tag(step, block, step->other_tag);
    }
    keep(step, block);
}

static void step_free(const struct plan_step *step) {
    char *block = take(step->slot);
    if (step->other_has_tag) {
        check_tag(step, block, step->tag);
    }
    free(block);
}

static void execute(const struct plan_step *step) {
    switch ((enum trace_kind)step->kind) {
    case TRACE_MALLOC:
        keep(step, malloc(step->size));
        break;
    case TRACE_CALLOC:
        step_calloc(step);
        break;
    case TRACE_ALIGNED:
        step_aligned(step);
        break;
    case TRACE_REALLOC:
        step_realloc(step);
        break;
    case TRACE_FREE:
        step_free(step);
        break;
    case TRACE_FREE_NULL:
    case TRACE_KINDS:
        free(NULL);
        break;
    }
}

static void live(const struct plan_thread *thread) {
    size_t room = BUFFER_STEPS * sizeof(struct plan_step);
    struct plan_step *buffer = pages(room);
    uint64_t epoch = thread->first_epoch;
    uint32_t finished = 0;
    wait_for(epoch);
    for (uint64_t i = 0; i < thread->steps; i++) {
        if (i % BUFFER_STEPS == 0) {
            uint64_t left = thread->steps - i;
            uint64_t count = left < BUFFER_STEPS ? left : BUFFER_STEPS;
            off_t at = replay.steps_at + (off_t)((thread->first + i) * sizeof *buffer);
            read_at(buffer, count * sizeof *buffer, at, "reading the plan");
        }
        const struct plan_step *step = &buffer[i % BUFFER_STEPS];
        if (step->epoch != epoch) {
            done(epoch, finished);
            finished = 0;
            epoch = step->epoch;
            wait_for(epoch);
        }
        execute(step);
        finished++;
    }
    done(epoch, finished);
    munmap(buffer, room + 1);
}

static void *thread_life(void *argument) {
    live(argument);
    pthread_mutex_lock(&replay.lock);
    replay.running--;
    pthread_cond_broadcast(&replay.moved);
    pthread_mutex_unlock(&replay.lock);
    return NULL;
}

// Starts each thread when the recording reaches its first step.
static void *start_threads(void *unused) {
    (void)unused;
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    for (uint64_t i = 1; i < replay.header.threads; i++) {
        pthread_t thread;
        wait_for(replay.threads[i].first_epoch);
        int error = pthread_create(&thread, &detached, thread_life, &replay.threads[i]);
        if (error != 0) {
            fail("cannot start a thread", strerror(error));
        }
    }
    return NULL;
}

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

// Thread 0 is the main one. A trace of one thread is replayed without any other.
static void run_all(void) {
    pthread_t starter;
    replay.running = replay.header.threads - 1;
    bool many = replay.header.threads > 1;
    if (many && pthread_create(&starter, NULL, start_threads, NULL) != 0) {
        fail("cannot start a thread", strerror(errno));
    }
    live(&replay.threads[0]);
    pthread_mutex_lock(&replay.lock);
    while (replay.running > 0) {
        pthread_cond_wait(&replay.moved, &replay.lock);
    }
    pthread_mutex_unlock(&replay.lock);
    if (many) {
        pthread_join(starter, NULL);
    }
}

int replay_run(const char *plan) {
    load(plan);
    double wall = seconds(CLOCK_MONOTONIC);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    run_all();
    wall = seconds(CLOCK_MONOTONIC) - wall;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("ops=%llu wall_s=%.6f cpu_s=%.6f threads=%llu\n",
           (unsigned long long)replay.header.steps, wall, cpu,
           (unsigned long long)replay.header.threads);
    return 0;
}
