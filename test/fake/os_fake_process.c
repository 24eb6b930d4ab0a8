// The other half of the fake system: threads, processes, the clock, the environment.

#define _GNU_SOURCE

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os_fake.h"
#include "platform/os.h"
#include "script.h"

enum {
    FAKE_VARIABLES_MAX = 16,
    FAKE_THREADS_MAX = 32,
    FAKE_TEXT_MAX = 4096,
};

struct fake_hook {
    uint32_t thread;
    void (*run)(void *);
    void *argument;
};

// Under fake_enter.
static struct fake_hook fake_hooks[FAKE_THREADS_MAX];
static char fake_text[FAKE_TEXT_MAX];
static size_t fake_text_length;

// Set by the test before threads run.
static const char *fake_variables[FAKE_VARIABLES_MAX][2];
static bool fake_privileged, fake_quiet;
static uint32_t fake_process;
static void (*fake_fork_hooks[3])(void);

static _Atomic uint64_t fake_clock_ms;
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

// Exit hooks: a thread that plays another has its hook noted; a real one has a key of pthread's.

static pthread_key_t fake_key;
static pthread_once_t fake_key_once = PTHREAD_ONCE_INIT;
static _Thread_local struct fake_hook fake_own_hook;

static void fake_key_destructor(void *hook) {
    struct fake_hook *mine = hook;
    mine->run(mine->argument);
}

static void fake_make_key(void) {
    if (pthread_key_create(&fake_key, fake_key_destructor) != 0) {
        fake_broken("no key of pthread's left");
    }
}

static void fake_note_hook(void (*run)(void *), void *argument) {
    size_t i = 0;
    while (i < FAKE_THREADS_MAX && fake_hooks[i].run != NULL) {
        i++;
    }
    if (i == FAKE_THREADS_MAX) {
        fake_broken("more exit hooks than it can follow");
    }
    fake_hooks[i] = (struct fake_hook){fake_thread, run, argument};
}

bool ash_os_on_thread_exit(void (*hook)(void *), void *argument) {
    fake_enter();
    bool fails = fake_fails(OS_FAKE_HOOK, 0);
    if (!fails && fake_thread != 0) {
        fake_note_hook(hook, argument);
    }
    fake_leave();
    if (fails || fake_thread != 0) {
        return !fails;
    }
    pthread_once(&fake_key_once, fake_make_key);
    fake_own_hook = (struct fake_hook){0, hook, argument};
    return pthread_setspecific(fake_key, &fake_own_hook) == 0;
}

void os_fake_end_thread(void) {
    struct fake_hook hook = {0};
    fake_enter();
    for (size_t i = 0; i < FAKE_THREADS_MAX; i++) {
        if (fake_hooks[i].run != NULL && fake_hooks[i].thread == fake_thread) {
            hook = fake_hooks[i];
            fake_hooks[i] = (struct fake_hook){0};
        }
    }
    fake_leave();
    if (hook.run != NULL) {
        hook.run(hook.argument);
    }
}

void ash_os_on_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void)) {
    fake_fork_hooks[0] = prepare;
    fake_fork_hooks[1] = parent;
    fake_fork_hooks[2] = child;
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
    atomic_store_explicit(&fake_clock_ms, now_ms, memory_order_relaxed);
}

void os_fake_pass_ms(uint64_t ms) {
    atomic_fetch_add_explicit(&fake_clock_ms, ms, memory_order_relaxed);
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
    fake_fork_hooks[0]();
}

void os_fake_fork_parent(void) {
    fake_fork_hooks[1]();
}

void os_fake_fork_child(void) {
    fake_fork_hooks[2]();
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
