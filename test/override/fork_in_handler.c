// fork_in_handler: in a process with one thread a signal's handler forks, wherever that thread is:
// within malloc, free, or fork itself. Children end at once or start a program; none hangs, and the
// parent's heap stays whole.

#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FORKS = 150, SECONDS = 240, PAUSE_US = 300 };

static volatile sig_atomic_t forks;

static void wait_for(pid_t child) {
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    expect(child > 0 && status == 0, "a child ends well");
}

static void fork_once(int number) {
    (void)number;
    int saved_errno = errno;
    forks++;
    pid_t child = fork();
    if (child == 0) {
        if (forks % 30 == 0) {
            (void)execl("/bin/true", "true", (char *)NULL);
        }
        _exit(0);
    }
    wait_for(child);
    errno = saved_errno;
}

// The timer counts the process's own time, so that it finds time to go on between two forks.
static void start_timer(long microseconds) {
    const struct itimerval timer = {{0, microseconds}, {0, microseconds}};
    expect(setitimer(ITIMER_VIRTUAL, &timer, NULL) == 0, "a timer starts");
}

int main(void) {
    require_ashlar();
    deadline(SECONDS);
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = fork_once;
    expect(sigaction(SIGVTALRM, &action, NULL) == 0, "a handler is set");
    start_timer(PAUSE_US);
    for (unsigned round = 0; forks < FORKS; round++) {
        expect(exercise(round, 300), "an interrupted malloc gives good blocks");
        free(realloc(malloc(100000 + round % 7 * 40000), 300000));
        if (round % 64 == 0) {
            pid_t child = fork();
            if (child == 0) {
                _exit(exercise(round, 10) ? 0 : 1);
            }
            wait_for(child);
        }
    }
    start_timer(0);
    deadline(0);
    return 0;
}
