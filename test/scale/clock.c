// The time of scale_count. Threads take turns, so what would take a millisecond takes minutes; and
// whether something falls due must not depend on the machine. So a round in which every thread has
// had its turn takes a microsecond, and who sleeps, sleeps to the end.

#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

#include "count.h"

uint64_t __real_ash_os_clock_ms(void);
void __real_ash_os_sleep(unsigned ms);
uint64_t __wrap_ash_os_clock_ms(void);
void __wrap_ash_os_sleep(unsigned ms);

enum { ROUNDS_A_MS = 1000, LONG_S = 3600 };

static _Atomic uint64_t rounds;

void count_round(void) {
    atomic_fetch_add_explicit(&rounds, 1, memory_order_relaxed);
}

uint64_t __wrap_ash_os_clock_ms(void) {
    static _Atomic uint64_t start_ms;
    uint64_t start = atomic_load_explicit(&start_ms, memory_order_relaxed);
    if (start == 0) {  // two threads may both set it, a moment apart
        start = __real_ash_os_clock_ms();
        atomic_store_explicit(&start_ms, start, memory_order_relaxed);
    }
    return start + atomic_load_explicit(&rounds, memory_order_relaxed) / ROUNDS_A_MS;
}

void __wrap_ash_os_sleep(unsigned ms) {
    if (ms == 0) {
        __real_ash_os_sleep(0);
    } else {
        (void)sleep(LONG_S);  // the process ends before
    }
}
