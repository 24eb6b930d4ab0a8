// clone MODE: threads that the C library knows nothing of.
//
//   twin      a raw clone without a thread pointer of its own: it sees its maker's thread-local
//             storage, and so its maker's slot. That must be found, counted, and survived; both
//             then work at once.
//   stranger  the same with a thread of the C library's, which has storage of its own: must fail
//   vanish    threads that end by the bare system call: no hook runs. Their heaps are taken over
//   vanish_living   the same, but they do not end: must fail, for nothing may be taken over

#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "subject.h"
#include "support.h"

enum {
    STACK_BYTES = 256 * 1024,
    TRIES = 2000,
    HELD = 64,
    TWINS = 10,
    TWIN_STEPS = 3000,
    TWIN_HEAPS_MAX = 12,
    VANISHING = 60,
    VANISHING_HEAPS_MAX = 12,
};

// Where a stack of STACK_BYTES begins. PA-RISC's grow upwards.
#ifdef __hppa__
enum { STACK_BEGIN = 0 };
#else
enum { STACK_BEGIN = STACK_BYTES };
#endif

static const char usage[] = "twin|stranger|vanish|vanish_living";

struct twin {
    struct stage stage;
    atomic_int tid;  // the kernel sets it to 0 when the twin is gone
};

static struct ash_thread_identity identity_now(void) {
    struct ash_thread_identity identity;
    ash_thread_identity(&identity, sizeof(identity));
    return identity;
}

static bool uses_map(void) {
    return strcmp(identity_now().slot_now, "map") == 0;
}

// The twin has been found, or no slot is used any more and nothing is left to be found. A key is
// looked at on every call, so that both may run.
static bool is_safe(void) {
    return identity_now().foreign > 0 || uses_map();
}

static void churn(uint32_t seed, unsigned long steps) {
    struct random random = {seed};
    struct parcel *held[HELD] = {NULL};
    for (unsigned long i = 0; i < steps; i++) {
        size_t at = random_next(&random) % HELD;
        if (held[at] != NULL) {
            parcel_give(held[at]);
        }
        held[at] = parcel_make(&random, sizeof(struct parcel) + random_next(&random) % 2000);
    }
    for (int i = 0; i < HELD; i++) {
        if (held[i] != NULL) {
            parcel_give(held[i]);
        }
    }
}

// Twins -------------------------------------------------------------------------------

// Runs in its maker's thread-local storage: it may call the allocator and wait, no more. Its maker
// stands still until the twin has been found in its slot.
static int twin_body(void *argument) {
    struct twin *twin = argument;
    for (uint32_t i = 0; !is_safe(); i++) {
        if (i == TRIES) {
            fail("a thread in its maker's slot is found within %d rounds", TRIES);
        }
        churn(i, 20);
    }
    stage_set(&twin->stage, 1);
    churn(5, TWIN_STEPS);
    return 0;
}

static void clone_twin(struct twin *twin) {
    char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    expect(stack != MAP_FAILED, "a stack is mapped");
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    int tid = clone(twin_body, stack + STACK_BEGIN, flags, twin, &twin->tid, NULL, &twin->tid);
    if (tid == -1) {
        fail("clone makes a thread: %s", strerror(errno));
    }
    stage_wait(&twin->stage, 1);
    churn(2, TWIN_STEPS);  // both at once
    while (atomic_load(&twin->tid) != 0) {
        sched_yield();
    }
    expect(munmap(stack, STACK_BYTES) == 0, "a stack is unmapped");
}

static void *run_twins(void *unused) {
    bool slot_is_map = uses_map();
    churn(1, 1000);
    for (int i = 0; i < TWINS; i++) {
        static struct twin twins[TWINS];
        clone_twin(&twins[i]);
    }
    struct ash_thread_identity now = identity_now();
    printf("%s to %s, %zu foreign, %zu heaps, %zu reaped\n", now.slot, now.slot_now, now.foreign,
           identity_heap_count(), now.reaped);
    expect(slot_is_map || now.foreign >= 1, "a twin is counted");
    expect(uses_map(), "with twins about, only the kernel's ids are believed");
    expect(now.reaped > 0, "the heaps of twins are taken over");
    expect(identity_heap_count() <= TWIN_HEAPS_MAX, "twins do not make heaps without end");
    return unused;
}

static void *stranger(void *twin) {
    twin_body(twin);
    return NULL;
}

static void run_stranger(void) {
    static struct twin twin;
    thread_join(thread_start(stranger, &twin));
}

// Threads that vanish -----------------------------------------------------------------

static bool vanishing;
static struct stage released;

static void *vanish(void *argument) {
    churn((uint32_t)(uintptr_t)argument, 200);
    if (vanishing) {
        syscall(SYS_exit, 0);
    }
    stage_wait(&released, 1);
    return NULL;
}

static void run_vanishing(void) {
    static pthread_t threads[VANISHING];
    for (size_t i = 0; i < VANISHING; i++) {
        threads[i] = thread_start(vanish, (void *)(uintptr_t)(i + 1));
        if (vanishing) {
            thread_join(threads[i]);
        }
    }
    while (!vanishing && identity_heap_count() <= VANISHING) {
        sched_yield();
    }
    printf("%zu heaps, %zu reaped\n", identity_heap_count(), identity_now().reaped);
    expect(identity_now().reaped > 0, "the heaps of vanished threads are taken over");
    expect(identity_heap_count() <= VANISHING_HEAPS_MAX,
           "vanished threads do not make heaps without end");
}

int main(int argc, char **argv) {
    const char *mode = argument(argc, argv, 1, usage);
    deadline(120);
    if (strcmp(mode, "twin") == 0) {
        run_twins(NULL);
        thread_join(thread_start(run_twins, NULL));
    } else if (strcmp(mode, "stranger") == 0) {
        run_stranger();
    } else {
        vanishing = strcmp(mode, "vanish") == 0;
        run_vanishing();
    }
    return 0;
}
