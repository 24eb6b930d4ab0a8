// The scenarios of heap.c under GenMC: threads are POSIX threads, atomics the compiler's, and the
// tool looks for violations. SCENARIO names one. genmc.sh is the way to run it.

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

// GenMC takes a memset of constant length only.
static void *genmc_memset(void *at, int byte, size_t bytes) {
    for (size_t i = 0; i < bytes / sizeof(uint64_t); i++) {
        ((uint64_t *)at)[i] = byte == 0 ? 0 : UINT64_MAX;
    }
    return at;
}
#define memset genmc_memset

#include "access.h"
#include "heap.c"
#include "heap_world.c"

void stage_claim_text(bool holds, const char *text) {
    (void)text;
    assert(holds);
}

_Noreturn void stage_fail(const char *text) {
    (void)text;
    assert(0);
    for (;;) {
    }
}

void stage_reach(unsigned milestone) {
    (void)milestone;
}

void stage_exclusive(const void *at, size_t bytes) {
    (void)at;
    (void)bytes;
}

void stage_name(const void *at, size_t bytes, const char *name, int number) {
    (void)at;
    (void)bytes;
    (void)name;
    (void)number;
}

// The registry's lock is the only one.
static pthread_mutex_t genmc_lock = PTHREAD_MUTEX_INITIALIZER;

void access_lock(const void *at) {
    (void)at;
    pthread_mutex_lock(&genmc_lock);
}

bool access_trylock(const void *at) {
    (void)at;
    return pthread_mutex_trylock(&genmc_lock) == 0;
}

void access_unlock(const void *at) {
    (void)at;
    pthread_mutex_unlock(&genmc_lock);
}

void access_poll(const void *at) {
    while (atomic_load_explicit((const _Atomic uint32_t *)at, memory_order_relaxed) != 0) {
    }
}

static void *genmc_run(void *thread) {
    ((void (**)(void))thread)[0]();
    return NULL;
}

int main(void) {
    static const struct stage_scenario *const scenario = &stage_scenarios[SCENARIO];
    pthread_t threads[STAGE_THREADS];
    scenario->prepare();
    for (int i = 0; i < STAGE_THREADS && scenario->threads[i] != NULL; i++) {
        void *run = (void *)&scenario->threads[i];
        pthread_create(&threads[i], NULL, genmc_run, run);
    }
    for (int i = 0; i < STAGE_THREADS && scenario->threads[i] != NULL; i++) {
        pthread_join(threads[i], NULL);
    }
    scenario->finish();
    return 0;
}
