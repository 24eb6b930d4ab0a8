// teardown MODE THREADS: a thread's end, in all its stages, with malloc and free in each.
//
//   rounds     key destructors that allocate and free in every round the system gives, keys made
//              before and after the library's own; C++'s thread-local destructors; buffers that
//              the C library frees after the last round. THREADS threads in all, eight at a time:
//              the heaps must not become more, nor the memory taken after the last round.
//   first      the first thread ends before the others, by pthread_exit; then atexit handlers
//   first_broken   as first, but it leaves a block that was overwritten: must fail
//   unhooked   as rounds, but the threads' ends go unnoticed: must fail
//   living     as rounds, but the threads do not end: must fail

#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "subject.h"
#include "support.h"

enum { AT_ONCE = 8, HEAPS_MAX = 2 * AT_ONCE + 4, LATE_MAX = 1 << 20, KEYS = 2 };

static const char usage[] = "rounds|first|first_broken|unhooked|living THREADS";

// What g++ calls for a thread_local with a destructor; absent in some C libraries.
extern int __cxa_thread_atexit_impl(void (*hook)(void *), void *argument, void *library)
    __attribute__((weak));
static char library_handle;

static pthread_key_t keys[KEYS];
static unsigned key_count;
static atomic_uint rounds_run;
static _Atomic(struct parcel *) left_over;
static bool unhooked, living, broken;
static struct stage release;

static void exercise(unsigned seed) {
    struct random random = {seed};
    struct parcel *held[8] = {NULL};
    for (int i = 0; i < 40; i++) {
        size_t at = random_next(&random) % 8;
        if (held[at] != NULL) {
            parcel_give(held[at]);
        }
        held[at] = parcel_make(&random, random_size(&random));
    }
    for (int i = 0; i < 8; i++) {
        if (held[i] != NULL) {
            parcel_give(held[i]);
        }
    }
}

static void give_left_over(struct parcel *next) {
    struct parcel *parcel = atomic_exchange(&left_over, next);
    if (parcel != NULL) {
        parcel_give(parcel);
    }
}

// Sets its key again as long as the system lets it. What a round makes is left to other threads.
static void destroy(unsigned key, void *value) {
    struct random random = {key + 5};
    exercise(key);
    atomic_fetch_add(&rounds_run, 1);
    expect(pthread_setspecific(keys[key], value) == 0, "a key is set again");
    give_left_over(parcel_make(&random, 300));
}

static void destroy_first(void *value) {
    destroy(0, value);
}

static void destroy_second(void *value) {
    destroy(1, value);
}

static void destroy_local(void *value) {
    parcel_give(value);
    exercise(9);
}

// The C library keeps these texts for each thread, and frees them when no destructor is left.
static void make_late_buffers(void) {
    expect(strerror(123456) != NULL, "an unknown error has a text");
    expect(dlopen("/nowhere/none.so", RTLD_NOW) == NULL && dlerror() != NULL,
           "a missing library has an error");
    (void)dlopen("/nowhere/other.so", RTLD_NOW);
}

static void *work(void *argument) {
    struct random random = {(uint32_t)(uintptr_t)argument};
    for (unsigned i = 0; i < key_count; i++) {
        expect(pthread_setspecific(keys[i], &keys[i]) == 0, "a key is set");
    }
    if (__cxa_thread_atexit_impl != NULL) {
        struct parcel *local = parcel_make(&random, 500);
        expect(__cxa_thread_atexit_impl(destroy_local, local, &library_handle) == 0,
               "a thread-local destructor is taken");
    }
    make_late_buffers();
    exercise(random_next(&random));
    if (unhooked) {
        identity_unhook();
    }
    if (living) {
        stage_wait(&release, 1);
    }
    return NULL;
}

static void check_rounds(void) {
    struct ash_thread_identity identity;
    ash_thread_identity(&identity, sizeof(identity));
    size_t heaps = identity_heap_count();
    printf("%zu heaps, %zu bytes kept by the late heap, %zu heaps reaped\n", heaps,
           identity_late_bytes(), identity.reaped);
    expect(identity.reaped == 0, "no heap is left behind by a thread that ended");
    expect(heaps <= HEAPS_MAX, "the heaps of threads that ended are used again");
    expect(identity_late_bytes() <= LATE_MAX, "what is taken after the last round comes back");
    expect(strcmp(identity.slot, identity.slot_now) == 0, "the slot is used as compiled");
}

static void run_rounds(unsigned long threads) {
    static pthread_t living_threads[1024];
    size_t batch = living ? threads : AT_ONCE;
    expect(batch <= 1024, "at most 1024 threads live at once");
    for (unsigned long done = 0; done < threads; done += batch) {
        atomic_store(&rounds_run, 0);
        for (size_t i = 0; i < batch; i++) {
            living_threads[i] = thread_start(work, (void *)(uintptr_t)(done + i));
        }
        if (living) {
            while (identity_heap_count() <= threads) {
                usleep(1000);
            }
            check_rounds();
        }
        for (size_t i = 0; i < batch; i++) {
            thread_join(living_threads[i]);
        }
        expect(rounds_run == batch * KEYS * PTHREAD_DESTRUCTOR_ITERATIONS, "every round ran");
    }
    give_left_over(NULL);
    check_rounds();
}

// The first thread's end --------------------------------------------------------------

static pthread_t first_thread;
static struct parcel *first_parcel;

static void at_exit(void) {
    exercise(3);
    static const char text[] = "the handlers ran\n";
    expect(write(STDOUT_FILENO, text, sizeof(text) - 1) > 0, "an atexit handler writes");
}

static void *outlive(void *unused) {
    expect(pthread_join(first_thread, NULL) == 0, "the first thread is joined");
    parcel_give(first_parcel);
    for (unsigned i = 0; i < 20; i++) {
        exercise(i);
    }
    give_left_over(NULL);
    exit(0);
    return unused;
}

static void end_first_thread(void) {
    struct random random = {11};
    first_thread = pthread_self();
    first_parcel = parcel_make(&random, 1000);
    if (broken) {
        memset(first_parcel + 1, 'x', 10);
    }
    expect(atexit(at_exit) == 0, "an atexit handler is taken");
    for (unsigned i = 0; i < key_count; i++) {
        expect(pthread_setspecific(keys[i], &keys[i]) == 0, "a key is set");
    }
    thread_start(outlive, NULL);
    pthread_exit(NULL);
}

int main(int argc, char **argv) {
    const char *mode = argument(argc, argv, 1, usage);
    unsigned long threads = number(argc, argv, 2, 1000);
    unhooked = strcmp(mode, "unhooked") == 0;
    deadline(120);
    expect(pthread_key_create(&keys[0], destroy_first) == 0, "a key is made before the library's");
    key_count = 1;
    exercise(1);
    thread_join(thread_start(work, NULL));
    expect(pthread_key_create(&keys[1], destroy_second) == 0, "a key is made after the library's");
    key_count = KEYS;
    broken = strcmp(mode, "first_broken") == 0;
    if (broken || strcmp(mode, "first") == 0) {
        end_first_thread();
    }
    living = strcmp(mode, "living") == 0;
    run_rounds(threads);
    return 0;
}
