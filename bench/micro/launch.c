// launch: runs a program and reports what the kernel counted.
//
//   launch [-c CPU] [-p LIBRARY] [-t SECONDS] -o FILE -- PROGRAM [ARGUMENT...]
//
// The peak resident set that wait4() reports starts with that of the process that
// called exec: launched from Python it would never be below Python's own. This
// program is static and tiny. LIBRARY is preloaded into PROGRAM alone.
//
// FILE gets one line: status wall_s user_s system_s maxrss_kib minor major
// voluntary involuntary. The exit status is 0 whenever that line was written; 2
// for bad arguments.

#include <errno.h>
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
};

static pid_t child;

static void fail(const char *what, const char *detail) {
    fprintf(stderr,
            "launch: %s: %s\n"
            "usage: launch [-c CPU] [-p LIBRARY] [-t SECONDS] -o FILE -- PROGRAM...\n",
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
    while ((option = getopt(argc, argv, "+c:p:t:o:")) != -1) {
        if (option == 'c') {
            request.cpu = number("-c wants a CPU number", optarg);
        } else if (option == 'p') {
            request.preload = optarg;
        } else if (option == 't') {
            request.seconds = (unsigned)number("-t wants seconds", optarg);
        } else if (option == 'o') {
            request.output = optarg;
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

static void on_alarm(int signal_number) {
    (void)signal_number;
    kill(child, SIGKILL);
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
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    child = fork();
    if (child < 0) {
        fail("fork", strerror(errno));
    }
    if (child == 0) {
        become(&request, argv + optind);
    }
    signal(SIGALRM, on_alarm);
    alarm(request.seconds);
    int status;
    struct rusage usage;
    while (wait4(child, &status, 0, &usage) < 0) {
        if (errno != EINTR) {
            fail("wait4", strerror(errno));
        }
    }
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    double wall = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    report(&request, status, wall, &usage);
    return 0;
}
