// A coroutine that goes on in another thread must use that thread's heap.
//
// Two threads take turns at running one coroutine (the other one sleeps, so that nothing is
// broken by a failure before it is seen). The coroutine allocates in one and frees in the other.
// A compiler that sees into malloc, as with -flto, may keep the address of the thread's slot
// across the switch: then malloc takes from the other thread's heap, and free gives to it.

#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#include "subject.h"
#include "support.h"

enum { ROUNDS = 200, GATHERED_BYTES = 512, STACK_BYTES = 256 * 1024, THREADS = 2 };

struct runner {
    ucontext_t context;
    void *_Atomic heap;
    unsigned index;
};

static struct runner runners[THREADS];
static struct stage turn;
static ucontext_t coroutine;
static struct runner *running;  // where the coroutine is now
static bool ended;

static void switch_thread(void) {
    swapcontext(&coroutine, &running->context);
}

// One round trip. Without checks between the calls, and with all inlined that can be (flatten), so
// that the compiler has every chance to keep what it knows across the switches.
struct trip {
    void *first, *second, *third;
};

static struct trip travel(size_t bytes) {
    struct trip trip;
    trip.first = ash_malloc(bytes);
    switch_thread();
    trip.second = ash_malloc(bytes);
    ash_free(trip.first);
    switch_thread();
    trip.third = ash_malloc(bytes);
    return trip;
}

static void check_owner(const void *block, unsigned thread, const char *when) {
    if (identity_owner(block) != runners[thread].heap) {
        fail("malloc %s takes from the heap of the thread it runs in", when);
    }
}

static void body(void) {
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct trip trip = travel(16 + i * 16);
        check_owner(trip.first, 0, "before a switch");
        check_owner(trip.second, 1, "after a switch");
        check_owner(trip.third, 0, "after switching back");
        // Freed by the second thread, the first block is on its way to the first one's heap, and
        // not yet there: had the second thread freed it as its own, it would be what comes next.
        // Of larger ones, what earlier rounds freed makes the chain full: then it may be there.
        expect(trip.third != trip.first || 16 + i * 16 > GATHERED_BYTES,
               "free after a switch does not give to another's heap");
        ash_free(trip.second);
        ash_free(trip.third);
    }
    ended = true;
    switch_thread();
}

static void *run(void *argument) {
    struct runner *runner = argument;
    runner->heap = identity_heap();
    ash_free(ash_malloc(1));
    for (unsigned i = runner->index; !ended; i += THREADS) {
        stage_wait(&turn, i);
        if (!ended) {
            running = runner;
            swapcontext(&runner->context, &coroutine);
        }
        stage_set(&turn, i + 1);
    }
    return NULL;
}

int main(void) {
    deadline(120);
    void *stack = malloc(STACK_BYTES);
    expect(stack != NULL && getcontext(&coroutine) == 0, "a coroutine is made");
    coroutine.uc_stack.ss_sp = stack;
    coroutine.uc_stack.ss_size = STACK_BYTES;
    makecontext(&coroutine, body, 0);
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        runners[i].index = i;
    }
    // The second one first: its heap must be known when the first one's turn begins.
    threads[1] = thread_start(run, &runners[1]);
    while (atomic_load(&runners[1].heap) == NULL) {
        sched_yield();
    }
    threads[0] = thread_start(run, &runners[0]);
    for (unsigned i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
    }
    expect(runners[0].heap != runners[1].heap, "each thread has its own heap");
    printf("%d round trips, each malloc and free in the thread it ran in\n", ROUNDS);
    return 0;
}
