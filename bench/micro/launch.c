// launch: runs a program and reports what the kernel counted.
//
//   launch [-c CPU] [-p LIBRARY] [-e VARIABLE=VALUE] [-t SECONDS] [-s FILE] -o FILE -- PROGRAM
//          [ARGUMENT...]
//
// The peak resident set that wait4() reports starts with that of the process that
// called exec: launched from Python it would never be below Python's own. This
// program is static and tiny. LIBRARY is preloaded into PROGRAM alone; each -e is one more variable
// of its environment.
//
// FILE gets one line: status wall_s user_s system_s maxrss_kib minor major
// voluntary involuntary. The exit status is 0 whenever that line was written; 2
// for bad arguments. SIGTERM is passed on to PROGRAM.
//
// -s FILE gets a line "milliseconds kib" for each sample of the resident set, evenly
// spaced: every 5 ms at first, and each time the table is full every second sample
// is dropped and the distance doubled. The samples are of PROGRAM itself, not of its
// children, and as inexact as /proc/PID/statm (about 100 KiB).

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct request {
    long cpu;  // -1: any
    const char *preload;
    unsigned seconds;  // 0: no limit
    const char *output;
    const char *samples;  // NULL: none
};

#define SAMPLES 256
#define FIRST_STEP_MS 5

struct series {
    int file;  // of /proc/PID/statm, or -1
    unsigned step_ms;
    unsigned count;
    struct {
        unsigned ms;
        unsigned long kib;
    } at[SAMPLES];
};

static volatile sig_atomic_t asked_to_end;

static void fail(const char *what, const char *detail) {
    fprintf(stderr,
            "launch: %s: %s\n"
            "usage: launch [-c CPU] [-p LIBRARY] [-e VARIABLE=VALUE] [-t SECONDS] [-s FILE] -o FILE "
            "-- PROGRAM\n",
            what, detail);
    exit(2);
}

static long number(const char *name, const char *text) {
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < 0) {
        fail(name, text);
    }
    return value;
}

static struct request parse(int argc, char **argv) {
    struct request request = {.cpu = -1};
    int option;
    while ((option = getopt(argc, argv, "+c:p:e:t:o:s:")) != -1) {
        if (option == 'c') {
            request.cpu = number("-c wants a CPU number", optarg);
        } else if (option == 'p') {
            request.preload = optarg;
        } else if (option == 'e') {
            if (strchr(optarg, '=') == NULL || putenv(optarg) != 0) {
                fail("-e wants VARIABLE=VALUE", optarg);
            }
        } else if (option == 't') {
            request.seconds = (unsigned)number("-t wants seconds", optarg);
        } else if (option == 'o') {
            request.output = optarg;
        } else if (option == 's') {
            request.samples = optarg;
        } else {
            fail("unknown option", argv[optind - 1]);
        }
    }
    if (request.output == NULL || optind >= argc) {
        fail("-o FILE and a program are required", "missing");
    }
    return request;
}

static void become(const struct request *request, char **arguments) {
    if (request->cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((size_t)request->cpu, &set);
        if (sched_setaffinity(0, sizeof set, &set) != 0) {
            perror("launch: sched_setaffinity");
            _exit(126);
        }
    }
    if (request->preload != NULL) {
        setenv("LD_PRELOAD", request->preload, 1);
    } else {
        unsetenv("LD_PRELOAD");
    }
    execv(arguments[0], arguments);
    fprintf(stderr, "launch: cannot run %s: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

static void on_terminate(int signal_number) {
    (void)signal_number;
    asked_to_end = 1;
}

static void on_child(int signal_number) {
    (void)signal_number;
}

// The signals that end a wait are blocked except while waiting, so none is missed.
static void take_signals(sigset_t *waiting) {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, waiting);
    struct sigaction action = {.sa_handler = on_child};
    sigaction(SIGCHLD, &action, NULL);
    action.sa_handler = on_terminate;
    sigaction(SIGTERM, &action, NULL);
}

static unsigned milliseconds_since(const struct timespec *start) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned)((now.tv_sec - start->tv_sec) * 1000 +
                      (now.tv_nsec - start->tv_nsec) / 1000000);
}

static void series_start(struct series *series, const struct request *request, pid_t child) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/statm", (int)child);
    series->file = request->samples != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    series->step_ms = FIRST_STEP_MS;
    series->count = 0;
}

// A full table keeps every second sample.
static void series_thin(struct series *series) {
    for (unsigned i = 0; i < SAMPLES / 2; i++) {
        series->at[i] = series->at[2 * i];
    }
    series->count = SAMPLES / 2;
    series->step_ms *= 2;
}

static void series_take(struct series *series, unsigned ms) {
    char text[128];
    ssize_t length = pread(series->file, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    char *second = strchr(text, ' ');
    if (second == NULL) {
        return;
    }
    unsigned long pages = strtoul(second, NULL, 10);
    if (pages == 0) {
        return;
    }
    if (series->count == SAMPLES) {
        series_thin(series);
    }
    series->at[series->count].ms = ms;
    series->at[series->count].kib = pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
    series->count++;
}

static void series_write(const struct series *series, const char *path) {
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        fail("cannot write", path);
    }
    for (unsigned i = 0; i < series->count; i++) {
        fprintf(file, "%u %lu\n", series->at[i].ms, series->at[i].kib);
    }
    if (fclose(file) != 0) {
        fail("cannot write", path);
    }
}

// Waits for the child; takes samples, passes SIGTERM on, keeps the limit.
static int await(const struct request *request, pid_t child, const struct timespec *start,
                 const sigset_t *waiting, struct series *series, struct rusage *usage) {
    int status;
    for (;;) {
        pid_t ended = wait4(child, &status, WNOHANG, usage);
        if (ended == child) {
            return status;
        }
        if (ended < 0 && errno != EINTR) {
            fail("wait4", strerror(errno));
        }
        unsigned ms = milliseconds_since(start);
        if (request->seconds != 0 && ms >= request->seconds * 1000) {
            kill(child, SIGKILL);
        } else if (asked_to_end) {
            kill(child, SIGTERM);
            asked_to_end = 0;
        }
        if (series->file >= 0) {
            series_take(series, ms);
        }
        unsigned pause_ms = series->file >= 0 ? series->step_ms : 100;
        struct timespec pause = {.tv_sec = pause_ms / 1000,
                                 .tv_nsec = (long)(pause_ms % 1000) * 1000000};
        ppoll(NULL, 0, &pause, waiting);
    }
}

static double seconds_of(const struct timeval *time) {
    return (double)time->tv_sec + (double)time->tv_usec * 1e-6;
}

static void report(const struct request *request, int status, double wall,
                   const struct rusage *usage) {
    FILE *file = fopen(request->output, "w");
    if (file == NULL) {
        fail("cannot write", request->output);
    }
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    fprintf(file, "%d %.6f %.6f %.6f %ld %ld %ld %ld %ld\n", code, wall,
            seconds_of(&usage->ru_utime), seconds_of(&usage->ru_stime), usage->ru_maxrss,
            usage->ru_minflt, usage->ru_majflt, usage->ru_nvcsw, usage->ru_nivcsw);
    if (fclose(file) != 0) {
        fail("cannot write", request->output);
    }
}

int main(int argc, char **argv) {
    struct request request = parse(argc, argv);
    sigset_t before;
    take_signals(&before);
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t child = fork();
    if (child < 0) {
        fail("fork", strerror(errno));
    }
    if (child == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        become(&request, argv + optind);
    }
    static struct series series;
    series_start(&series, &request, child);
    struct rusage usage;
    int status = await(&request, child, &start, &before, &series, &usage);
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    double wall = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    report(&request, status, wall, &usage);
    if (request.samples != NULL) {
        series_write(&series, request.samples);
    }
    return 0;
}
