// The proof of use. The command runs once more, traced but not slowed between
// its system calls' events: every process stops when it ends, its memory still
// there, and owner.c tells who served malloc in it. A process is counted once,
// as the program it was last (exec replaces the earlier one).

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launch.h"
#include "owner.h"

// What was seen of one process that has not been reaped yet.
struct seen {
    pid_t pid;
    bool active;
    bool is_static;
    char *owner;
};

struct watch {
    const char *library;  // NULL: glibc is meant
    bool settled_only;    // looked at while running: take only what cannot change any more
    struct seen *seen;
    size_t seen_count;
};

static bool owner_active(const struct watch *watch, const struct owner *owner) {
    if (owner->is_static) {
        return false;
    }
    return watch->library != NULL ? owner_is(owner, watch->library)
                                  : strcmp(owner->allocator, "glibc") == 0;
}

// A forked child that has not executed the command yet.
static bool is_own_image(const struct owner *owner) {
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    path[length > 0 ? length : 0] = '\0';
    return strcmp(path, owner->program) == 0;
}

// Whether the loader is done: preloaded libraries are mapped first, the C library last.
static bool is_settled(const struct owner *owner) {
    bool c_library = owner->is_static;
    for (size_t i = 0; i < owner->objects.count; i++) {
        const char *slash = strrchr(owner->objects.paths[i], '/');
        c_library = c_library || (slash != NULL && (strncmp(slash, "/libc.so", 8) == 0 ||
                                                    strncmp(slash, "/libc-2.", 8) == 0 ||
                                                    strncmp(slash, "/ld-musl", 8) == 0));
    }
    return c_library && (owner->is_static || owner->path != NULL) && !is_own_image(owner);
}

// Notes who serves malloc in `pid` now, replacing what was noted before.
static bool watch_look(struct watch *watch, pid_t pid) {
    struct owner owner;
    if (!owner_find(pid, &owner)) {
        return false;
    }
    if (watch->settled_only && !is_settled(&owner)) {
        owner_free(&owner);
        return false;
    }
    size_t at = 0;
    while (at < watch->seen_count && watch->seen[at].pid != pid) {
        at++;
    }
    if (at == watch->seen_count) {
        watch->seen = memory_resize(watch->seen, at + 1, sizeof(*watch->seen));
        watch->seen[watch->seen_count++] = (struct seen){0};
    }
    struct seen *seen = &watch->seen[at];
    free(seen->owner);
    const char *file = owner.path != NULL ? owner.path : owner.program;
    *seen = (struct seen){pid, owner_active(watch, &owner), owner.is_static, string_copy(file)};
    owner_free(&owner);
    return true;
}

// Moves what was seen of `pid` into the counts, when it is gone.
static void watch_count(struct watch *watch, pid_t pid, struct proof *proof) {
    for (size_t i = 0; i < watch->seen_count; i++) {
        struct seen *seen = &watch->seen[i];
        if (seen->pid != pid) {
            continue;
        }
        proof->processes++;
        proof->active += seen->active;
        proof->statics += seen->is_static;
        if (!seen->active && proof->other == NULL) {
            proof->other = string_copy(seen->owner);
        }
        free(seen->owner);
        *seen = watch->seen[--watch->seen_count];
        return;
    }
}

static bool is_leader(pid_t tid) {
    struct text status = {0};
    char *path = string_format("/proc/%d/status", (int)tid);
    bool leader = false;
    if (text_read_file(&status, path)) {
        const char *group = strstr(text_get(&status), "\nTgid:");
        leader = group != NULL && strtol(group + 6, NULL, 10) == tid;
    }
    free(path);
    text_free(&status);
    return leader;
}

// Lets a stopped thread go on, with the signal that stopped it if it was one.
static void resume(pid_t tid, int wait_status) {
    int event = wait_status >> 16;
    int signal_number = WSTOPSIG(wait_status);
    bool group_stop =
        event == PTRACE_EVENT_STOP && (signal_number == SIGSTOP || signal_number == SIGTSTP ||
                                       signal_number == SIGTTIN || signal_number == SIGTTOU);
    if (group_stop) {
        (void)ptrace(PTRACE_LISTEN, tid, NULL, NULL);
        return;
    }
    long deliver = event != 0 ? 0 : signal_number;
    (void)ptrace(PTRACE_CONT, tid, NULL, (void *)deliver);
}

// Until every traced process is gone. A server that the command leaves behind
// is waited for no longer than LINGER_MS. Returns the command's own status.
static int watch_trace(struct watch *watch, pid_t child, struct proof *proof) {
    enum { LINGER_MS = 2000 };
    int result = 0;
    int status = 0;
    bool over = false;
    for (int waited_ms = 0; waited_ms < LINGER_MS;) {
        pid_t tid = waitpid(-1, &status, over ? __WALL | WNOHANG : __WALL);
        if (tid < 0 && errno != EINTR) {
            return result;
        }
        if (tid < 0) {
            continue;
        }
        if (tid == 0) {
            (void)nanosleep(&(struct timespec){0, 1000000}, NULL);
            waited_ms++;
        } else if (WIFEXITED(status) || WIFSIGNALED(status)) {
            watch_count(watch, tid, proof);
            over = over || tid == child;
            result = tid == child ? launch_status(status) : result;
        } else {
            if (status >> 16 == PTRACE_EVENT_EXIT && is_leader(tid)) {
                (void)watch_look(watch, tid);
            }
            resume(tid, status);
        }
    }
    proof->note = string_copy("processes that outlived the command are not counted");
    return result;
}

// Without ptrace: the maps of the child alone, now and then, while it runs.
static int watch_sample(struct watch *watch, pid_t child, struct proof *proof) {
    int status = 0;
    long pause_us = 200;
    for (;;) {
        pid_t gone = waitpid(child, &status, WNOHANG);
        if (gone == child || (gone < 0 && errno != EINTR)) {
            break;
        }
        (void)watch_look(watch, child);
        struct timespec pause = {0, pause_us * 1000};
        (void)nanosleep(&pause, NULL);
        pause_us = pause_us < 20000 ? pause_us * 2 : pause_us;
    }
    watch_count(watch, child, proof);
    if (proof->processes == 0) {
        free(proof->note);
        proof->note = string_copy("it ended before it could be looked at from outside");
        proof->method = PROOF_NONE;
    }
    return launch_status(status);
}

static bool trace_seize(pid_t child) {
    const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                         PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT;
    return ptrace(PTRACE_SEIZE, child, NULL, (void *)options) == 0;
}

void proof_run(const struct launch *launch, struct contender *contender, enum proof_method method) {
    struct watch watch = {.library = contender->library};
    struct proof *proof = &contender->proof;
    int gate[2];
    *proof = (struct proof){.method = method};
    if (method == PROOF_NONE || pipe2(gate, O_CLOEXEC) != 0) {
        proof->method = PROOF_NONE;
        return;
    }
    pid_t child = launch_start(launch, contender->library, gate[0]);
    close(gate[0]);
    if (child < 0) {
        proof->note = string_format("the extra run could not start: %s", strerror(errno));
        proof->method = PROOF_NONE;
        close(gate[1]);
        return;
    }
    if (method == PROOF_PTRACE && !trace_seize(child)) {
        proof->note = string_format("ptrace was refused (%s): only the first process was looked "
                                    "at, from outside, at intervals",
                                    strerror(errno));
        proof->method = PROOF_SAMPLE;
    }
    (void)!write(gate[1], "", 1);
    close(gate[1]);
    watch.settled_only = proof->method == PROOF_SAMPLE;
    int status = proof->method == PROOF_PTRACE ? watch_trace(&watch, child, proof)
                                               : watch_sample(&watch, child, proof);
    if (status != contender->status && proof->note == NULL) {
        proof->note = string_format("in the watched run the command exited with %d", status);
    }
    for (size_t i = 0; i < watch.seen_count; i++) {
        free(watch.seen[i].owner);
    }
    free(watch.seen);
}
