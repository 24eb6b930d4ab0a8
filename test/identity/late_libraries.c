// late_libraries FIRST COUNT STEPS: the regression test for a bug of another allocator.
//
// It took the word at the thread pointer for the thread's id. On most processors that word belongs
// to the C library: it points to the table of thread-local storage, and that table moves when the
// 15th and the 30th library with such storage are loaded. So: COUNT libraries (FIRST is the first
// one's path, with 00 for its number) are loaded while all threads allocate, free, and touch the
// storage of each new library. The id, the heap and every block must stay what they were.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "subject.h"
#include "support.h"

enum { THREADS = 4, LIBRARIES_MAX = 64, HELD = 64, TABLE = 2 * THREADS };

static const char usage[] = "FIRST COUNT STEPS";

typedef int touch_function(void);

static touch_function *libraries[LIBRARIES_MAX];
static struct stage loaded;  // how many of them
static struct stage done;
static _Atomic(struct parcel *) table[TABLE];
static _Atomic uintptr_t ids[THREADS + 1];

struct worker {
    unsigned index;
    unsigned long steps;  // for each library
};

static void check_id(uintptr_t id, unsigned count) {
    uintptr_t now = ash_thread_id();
    if (now != id) {
        fail("the id of a thread changed from %#zx to %#zx, with %u libraries loaded", (size_t)id,
             (size_t)now, count);
    }
}

static void check_ids_differ(unsigned index, uintptr_t id) {
    expect(id != 0, "the id of a thread is not 0");
    ids[index] = id;
    for (unsigned i = 0; i <= THREADS; i++) {
        expect(i == index || ids[i] != id, "the id of a thread is its own");
    }
}

static void touch_new(unsigned *seen, int *touched) {
    unsigned count = atomic_load(&loaded.now);
    for (unsigned i = 0; i < count; i++) {
        int wanted = i < *seen ? touched[i] + 1 : 1;
        if (libraries[i]() != wanted) {
            fail("the storage of library %u holds what this thread put there", i);
        }
        touched[i] = wanted;
    }
    *seen = count;
}

static void churn(struct random *random, struct parcel **held, unsigned long steps) {
    for (unsigned long i = 0; i < steps; i++) {
        size_t at = random_next(random) % HELD;
        struct parcel *old = held[at];
        if (random_next(random) % 4 == 0) {
            old = atomic_exchange(&table[random_next(random) % TABLE], old);
        }
        if (old != NULL) {
            parcel_give(old);
        }
        held[at] = parcel_make(random, random_size(random));
    }
}

static void *work(void *argument) {
    const struct worker *worker = argument;
    struct random random = {worker->index + 17};
    struct parcel *held[HELD] = {NULL};
    int touched[LIBRARIES_MAX] = {0};
    unsigned seen = 0;
    uintptr_t id = ash_thread_id();
    void *heap = identity_heap();
    check_ids_differ(worker->index, id);
    bool last = false;
    while (!last) {
        last = atomic_load(&done.now) != 0;
        touch_new(&seen, touched);
        check_id(id, seen);
        churn(&random, held, worker->steps);
        check_id(id, seen);
        expect(identity_heap() == heap, "the heap of a thread is the same");
    }
    for (size_t i = 0; i < HELD; i++) {
        if (held[i] != NULL) {
            parcel_give(held[i]);
        }
    }
    return NULL;
}

static touch_function *load(char *path, char *digits, unsigned index) {
    digits[0] = (char)('0' + index / 10);
    digits[1] = (char)('0' + index % 10);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        fail("library %s loads: %s", path, dlerror());
    }
    void *found = dlsym(handle, "touch");
    expect(found != NULL, "a library has its function");
    touch_function *function;
    memcpy(&function, &found, sizeof(function));
    return function;
}

static void load_all(const char *first, unsigned count, unsigned long steps) {
    char path[4096];
    struct random random = {3};
    struct parcel *held[HELD] = {NULL};
    uintptr_t id = ash_thread_id();
    check_ids_differ(THREADS, id);
    expect(strlen(first) < sizeof(path), "the path is short enough");
    strcpy(path, first);
    char *digits = strstr(path, "00");
    expect(digits != NULL, "the path has the number 00");
    for (unsigned i = 0; i < count; i++) {
        libraries[i] = load(path, digits, i);
        expect(libraries[i]() == 1, "the storage of a new library is new");
        stage_set(&loaded, i + 1);
        check_id(id, i + 1);
        churn(&random, held, steps);
        check_id(id, i + 1);
    }
}

static void check_counters(void) {
    struct ash_thread_identity identity;
    ash_thread_identity(&identity, sizeof(identity));
    expect(identity.changed == 0 && strcmp(identity.id, identity.id_now) == 0,
           "the id of no thread is seen to change");
    expect(identity.foreign == 0 && strcmp(identity.slot, identity.slot_now) == 0,
           "the slot is used as compiled");
    printf("slot %s, id %s: all ids stayed the same\n", identity.slot, identity.id);
}

int main(int argc, char **argv) {
    const char *first = argument(argc, argv, 1, usage);
    unsigned long count = number(argc, argv, 2, 40);
    unsigned long steps = number(argc, argv, 3, 500);
    expect(count <= LIBRARIES_MAX, "not too many libraries are asked for");
    deadline(300);
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.index = i, .steps = steps};
        threads[i] = thread_start(work, &workers[i]);
    }
    load_all(first, (unsigned)count, steps);
    stage_set(&done, 1);
    for (unsigned i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
    }
    check_counters();
    return 0;
}
