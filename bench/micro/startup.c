// Start-up: n runs of an empty program, which inherits LD_PRELOAD.

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

extern char **environ;

// `empty` lies beside this program.
static void find_empty(char *path, size_t bytes) {
    static const char name[] = "empty";
    ssize_t length = readlink("/proc/self/exe", path, bytes - sizeof name);
    char *slash = NULL;
    if (length > 0) {
        path[length] = '\0';
        slash = strrchr(path, '/');
    }
    if (slash == NULL) {
        fprintf(stderr, "micro: cannot find the folder of this program in /proc/self/exe\n");
        exit(1);
    }
    memcpy(slash + 1, name, sizeof name);
}

static void startup(const struct row *row, size_t n) {
    char path[4096];
    find_empty(path, sizeof path);
    struct stopwatch watch;
    stopwatch_start(&watch);
    for (size_t i = 0; i < n; i++) {
        char *arguments[] = {path, NULL};
        pid_t child;
        int status;
        int error = posix_spawn(&child, path, NULL, NULL, arguments, environ);
        if (error != 0 || waitpid(child, &status, 0) != child || status != 0) {
            fprintf(stderr, "micro: cannot run %s: %s\n", path, strerror(error ? error : errno));
            exit(1);
        }
    }
    stopwatch_report(&watch, row, n);
}

const struct row rows_startup[] = {
    {"startup", ROW_CPU, 500, startup, 0, 0},
    {NULL, ROW_CPU, 0, NULL, 0, 0},
};
