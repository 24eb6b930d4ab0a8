// The other half of the fake system: threads, processes, the clock, the environment.

#define _GNU_SOURCE

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os_fake.h"
#include "platform/os.h"
#include "script.h"

enum {
    FAKE_VARIABLES_MAX = 32,
    FAKE_ENTRY_BYTES = 200,
    FAKE_THREADS_MAX = 32,
    FAKE_TEXT_MAX = 4096,
};

struct fake_thread_state {
    uint32_t thread;  // 0: not in use
    struct ash_exit_hook *hook;
    void *key_value;
};

// Under fake_enter: what threads that are played have. A real one has keys of pthread's.
static struct fake_thread_state fake_threads[FAKE_THREADS_MAX];
static char fake_text[FAKE_TEXT_MAX];
static size_t fake_text_length;

// Set by the test before threads run.
static const char *fake_variables[FAKE_VARIABLES_MAX][2];
static bool fake_privileged, fake_quiet;
static void (*fake_started)(void);
static _Atomic uint64_t fake_sleeps;
static uint32_t fake_process, fake_dead_thread;
static const struct ash_fork_hooks *fake_fork_hooks;

static _Atomic size_t fake_clock_ms;
static _Thread_local uint32_t fake_thread;

uint64_t ash_os_clock_ms(void) {
    return atomic_load_explicit(&fake_clock_ms, memory_order_relaxed);
}

uint32_t ash_os_thread_id(void) {
    return fake_thread != 0 ? fake_thread : (uint32_t)syscall(SYS_gettid);
}

uint32_t ash_os_process_id(void) {
    return fake_process != 0 ? fake_process : (uint32_t)getpid();
}

uint64_t ash_os_random(void) {
    return 0x9e3779b97f4a7c15u;
}

const char *ash_os_env(const char *name) {
    for (size_t i = 0; i < FAKE_VARIABLES_MAX; i++) {
        if (fake_variables[i][0] != NULL && strcmp(fake_variables[i][0], name) == 0) {
            return fake_variables[i][1];
        }
    }
    return NULL;
}

const char *ash_os_env_at(size_t index) {
    static char entry[FAKE_ENTRY_BYTES];
    for (size_t i = 0; i < FAKE_VARIABLES_MAX; i++) {
        if (fake_variables[i][0] != NULL && fake_variables[i][1] != NULL && index-- == 0) {
            (void)snprintf(entry, sizeof entry, "%s=%s", fake_variables[i][0],
                           fake_variables[i][1]);
            return entry;
        }
    }
    return NULL;
}

struct ash_os_usage os_fake_usage;

void (*os_fake_at_barrier)(unsigned count);

void ash_os_barrier(void) {
    static unsigned barriers;
    if (os_fake_at_barrier != NULL) {
        os_fake_at_barrier(barriers++);
    }
}

void ash_os_usage(struct ash_os_usage *usage) {
    *usage = os_fake_usage;
}

bool ash_os_is_privileged(void) {
    return fake_privileged;
}

void ash_os_wait(_Atomic uint32_t *word, uint32_t value) {
    int saved_errno = errno;
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
    errno = saved_errno;
}

void ash_os_wake(_Atomic uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

// Of exit hooks and keys. A played thread's are noted here; a real one's are pthread's.

static pthread_key_t fake_exit_key, fake_slot_key;
static pthread_once_t fake_keys_once = PTHREAD_ONCE_INIT;

static void fake_exit_destructor(void *argument) {
    struct ash_exit_hook *hook = argument;
    hook->run(hook->argument);
}

static void fake_make_keys(void) {
    if (pthread_key_create(&fake_exit_key, fake_exit_destructor) != 0 ||
        pthread_key_create(&fake_slot_key, NULL) != 0) {
        fake_broken("no key of pthread's left");
    }
}

// The played thread's state. Between fake_enter and fake_leave.
static struct fake_thread_state *fake_state(void) {
    size_t i = 0;
    while (i < FAKE_THREADS_MAX && fake_threads[i].thread != fake_thread &&
           fake_threads[i].thread != 0) {
        i++;
    }
    if (i == FAKE_THREADS_MAX) {
        fake_broken("more threads than it can follow");
    }
    fake_threads[i].thread = fake_thread;
    return &fake_threads[i];
}

bool ash_os_on_thread_exit(struct ash_exit_hook *hook) {
    fake_enter();
    bool fails = fake_fails(OS_FAKE_HOOK, 0);
    if (!fails && fake_thread != 0) {
        fake_state()->hook = hook;
    }
    fake_leave();
    if (fails || fake_thread != 0) {
        return !fails;
    }
    pthread_once(&fake_keys_once, fake_make_keys);
    return pthread_setspecific(fake_exit_key, hook) == 0;
}

void *ash_os_key_get(void) {
    pthread_once(&fake_keys_once, fake_make_keys);
    if (fake_thread == 0) {
        return pthread_getspecific(fake_slot_key);
    }
    fake_enter();
    void *value = fake_state()->key_value;
    fake_leave();
    return value;
}

bool ash_os_key_set(void *value) {
    pthread_once(&fake_keys_once, fake_make_keys);
    if (fake_thread == 0) {
        return pthread_setspecific(fake_slot_key, value) == 0;
    }
    fake_enter();
    fake_state()->key_value = value;
    fake_leave();
    return true;
}

void os_fake_end_thread(void) {
    fake_enter();
    struct fake_thread_state *state = fake_state();
    struct ash_exit_hook *hook = state->hook;
    state->hook = NULL;
    fake_leave();
    if (hook != NULL) {
        hook->run(hook->argument);
    }
    fake_enter();
    fake_state()->key_value = NULL;
    fake_leave();
}

// A started thread is only noted: tests run what it would do themselves.
bool ash_os_start_thread(void (*run)(void)) {
    fake_enter();
    bool fails = fake_fails(OS_FAKE_THREAD, 0);
    fake_started = fails ? fake_started : run;
    fake_leave();
    return !fails;
}

void (*os_fake_started(void))(void) {
    return fake_started;
}

void ash_os_sleep(uint32_t ms) {
    os_fake_pass_ms(ms == 0 ? 1 : ms);
    fake_sleeps++;
}

uint64_t os_fake_sleeps(void) {
    return fake_sleeps;
}

bool ash_os_thread_lives(uint32_t thread, uint32_t process) {
    (void)process;
    return thread != fake_dead_thread;
}

void os_fake_kill_thread(uint32_t id) {
    fake_dead_thread = id;
}

void ash_os_on_fork(const struct ash_fork_hooks *hooks) {
    fake_fork_hooks = hooks;
}

void ash_os_write(const char *text, size_t bytes) {
    fake_enter();
    for (size_t i = 0; i < bytes && fake_text_length + 1 < FAKE_TEXT_MAX; i++) {
        fake_text[fake_text_length++] = text[i];
    }
    fake_text[fake_text_length] = '\0';
    fake_leave();
    if (!fake_quiet && write(STDERR_FILENO, text, bytes) < 0) {
        fake_broken("standard error takes no text");
    }
}

_Noreturn void ash_os_abort(void) {
    abort();
}

// What tests say -------------------------------------------------------------------------

void os_fake_set_clock_ms(uint64_t now_ms) {
    atomic_store_explicit(&fake_clock_ms, (size_t)now_ms, memory_order_relaxed);
}

void os_fake_pass_ms(uint64_t ms) {
    atomic_fetch_add_explicit(&fake_clock_ms, (size_t)ms, memory_order_relaxed);
}

void os_fake_set_env(const char *name, const char *value) {
    size_t i = 0;
    while (i < FAKE_VARIABLES_MAX && fake_variables[i][0] != NULL &&
           strcmp(fake_variables[i][0], name) != 0) {
        i++;
    }
    if (i == FAKE_VARIABLES_MAX) {
        fake_broken("more variables than it can follow");
    }
    fake_variables[i][0] = name;
    fake_variables[i][1] = value;
}

void os_fake_set_privileged(bool privileged) {
    fake_privileged = privileged;
}

void os_fake_set_thread(uint32_t id) {
    fake_thread = id;
}

void os_fake_set_process(uint32_t id) {
    fake_process = id;
}

void os_fake_fork_prepare(void) {
    fake_fork_hooks->prepare();
}

void os_fake_fork_parent(void) {
    fake_fork_hooks->parent();
}

void os_fake_fork_child(void) {
    fake_fork_hooks->child();
}

bool os_fake_may_fork_alone(void) {
    return fake_fork_hooks->may_fork_alone();
}

void os_fake_fork_alone_child(void) {
    fake_fork_hooks->alone_child();
}

const char *os_fake_text(void) {
    return fake_text;
}

void os_fake_forget_text(void) {
    fake_text_length = 0;
    fake_text[0] = '\0';
}

void os_fake_set_quiet(bool quiet) {
    fake_quiet = quiet;
}
