// libc_cases: the contract of malloc(3) as a table of cases.
//
// Every case runs in a child process of its own, prints one TAP line with what was seen, and passes
// when that is the expected text. The same program runs against plain glibc and against ashlar;
// what may differ between the two, and why, stands in differences.txt, and agree.py holds both runs
// to it.
//
//     libc_cases [--active] [NAME]   --active fails unless ashlar is in use; NAME runs that one
//     case
//                                    in this process, for gdb
//     libc_cases --planted           runs one case that must fail, which proves that the table can

#define _GNU_SOURCE
#include "cases.h"
#include "lookup.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CASE_SECONDS = 100, TEXT_MAX = 64, EXIT_BAD_USE = 2 };

int errno_at_start;

static const struct case_group *const groups[] = {
    &group_basic,    &group_calloc, &group_realloc, &group_aligned,
    &group_memalign, &group_glibc,  &group_text,    &group_load,
};

static const char *planted(void) {
    return "the planted failure";
}

static const struct libc_case planted_case = CASE(planted, "holds");
static const struct case_group planted_group = {&planted_case, 1};
static const struct case_group *const planted_table = &planted_group;

// Runs the case in a child and stores what it saw, or how it died.
static void observe(const struct libc_case *one, char text[TEXT_MAX]) {
    int ends[2];
    if (pipe(ends) != 0) {
        snprintf(text, TEXT_MAX, "no pipe");
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        alarm(CASE_SECONDS);
        const char *seen = one->run();
        ssize_t put = write(ends[1], seen, strlen(seen));
        _exit(put < 0);
    }
    close(ends[1]);
    memset(text, 0, TEXT_MAX);
    ssize_t got = read(ends[0], text, TEXT_MAX - 1);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        snprintf(text, TEXT_MAX, "killed by signal %d", WTERMSIG(status));
    } else if (got <= 0) {
        snprintf(text, TEXT_MAX, "no answer");
    }
}

static bool report(int number, const struct libc_case *one, const char *seen) {
    bool ok = strcmp(seen, one->expected) == 0;
    printf("%s %d %s - %s", ok ? "ok" : "not ok", number, one->name, seen);
    if (!ok) {
        printf(" (expected: %s)", one->expected);
    }
    printf("\n");
    return ok;
}

// Runs the groups and returns the number of failures.
static int run_table(const struct case_group *const *table, size_t length) {
    int number = 0;
    int failed = 0;
    char seen[TEXT_MAX];
    for (size_t g = 0; g < length; g++) {
        for (size_t i = 0; i < table[g]->count; i++) {
            const struct libc_case *one = &table[g]->cases[i];
            fflush(stdout);
            observe(one, seen);
            failed += !report(++number, one, seen);
        }
    }
    printf("1..%d\n# %d cases, %d failed\n", number, number, failed);
    return failed;
}

static int run_one(const char *name) {
    for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
        for (size_t i = 0; i < groups[g]->count; i++) {
            const struct libc_case *one = &groups[g]->cases[i];
            if (strcmp(one->name, name) == 0) {
                return !report(1, one, one->run());
            }
        }
    }
    fprintf(stderr, "libc_cases: no case is named '%s'; run it without a name to see them\n", name);
    return EXIT_BAD_USE;
}

int main(int argc, char **argv) {
    errno_at_start = errno;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--active") == 0) {
            if (!lookup_ashlar_is_in_use()) {
                fprintf(stderr, "libc_cases: ashlar is not in use; preload libashlar.so\n");
                return 1;
            }
        } else if (strcmp(argv[i], "--planted") == 0) {
            return run_table(&planted_table, 1) > 0;
        } else {
            return run_one(argv[i]);
        }
    }
    return run_table(groups, sizeof(groups) / sizeof(groups[0])) > 0;
}
