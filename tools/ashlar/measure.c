// One timed run. fork, not vfork or posix_spawn: a child that shares this
// process's memory until it executes would have our peak RSS counted as its own.

#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "launch.h"

static double seconds_now(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds_of(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

bool measure_run(const struct launch *launch, const char *library, struct sample *sample) {
    struct rusage usage;
    int status = 0;
    double start = seconds_now();
    pid_t child = launch_start(launch, library, -1);
    if (child < 0) {
        return false;
    }
    while (wait4(child, &status, 0, &usage) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    double wall = seconds_now() - start;
    *sample = (struct sample){.user_s = seconds_of(usage.ru_utime),
                              .system_s = seconds_of(usage.ru_stime),
                              .minor_faults = (uint64_t)usage.ru_minflt,
                              .major_faults = (uint64_t)usage.ru_majflt,
                              .status = launch_status(status)};
    sample->values[METRIC_TIME] = wall;
    sample->values[METRIC_CPU] = sample->user_s + sample->system_s;
    sample->values[METRIC_RSS] = (double)usage.ru_maxrss * 1024;
    sample->values[METRIC_FAULTS] = (double)(sample->minor_faults + sample->major_faults);
    return true;
}
