// signals: handlers that interrupt malloc at random and return, and handlers that longjmp out of a
// computation between allocations. Neither harms the heap.

#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum { ROUNDS = 400 };

static sigjmp_buf back;
static volatile sig_atomic_t ticks;
static volatile unsigned long spins;

static void count_tick(int number) {
    (void)number;
    ticks++;
}

static void jump_out(int number) {
    (void)number;
    ticks++;
    siglongjmp(back, 1);
}

static void start_timer(long microseconds) {
    const struct itimerval timer = {{0, microseconds}, {0, microseconds}};
    expect(setitimer(ITIMER_REAL, &timer, NULL) == 0, "a timer starts");
}

static void handle(void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = handler;
    expect(sigaction(SIGALRM, &action, NULL) == 0, "a handler is set");
}

static void interrupted_inside_malloc(void) {
    handle(count_tick);
    start_timer(150);
    unsigned round = 0;
    for (ticks = 0; ticks < 3000; round++) {
        expect(exercise(round, 300), "an interrupted malloc gives good blocks");
    }
    start_timer(0);
}

// The handler jumps out of the loop; the allocations on both sides of it must be whole.
static void jumped_out_of_computation(void) {
    static char *volatile block;
    sigset_t only_alarm;
    sigemptyset(&only_alarm);
    sigaddset(&only_alarm, SIGALRM);
    handle(jump_out);
    for (volatile int i = 0; i < ROUNDS; i++) {
        sigprocmask(SIG_BLOCK, &only_alarm, NULL);
        block = malloc(100 + (size_t)i);
        memset(block, 5, 100);
        start_timer(100);
        if (sigsetjmp(back, 1) == 0) {
            sigprocmask(SIG_UNBLOCK, &only_alarm, NULL);
            while (true) {
                spins++;
            }
        }
        start_timer(0);
        expect(block[0] == 5 && block[99] == 5, "the block is there after the jump");
        free(block);
        expect(exercise((unsigned)i, 50), "malloc works after the jump");
    }
}

int main(void) {
    require_ashlar();
    interrupted_inside_malloc();
    jumped_out_of_computation();
    expect(ticks >= ROUNDS && spins > 0, "the handlers really ran");
    deadline(0);
    return 0;
}
