// fork WHERE: a child goes on with its thread's heap and id, made by fork in the first thread or
// another one, or by vfork; and the parent does not notice.
//
// WHERE is `native`; or `emulated`: qemu-user cannot start threads in a child of a threaded
// process, and makes a fork of vfork, so that the child has a copy of locks which others held; or
// `forgets`: a child cannot find its heap, and must fail.

#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "subject.h"
#include "support.h"

enum { THREADS = 4, FORKS = 10, VFORKS = 50, HELD = 64 };

static _Atomic(struct parcel *) shared[16];
static atomic_bool done;
static bool emulated, forgets;

static void churn(struct random *random, int steps) {
    struct parcel *held[HELD] = {NULL};
    for (int i = 0; i < steps; i++) {
        size_t at = random_next(random) % HELD;
        if (random_next(random) % 4 == 0) {
            held[at] = atomic_exchange(&shared[random_next(random) % 16], held[at]);
        }
        if (held[at] != NULL) {
            parcel_give(held[at]);
        }
        held[at] = parcel_make(random, random_size(random));
    }
    for (int i = 0; i < HELD; i++) {
        if (held[i] != NULL) {
            parcel_give(held[i]);
        }
    }
}

static void *churn_once(void *argument) {
    struct random random = {(uint32_t)(uintptr_t)argument};
    churn(&random, 500);
    return NULL;
}

// True if the calling thread has this heap and this id, and the heap is bound to it.
static bool is_me(void *heap, uintptr_t id) {
    return identity_heap() == heap && ash_thread_id() == id &&
           identity_heap_tid(heap) == kernel_tid();
}

static void fork_once(struct random *random) {
    void *heap = identity_heap();
    uintptr_t id = ash_thread_id();
    struct parcel *mine = parcel_make(random, 100);
    int process = fork();
    if (process == 0) {
        if (forgets) {
            identity_forget();
            identity_wipe();
        }
        expect(is_me(heap, id), "a child has its thread's heap and id");
        parcel_give(mine);
        churn(random, 1000);
        if (!emulated) {
            thread_join(thread_start(churn_once, (void *)(uintptr_t)3));
        }
        expect(is_me(heap, id), "a child keeps its thread's heap and id");
        struct ash_thread_identity identity;
        ash_thread_identity(&identity, sizeof(identity));
        expect(identity.foreign == 0, "a child finds no foreign heap");
        _exit(0);
    }
    child_join(process, "a child of fork works");
    expect(is_me(heap, id), "the parent keeps its heap and id");
    parcel_give(mine);
}

// The child borrows the parent's memory and its thread; the kernel's ids are its own.
static void vfork_once(void) {
    static void *volatile blocks[100];
    void *heap = identity_heap();
    uintptr_t id = ash_thread_id();
    int process = vfork();
    if (process == 0) {
        bool good = true;
        for (size_t i = 0; i < 100; i++) {
            blocks[i] = ash_malloc(16 + i * 40);
            good = good && blocks[i] != NULL;
        }
        for (size_t i = 0; i < 100; i += 2) {
            ash_free(blocks[i]);
            blocks[i] = NULL;
        }
        _exit(good && ash_thread_id() == id ? 0 : 1);
    }
    child_join(process, "a child of vfork works");
    for (size_t i = 0; i < 100; i++) {
        ash_free(blocks[i]);
        blocks[i] = NULL;
    }
    expect(is_me(heap, id), "the parent of a vfork keeps its heap and id");
}

static void *work(void *argument) {
    struct random random = {(uint32_t)(uintptr_t)argument};
    while (!done) {
        churn(&random, 200);
    }
    return NULL;
}

static void *fork_often(void *argument) {
    struct random random = {(uint32_t)(uintptr_t)argument};
    for (int i = 0; i < FORKS; i++) {
        churn(&random, 200);
        fork_once(&random);
    }
    for (int i = 0; !emulated && i < VFORKS; i++) {
        vfork_once();
    }
    return NULL;
}

int main(int argc, char **argv) {
    const char *where = argument(argc, argv, 1, "native|emulated|forgets");
    emulated = strcmp(where, "emulated") == 0;
    forgets = strcmp(where, "forgets") == 0;
    deadline(120);
    struct random random = {1};
    fork_once(&random);
    vfork_once();
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        threads[i] = thread_start(work, (void *)(uintptr_t)(i + 10));
    }
    fork_often((void *)(uintptr_t)4);
    thread_join(thread_start(fork_often, (void *)(uintptr_t)5));
    done = true;
    for (size_t i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
    }
    struct ash_thread_identity identity;
    ash_thread_identity(&identity, sizeof(identity));
    printf("%zu heaps, rebound %zu, foreign %zu, reaped %zu\n", identity_heap_count(),
           identity.rebound, identity.foreign, identity.reaped);
    expect(identity.foreign == 0, "no child is taken for a stranger");
    expect(strcmp(identity.slot, identity.slot_now) == 0, "the slot is used as compiled");
    expect(identity_heap_count() <= VFORKS, "children of vfork leave few heaps behind");
    return 0;
}
