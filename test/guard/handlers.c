// Who hears of a bad access when blocks are guarded: handlers EARLY DEED. EARLY says what handler
// the program has before ashlar starts, DEED what happens. What the handler hears is printed.
//
//   none, handler, plain, once, ignore      guarded, null, sent, bus, state

#define _GNU_SOURCE

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guarded.h"

enum { BYTES = 100, TRIES = 1000, ENDED = 7 };

static char *volatile target;

static void say(const char *text) {
    if (write(STDOUT_FILENO, text, strlen(text)) < 0) {
        _exit(2);
    }
}

static void hears(int number, siginfo_t *info, void *context) {
    (void)context;
    say(number == SIGBUS ? "bus" : "segv");
    say(info->si_code <= 0 ? " sent" : " fault");
    say(info->si_addr == (void *)target ? " there\n" : " elsewhere\n");
    _exit(ENDED);
}

static void hears_plainly(int number) {
    say(number == SIGSEGV ? "segv\n" : "bus\n");
    _exit(ENDED);
}

static void hears_once(int number) {
    (void)number;
    say("once\n");  // and returns: the access fails again, and nobody hears of it
}

static void install(int argc, char **argv, char **environment) {
    (void)environment;
    const char *early = argc > 1 ? argv[1] : "none";
    struct sigaction action = {0};
    sigemptyset(&action.sa_mask);
    if (strcmp(early, "handler") == 0) {
        action.sa_sigaction = hears;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    } else if (strcmp(early, "plain") == 0) {
        action.sa_handler = hears_plainly;
    } else if (strcmp(early, "once") == 0) {
        action.sa_handler = hears_once;
        action.sa_flags = (int)SA_RESETHAND;
    } else if (strcmp(early, "ignore") == 0) {
        action.sa_handler = SIG_IGN;
    } else {
        return;
    }
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

// Before the constructors of libraries.
__attribute__((section(".preinit_array"), used)) static void (*const early)(int, char **,
                                                                            char **) = install;

static char *guarded(void) {
    for (int i = 0; i < TRIES; i++) {
        char *block = malloc(BYTES);
        if (guarded_is(block)) {
            return block;
        }  // and others are kept: freed, they would be at hand again
    }
    exit(3);
}

static void touch(char *at) {
    target = at;
    *(volatile char *)at = 1;
}

// A page behind the end of its file.
static char *page_without_file(void) {
    FILE *file = tmpfile();
    char *page = file == NULL
                     ? MAP_FAILED
                     : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    return page == MAP_FAILED ? NULL : page;
}

static int has_closed_pool(void) {
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    int found = 0;
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        uintptr_t start, end;
        char rights[8];
        found |= sscanf(line, "%zx-%zx %7s", &start, &end, rights) == 3 &&
                 strncmp(rights, "---p", 4) == 0 && strstr(line, "/") == NULL &&
                 (end - start) / (size_t)sysconf(_SC_PAGESIZE) >= 100;
    }
    return found;
}

static int state(void) {
    struct sigaction now;
    free(malloc(BYTES));
    sigaction(SIGSEGV, NULL, &now);
    printf("%s %s\n", now.sa_handler == SIG_DFL ? "no handler" : "a handler",
           has_closed_pool() ? "a pool" : "no pool");
    return 0;
}

int main(int count, char **words) {
    const char *deed = count == 3 ? words[2] : "";
    if (strcmp(deed, "state") == 0) {
        return state();
    }
    if (strcmp(deed, "guarded") == 0) {
        char *block = guarded();
        free(block);
        touch(block);
    } else if (strcmp(deed, "null") == 0) {
        touch((char *)(uintptr_t)sysconf(_SC_PAGESIZE));
    } else if (strcmp(deed, "bus") == 0) {
        touch(page_without_file());
    } else if (strcmp(deed, "sent") == 0) {
        raise(SIGSEGV);
    } else {
        fprintf(stderr, "usage: handlers EARLY DEED\n");
        return 2;
    }
    return 0;
}
