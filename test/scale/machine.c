// What this machine takes for what the simulation is made of: a line that comes from another
// processor, and waking a thread that sleeps. Prints a JSON object; the least of many short rounds:
// the others were disturbed.

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 1000, TURNS = 200, WAKES = 500 };

static _Alignas(128) _Atomic uint32_t word;
static _Alignas(128) _Atomic uint64_t asked_ns;
static _Alignas(128) _Atomic uint32_t ready;

static uint64_t now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void stay_on(size_t cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    (void)sched_setaffinity(0, sizeof set, &set);
}

static double least(const double *values, int count) {
    double found = values[0];
    for (int i = 1; i < count; i++) {
        found = values[i] < found ? values[i] : found;
    }
    return found;
}

// Each waits for the other to make the word odd, or even.
static void bounce(uint32_t from, uint32_t count, uint32_t parity) {
    for (uint32_t i = from; i < from + count; i++) {
        while (atomic_load_explicit(&word, memory_order_acquire) != 2 * i + parity) {
        }
        atomic_store_explicit(&word, 2 * i + parity + 1, memory_order_release);
    }
}

static void *bounce_back(void *argument) {
    (void)argument;
    stay_on(1);
    bounce(0, ROUNDS * TURNS, 1);
    return NULL;
}

static double move_ns(void) {
    double rounds[ROUNDS];
    pthread_t other;
    (void)pthread_create(&other, NULL, bounce_back, NULL);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint64_t start = now_ns();
        bounce(i * TURNS, TURNS, 0);
        rounds[i] = (double)(now_ns() - start) / (2 * TURNS);
    }
    (void)pthread_join(other, NULL);
    return least(rounds, ROUNDS);
}

static double clock_ns(void) {
    double rounds[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = now_ns();
        for (int k = 0; k < TURNS; k++) {
            (void)now_ns();
        }
        rounds[i] = (double)(now_ns() - start) / TURNS;
    }
    return least(rounds, ROUNDS);
}

static int is_more(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

// Of wakes, a quarter took less: what is undisturbed varies, too.
static double quartile(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, is_more);
    return values[count / 4];
}

static void *sleeps(void *results) {
    double *woken_ns = results;
    stay_on(1);
    for (int i = 0; i < WAKES; i++) {
        atomic_store_explicit(&ready, (uint32_t)i + 1, memory_order_release);
        while (atomic_load_explicit(&word, memory_order_acquire) == (uint32_t)i) {
            (void)syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, i, NULL);
        }
        woken_ns[i] = (double)(now_ns() - atomic_load_explicit(&asked_ns, memory_order_relaxed));
    }
    return NULL;
}

static void wakes(double *call_ns) {
    for (int i = 0; i < WAKES; i++) {
        while (atomic_load_explicit(&ready, memory_order_acquire) != (uint32_t)i + 1) {
        }
        (void)usleep(200);  // until it sleeps
        uint64_t start = now_ns();
        atomic_store_explicit(&asked_ns, start, memory_order_relaxed);
        atomic_store_explicit(&word, (uint32_t)i + 1, memory_order_release);
        (void)syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1);
        call_ns[i] = (double)(now_ns() - start);
    }
}

int main(void) {
    static double woken_ns[WAKES], call_ns[WAKES];
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
        fprintf(stderr, "scale_machine: needs two processors\n");
        return 77;
    }
    stay_on(0);
    double move = move_ns();
    pthread_t other;
    atomic_store_explicit(&word, 0, memory_order_relaxed);
    (void)pthread_create(&other, NULL, sleeps, woken_ns);
    wakes(call_ns);
    (void)pthread_join(other, NULL);
    printf("{\"move_ns\": %.1f, \"clock_ns\": %.1f, \"wake_ns\": %.0f, \"wake_call_ns\": %.0f}\n",
           move, clock_ns(), quartile(woken_ns, WAKES), quartile(call_ns, WAKES));
    return 0;
}
