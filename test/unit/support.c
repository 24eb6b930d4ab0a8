#define _GNU_SOURCE

#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SUPPORT_TEXT_MAX = 16384, SUPPORT_WORDS_MAX = 512, SUPPORT_SECONDS = 240 };

// Shared with the process that runs the claim.
struct shared {
    char words[SUPPORT_WORDS_MAX];
    uint64_t seed;
};

static struct shared *support_shared;
static char support_wrote[SUPPORT_TEXT_MAX];
static bool support_silent;

static _Noreturn void support_failed(const char *file, int line) {
    if (support_shared != NULL && support_shared->seed != 0) {
        fprintf(stderr, "with seed %ju ", (uintmax_t)support_shared->seed);
    }
    fprintf(stderr, "at %s:%d\n", file, line);
    _exit(1);
}

void support_expect(bool holds, const char *what, const char *file, int line) {
    if (!holds) {
        fprintf(stderr, "does not hold: %s ", what);
        support_failed(file, line);
    }
}

void support_expect_equal(uintmax_t a, uintmax_t b, const char *what, const char *file, int line) {
    if (a != b) {
        fprintf(stderr, "does not hold: %s: %#jx and %#jx ", what, a, b);
        support_failed(file, line);
    }
}

void support_expect_text(const char *a, const char *b, const char *what, const char *file,
                         int line) {
    if (strcmp(a, b) != 0) {
        fprintf(stderr, "%s is\n  '%s' instead of\n  '%s' ", what, a, b);
        support_failed(file, line);
    }
}

void last_words(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(support_shared->words, sizeof support_shared->words, format, arguments);
    va_end(arguments);
}

static _Noreturn void support_run_child(void (*body)(void), int out) {
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    // cmocka's handlers would go on with the next test in this process.
    const int signals[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        (void)signal(signals[i], SIG_DFL);
    }
    (void)alarm(SUPPORT_SECONDS);
    if (dup2(out, STDERR_FILENO) < 0) {
        _exit(2);
    }
    body();
    _exit(0);
}

static void support_read_all(int in) {
    size_t length = 0;
    char spill[1024];
    for (;;) {
        bool full = length == sizeof support_wrote - 1;
        ssize_t got = full ? read(in, spill, sizeof spill)
                           : read(in, support_wrote + length, sizeof support_wrote - 1 - length);
        if (got <= 0) {
            break;
        }
        length += full ? 0 : (size_t)got;
    }
    support_wrote[length] = '\0';
}

// Returns the status of wait(2).
static int support_run(void (*body)(void)) {
    if (support_shared == NULL) {
        support_shared = mmap(NULL, sizeof *support_shared, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    }
    int ends[2];
    if (support_shared == MAP_FAILED || pipe(ends) != 0) {
        perror("support");
        exit(2);
    }
    memset(support_shared, 0, sizeof *support_shared);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        support_run_child(body, ends[1]);
    }
    close(ends[1]);
    support_read_all(ends[0]);
    close(ends[0]);
    int status = -1;
    return child < 0 || waitpid(child, &status, 0) != child ? -1 : status;
}

static bool support_judge(bool good, int status, const char *wanted) {
    if (!good && !support_silent) {
        (void)fputs(support_wrote, stderr);
        if (WIFSIGNALED(status)) {
            fprintf(stderr, "the process ended by signal %d, ", WTERMSIG(status));
        } else {
            fprintf(stderr, "the process ended with status %d, ", WEXITSTATUS(status));
        }
        fprintf(stderr, "wanted: %s\n", wanted);
    }
    return good;
}

bool support_passes(void (*body)(void)) {
    int status = support_run(body);
    // A sanitizer that only warns lets the process end well.
    bool good = status == 0 && strstr(support_wrote, "Sanitizer") == NULL;
    return support_judge(good, status, "a good end");
}

// The last line of what was written, its newline included. An emulator reports the end of the
// process in a line of its own, which is taken off.
static const char *support_last_line(void) {
    char *emulator = strstr(support_wrote, "qemu: uncaught target signal");
    if (emulator != NULL) {
        *emulator = '\0';
    }
    size_t length = strlen(support_wrote);
    size_t at = length > 0 ? length - 1 : 0;
    while (at > 0 && support_wrote[at - 1] != '\n') {
        at--;
    }
    return support_wrote + at;
}

bool support_dies(void (*body)(void)) {
    int status = support_run(body);
    char wanted[SUPPORT_WORDS_MAX + 16];
    (void)snprintf(wanted, sizeof wanted, "ashlar: %s\n", support_shared->words);
    const char *line = support_last_line();
    const char *dots = strstr(wanted, "...\n");
    bool same = dots != NULL ? strncmp(line, wanted, (size_t)(dots - wanted)) == 0
                             : strcmp(line, wanted) == 0;
    bool good = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && same &&
                support_shared->words[0] != '\0';
    return support_judge(good, status, wanted);
}

const char *support_text(void) {
    return support_wrote;
}

void support_set_silent(bool silent) {
    support_silent = silent;
}

struct sequence sequence_from(uint64_t seed) {
    if (support_shared != NULL) {
        support_shared->seed = seed;
    }
    return (struct sequence){seed, seed * 0x9e3779b97f4a7c15u + 1};
}

// Marsaglia's xorshift, with a multiplication to even out the low bits.
uint64_t sequence_next(struct sequence *sequence) {
    uint64_t x = sequence->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    sequence->state = x;
    return x * 0x2545f4914f6cdd1du;
}

size_t sequence_below(struct sequence *sequence, size_t limit) {
    return (size_t)((sequence_next(sequence) >> 16) % limit);
}
