// The real system's environment, exit hook, fork hooks and standard error.

#define _GNU_SOURCE

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "platform/os.h"
#include "support.h"

CLAIM(variables_are_found_by_their_whole_name) {
    expect(setenv("ASHLAR_TEST", "a=b", 1) == 0);
    expect_text(ash_os_env("ASHLAR_TEST"), "a=b");
    expect(ash_os_env("ASHLAR_TES") == NULL);
    expect(ash_os_env("ASHLAR_TESTS") == NULL);
    expect(setenv("ASHLAR_TEST", "", 1) == 0);
    expect_text(ash_os_env("ASHLAR_TEST"), "");
    environ = NULL;
    expect(ash_os_env("ASHLAR_TEST") == NULL);
}

CLAIM(text_goes_to_standard_error) {
    int ends[2];
    char got[16] = {0};
    expect(pipe(ends) == 0);
    int saved = dup(STDERR_FILENO);
    expect(dup2(ends[1], STDERR_FILENO) >= 0);
    ash_os_write("hello", 5);
    expect(dup2(saved, STDERR_FILENO) >= 0);
    expect_equal(read(ends[0], got, sizeof got), 5);
    expect_text(got, "hello");
}

CLAIM(a_closed_standard_error_is_no_trouble) {
    close(STDERR_FILENO);
    ash_os_write("lost", 4);
}

DEATH(abort_ends_the_process) {
    last_words("the end");
    ash_os_write("ashlar: the end\n", 16);
    ash_os_abort();
}

static char order[8];
static pthread_key_t other_key;

static void note_other(void *unused) {
    (void)unused;
    (void)strcat(order, "o");
}

static void note_exit(void *what) {
    (void)strcat(order, what);
}

static char mark[] = "x";
static struct ash_exit_hook hook = {.run = note_exit, .argument = mark};

static void *end_with_keys(void *unused) {
    expect(ash_os_on_thread_exit(&hook));
    expect(pthread_setspecific(other_key, mark) == 0);
    return unused;
}

CLAIM(the_exit_hook_runs_after_the_other_keys) {
    for (int round = 0; round < 2; round++) {
        order[0] = '\0';
        expect(round > 0 || pthread_key_create(&other_key, note_other) == 0);
        pthread_t thread;
        expect(pthread_create(&thread, NULL, end_with_keys, NULL) == 0);
        pthread_join(thread, NULL);
        expect_text(order, "ox");
    }
}

// glibc runs hooks for C++'s thread-local variables without a key. musl has none, nor has a static
// program that links nothing which needs them.
extern int __cxa_thread_atexit_impl(void (*hook)(void *), void *argument, void *library)
    __attribute__((weak));

static bool has_hooks_without_keys(void) {
    return __cxa_thread_atexit_impl != NULL;
}

static void *end_without_key(void *unused) {
    expect(ash_os_on_thread_exit(&hook) == has_hooks_without_keys());
    expect_text(order, "");
    return unused;
}

CLAIM(without_a_free_key_the_hook_still_runs_or_is_refused) {
    pthread_key_t key;
    while (pthread_key_create(&key, NULL) == 0) {
    }
    pthread_t thread;
    expect(pthread_create(&thread, NULL, end_without_key, NULL) == 0);
    pthread_join(thread, NULL);
    expect_text(order, has_hooks_without_keys() ? "x" : "");
}

static void *read_key(void *unused) {
    expect(ash_os_key_get() == NULL);
    expect(ash_os_key_set(order));
    expect(ash_os_key_get() == order);
    return unused;
}

CLAIM(a_key_has_a_value_for_each_thread) {
    expect(ash_os_key_get() == NULL);
    expect(ash_os_key_set(mark));
    pthread_t thread;
    expect(pthread_create(&thread, NULL, read_key, NULL) == 0);
    pthread_join(thread, NULL);
    expect(ash_os_key_get() == mark);
    expect(ash_os_key_set(NULL));
    expect(ash_os_key_get() == NULL);
}

CLAIM(without_a_free_key_there_is_no_value) {
    pthread_key_t key;
    while (pthread_key_create(&key, NULL) == 0) {
    }
    expect(!ash_os_key_set(mark));
    expect(ash_os_key_get() == NULL);
}

static void *note_thread_id(void *id) {
    *(uint32_t *)id = ash_os_thread_id();
    expect(ash_os_thread_lives(*(uint32_t *)id, ash_os_process_id()));
    return NULL;
}

CLAIM(a_thread_lives_until_it_has_ended) {
    uint32_t id = 0;
    pthread_t thread;
    expect(ash_os_thread_lives(ash_os_thread_id(), ash_os_process_id()));
    expect(pthread_create(&thread, NULL, note_thread_id, &id) == 0);
    pthread_join(thread, NULL);
    // The kernel tells the joiner a moment before it forgets the thread.
    for (int i = 0; i < 1000 && ash_os_thread_lives(id, ash_os_process_id()); i++) {
        (void)usleep(1000);
    }
    expect(!ash_os_thread_lives(id, ash_os_process_id()));
}

static void note_prepare(void) {
    (void)strcat(order, "1");
}

static void note_parent(void) {
    (void)strcat(order, "2");
}

static void note_child(void) {
    (void)strcat(order, "3");
}

static void note_alone_child(void) {
    (void)strcat(order, "4");
}

static bool yes(void) {
    return true;
}

static bool no(void) {
    return false;
}

// What the hooks have noted in the child and then in the parent.
static void fork_notes(const char *in_child, const char *in_parent) {
    pid_t child = fork();
    if (child == 0) {
        _exit(strcmp(order, in_child) == 0 ? 0 : 1);
    }
    int status = -1;
    expect(waitpid(child, &status, 0) == child);
    expect_equal(status, 0);
    expect_text(order, in_parent);
}

CLAIM(fork_runs_its_hooks_on_both_sides) {
    static const struct ash_fork_hooks hooks = {note_prepare, note_parent, note_child, no,
                                                note_alone_child};
    ash_os_on_fork(&hooks);
    fork_notes("13", "12");
}

static void note_signal(int number) {
    (void)number;
    (void)strcat(order, "s");
}

static void note_prepare_and_signal(void) {
    (void)strcat(order, "1");
    (void)raise(SIGUSR1);
}

CLAIM(signals_wait_until_the_hooks_have_run) {
    static const struct ash_fork_hooks hooks = {note_prepare_and_signal, note_parent, note_child,
                                                no, note_alone_child};
    ash_os_on_fork(&hooks);
    expect(signal(SIGUSR1, note_signal) != SIG_ERR);
    fork_notes("13", "12s");  // a child has no pending signals
    sigset_t mask;
    expect(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0);
    expect(sigismember(&mask, SIGUSR1) == 0 && sigismember(&mask, SIGTERM) == 0);
}

extern ASH_WEAK char __libc_single_threaded;

static void *wait_for_byte(void *pipe_end) {
    char byte;
    (void)!read(*(int *)pipe_end, &byte, 1);
    return NULL;
}

CLAIM(the_only_thread_forks_with_nothing_held) {
    static const struct ash_fork_hooks hooks = {note_prepare, note_parent, note_child, yes,
                                                note_alone_child};
    ash_os_on_fork(&hooks);
    if (&__libc_single_threaded != NULL && __libc_single_threaded) {  // not if a sanitizer has some
        fork_notes("4", "");
    }
    int ends[2];
    pthread_t thread;
    expect(pipe(ends) == 0 && pthread_create(&thread, NULL, wait_for_byte, &ends[0]) == 0);
    *order = '\0';
    fork_notes("13", "12");
    expect(write(ends[1], "", 1) == 1 && pthread_join(thread, NULL) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_are_found_by_their_whole_name),
        cmocka_unit_test(text_goes_to_standard_error),
        cmocka_unit_test(a_closed_standard_error_is_no_trouble),
        cmocka_unit_test(abort_ends_the_process),
        cmocka_unit_test(the_exit_hook_runs_after_the_other_keys),
        cmocka_unit_test(without_a_free_key_the_hook_still_runs_or_is_refused),
        cmocka_unit_test(a_key_has_a_value_for_each_thread),
        cmocka_unit_test(without_a_free_key_there_is_no_value),
        cmocka_unit_test(a_thread_lives_until_it_has_ended),
        cmocka_unit_test(fork_runs_its_hooks_on_both_sides),
        cmocka_unit_test(signals_wait_until_the_hooks_have_run),
        cmocka_unit_test(the_only_thread_forks_with_nothing_held),
    };
    return RUN_TESTS(tests);
}
