// See workload.h.

#define _GNU_SOURCE
#include "workload.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "subject.h"

enum { HELD = 96, MAIL = 32, PLANT_TRIES = 2000000 };

struct worker {
    const struct workload *workload;
    unsigned index;
    struct random random;
    struct parcel *held[HELD];
};

// Where threads leave parcels for each other.
static _Atomic(struct parcel *) mail[MAIL];
static pthread_key_t exit_key;
static atomic_uint exits;
static int (*_Atomic touch)(void);

// For the planted heap: its owner stands still until the fault is found.
static struct stage planting;
static void *_Atomic victim_heap;

// Leaves a parcel (or NULL) and takes what lay there.
static struct parcel *swap_mail(struct random *random, struct parcel *parcel) {
    return atomic_exchange(&mail[random_next(random) % MAIL], parcel);
}

static void give_if_any(struct parcel *parcel) {
    if (parcel != NULL) {
        parcel_give(parcel);
    }
}

static void empty_mail(void) {
    for (size_t i = 0; i < MAIL; i++) {
        give_if_any(atomic_exchange(&mail[i], NULL));
    }
}

// A step without faults: one parcel goes, another one comes.
static void step(struct random *random, struct parcel **held, size_t slots) {
    size_t at = random_next(random) % slots;
    if (held[at] != NULL && random_next(random) % 4 == 0) {
        held[at] = swap_mail(random, held[at]);
    }
    give_if_any(held[at]);
    held[at] = parcel_make(random, random_size(random));
}

static void give_all(struct parcel **held, size_t slots) {
    for (size_t i = 0; i < slots; i++) {
        give_if_any(held[i]);
        held[i] = NULL;
    }
}

// A child goes on with its thread's own heap and with blocks of all.
static void fork_child(struct worker *worker) {
    int process = fork();
    if (process == 0) {
        for (int i = 0; i < 2000; i++) {
            if (worker->workload->fault == FAULT_WIPED && i % 8 == 0) {
                identity_wipe();
            }
            step(&worker->random, worker->held, HELD);
        }
        give_all(worker->held, HELD);
        empty_mail();
        _exit(0);
    }
    child_join(process, "a child of fork works");
}

// The victim waits while another thread runs into the victim's heap. Nothing of the victim's is
// touched by two threads at once, so nothing is broken before the fault is found.
static void stand_still(void) {
    victim_heap = identity_heap();
    stage_set(&planting, 1);
    stage_wait(&planting, 2);
}

static size_t foreign_found(void) {
    struct ash_thread_identity identity;
    ash_thread_identity(&identity, sizeof(identity));
    return identity.foreign;
}

static void plant(struct worker *worker) {
    stage_wait(&planting, 1);
    size_t before = foreign_found();
    identity_plant(victim_heap);
    for (int i = 0; foreign_found() == before; i++) {
        if (i == PLANT_TRIES) {
            fail("a foreign heap in the slot is found within %d allocations", PLANT_TRIES);
        }
        step(&worker->random, worker->held, HELD);
    }
    stage_set(&planting, 2);
}

// What happens between two steps.
static void interfere(struct worker *worker, unsigned long at) {
    enum fault fault = worker->workload->fault;
    bool halfway = at == worker->workload->steps / 2;
    if (fault == FAULT_WIPED && random_next(&worker->random) % 16 == 0) {
        identity_wipe();
    } else if (fault == FAULT_DOWNGRADE && halfway && worker->index == 1) {
        identity_downgrade();
    } else if (fault == FAULT_FOREIGN && halfway && worker->index == 1) {
        stand_still();
    } else if (fault == FAULT_FOREIGN && halfway && worker->index == 2) {
        plant(worker);
    } else if (fault == FAULT_CORRUPT && halfway && worker->held[0] != NULL) {
        memset(worker->held[0] + 1, 'x', 1);
        parcel_check(worker->held[0]);
    }
    if (at == worker->workload->steps / 4 && worker->index == 0) {
        fork_child(worker);
    }
}

static void exit_destructor(void *argument) {
    struct worker *worker = argument;
    for (int i = 0; i < 50; i++) {
        step(&worker->random, worker->held, HELD);
    }
    give_all(worker->held, HELD);
    atomic_fetch_add(&exits, 1);
}

static void *work(void *argument) {
    struct worker *worker = argument;
    uintptr_t id = ash_thread_id();
    int (*touched)(void) = NULL;
    expect(pthread_setspecific(exit_key, worker) == 0, "a key is set");
    for (unsigned long i = 0; i < worker->workload->steps; i++) {
        interfere(worker, i);
        step(&worker->random, worker->held, HELD);
        if (i % 64 == 0 && touched != touch) {
            touched = touch;
            expect(touched() == 1, "a late library's storage is new in each thread");
        }
        expect(i % 64 != 0 || ash_thread_id() == id, "the id stays the same");
    }
    return NULL;
}

static void load_library(const char *path) {
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        fail("the library %s loads: %s", path, dlerror());
    }
    void *found = dlsym(handle, "touch");
    expect(found != NULL, "a library has its function");
    int (*function)(void);
    memcpy(&function, &found, sizeof(function));
    touch = function;
}

void workload_run(const struct workload *workload) {
    static struct worker workers[WORKLOAD_THREADS];
    pthread_t threads[WORKLOAD_THREADS];
    expect(pthread_key_create(&exit_key, exit_destructor) == 0, "a key is made");
    for (unsigned i = 0; i < WORKLOAD_THREADS; i++) {
        workers[i] = (struct worker){.workload = workload, .index = i, .random = {i * 7919 + 1}};
        threads[i] = thread_start(work, &workers[i]);
    }
    if (workload->library != NULL) {
        load_library(workload->library);
    }
    for (unsigned i = 0; i < WORKLOAD_THREADS; i++) {
        thread_join(threads[i]);
    }
    expect(exits == WORKLOAD_THREADS, "every thread's destructor ran");
    empty_mail();
}
