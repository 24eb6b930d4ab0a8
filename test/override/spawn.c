// spawn: vfork with exec, posix_spawn, system and popen, while other threads allocate. A child of
// vfork shares the parent's memory; one that allocates (which many real programs do) must leave a
// heap behind that the parent can use.

#define _GNU_SOURCE
#include "common.h"

#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_bool stop;

static void *allocate(void *unused) {
    unsigned round = 0;
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        expect(exercise(round++, 200), "a thread allocates");
    }
    return unused;
}

static int wait_for(pid_t pid) {
    int status = -1;
    waitpid(pid, &status, 0);
    return status;
}

static void by_vfork(void) {
    pid_t pid = vfork();
    if (pid == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }
    expect(pid > 0 && wait_for(pid) == 0, "vfork and exec work");
}

static void by_vfork_that_allocates(void) {
    static char *volatile made;
    made = NULL;
    pid_t pid = vfork();
    if (pid == 0) {
        made = strdup("made in the child");
        free(malloc(50000));
        _exit(0);
    }
    expect(pid > 0 && wait_for(pid) == 0, "a child of vfork allocates");
    expect(made != NULL && strcmp(made, "made in the child") == 0, "its block is the parent's");
    free(made);
}

static void by_spawn(void) {
    pid_t pid = 0;
    char name[] = "true";
    char *arguments[] = {name, NULL};
    expect(posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environ) == 0, "it spawns");
    expect(wait_for(pid) == 0, "the spawned program ends well");
}

static void by_popen(void) {
    FILE *pipe = popen("echo a line from the shell", "r");
    char *line = NULL;
    size_t capacity = 0;
    expect(pipe != NULL && getline(&line, &capacity, pipe) == 22, "popen gives a line");
    expect(pclose(pipe) == 0, "the shell ends well");
    free(line);
}

int main(void) {
    require_ashlar();
    deadline(120);
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++) {
        expect(pthread_create(&threads[i], NULL, allocate, NULL) == 0, "a thread starts");
    }
    for (int i = 0; i < 40; i++) {
        by_vfork();
        by_vfork_that_allocates();
        by_spawn();
        by_popen();
        expect(system("exit 3") == 3 << 8, "system answers");
        expect(exercise((unsigned)i, 100), "the parent allocates");
    }
    atomic_store_explicit(&stop, true, memory_order_relaxed);
    for (size_t i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}
