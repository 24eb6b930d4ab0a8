// The part of os.h that all Unixes answer alike.

#define _GNU_SOURCE

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/bits.h"
#include "base/sealed.h"
#include "platform/lock.h"
#include "platform/os.h"

// glibc's lock on the list of open files, recursive. Its fork takes that lock
// after our prepare handler has run, while a thread that holds it may be waiting
// for one of ours: so we take it first. Absent elsewhere.
ASH_WEAK void _IO_list_lock(void);
ASH_WEAK void _IO_list_unlock(void);
ASH_WEAK void _IO_list_resetlock(void);

const char *ash_os_env(const char *name) {
    if (environ == NULL) {
        return NULL;
    }
    size_t length = strlen(name);
    for (char **entry = environ; *entry != NULL; entry++) {
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=') {
            return *entry + length + 1;
        }
    }
    return NULL;
}

const char *ash_os_env_at(size_t index) {
    return environ == NULL ? NULL : environ[index];
}

void ash_os_write(const char *text, size_t bytes) {
    int saved_errno = errno;
    long wrote = 0;
    while (bytes > 0 && (wrote >= 0 || errno == EINTR)) {
        wrote = syscall(SYS_write, STDERR_FILENO, text, bytes);  // no cancellation point
        text += wrote > 0 ? wrote : 0;
        bytes -= wrote > 0 ? (size_t)wrote : 0;
    }
    errno = saved_errno;
}

_Noreturn void ash_os_abort(void) {
    abort();
}

// The exit hook ----------------------------------------------------------------
//
// A pthread key, made only when a second thread needs it: a program may want all
// keys for itself. Its destructor asks to be called again, so that the destructors
// of other keys still find a heap; the last round is left to whoever else does so
// (ThreadSanitizer takes its thread down in it). Without a free key, the hook of
// C++'s thread-local destructors serves, which runs before all keys'.

ASH_WEAK int __cxa_thread_atexit_impl(void (*hook)(void *), void *argument, void *library);

enum { EXIT_ROUNDS = PTHREAD_DESTRUCTOR_ITERATIONS - 1 };

struct posix_key {
    pthread_key_t key;
    _Atomic bool made;
};

static struct posix_key exit_key, slot_key;
static struct ash_lock key_lock = ASH_LOCK(ASH_RANK_KEY);

// acquire, here and below: the key itself; pairs with the release in posix_key_make.
static bool posix_key_is_made(struct posix_key *key) {
    return atomic_load_explicit(&key->made, memory_order_acquire);
}

static bool posix_key_make(struct posix_key *key, void (*destructor)(void *)) {
    if (!posix_key_is_made(key)) {
        ash_lock_take(&key_lock);
        if (!posix_key_is_made(key) && pthread_key_create(&key->key, destructor) == 0) {
            atomic_store_explicit(&key->made, true, memory_order_release);
        }
        ash_lock_drop(&key_lock);
    }
    return posix_key_is_made(key);
}

static void exit_key_destructor(void *argument) {
    struct ash_exit_hook *hook = argument;
    if (++hook->rounds < EXIT_ROUNDS && pthread_setspecific(exit_key.key, hook) == 0) {
        return;
    }
    hook->run(hook->argument);
}

bool ash_os_on_thread_exit(struct ash_exit_hook *hook) {
    hook->rounds = 0;
    if (posix_key_make(&exit_key, exit_key_destructor) &&
        pthread_setspecific(exit_key.key, hook) == 0) {
        return true;
    }
    return __cxa_thread_atexit_impl != NULL &&
           __cxa_thread_atexit_impl(hook->run, hook->argument, &exit_key) == 0;
}

void *ash_os_key_get(void) {
    return posix_key_is_made(&slot_key) ? pthread_getspecific(slot_key.key) : NULL;
}

bool ash_os_key_set(void *value) {
    return posix_key_make(&slot_key, NULL) && pthread_setspecific(slot_key.key, value) == 0;
}

// The helper's thread --------------------------------------------------------------

enum { HELPER_STACK_BYTES = 64 << 10 };

static void *posix_thread_main(void *run) {
    void (*function)(void);
    memcpy(&function, &run, sizeof function);  // C has no cast between the two
    function();
    return NULL;
}

bool ash_os_start_thread(void (*run)(void)) {
    int saved_errno = errno;
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    void *argument;
    memcpy(&argument, &run, sizeof argument);
    if (pthread_attr_init(&attributes) != 0) {
        return false;
    }
    size_t bytes = ash_max(HELPER_STACK_BYTES, (size_t)sysconf(_SC_THREAD_STACK_MIN));
    (void)pthread_attr_setstacksize(&attributes, bytes);
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);  // the new thread inherits the mask
    bool started = pthread_create(&thread, &attributes, posix_thread_main, argument) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    errno = saved_errno;
    return started;
}

void ash_os_sleep(uint32_t ms) {
    int saved_errno = errno;
    struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    (void)nanosleep(&time, NULL);
    errno = saved_errno;
}

// Fork ---------------------------------------------------------------------------

static sigset_t fork_mask;           // of the thread that forks; under all locks
static _Atomic uint32_t fork_alone;  // forks under way without locks: they nest, in handlers

// glibc's, from 2.32 on.
extern ASH_WEAK char __libc_single_threaded;

static bool fork_is_alone(void) {
    return &__libc_single_threaded != NULL && __libc_single_threaded != 0 &&
           ash_sealed.fork_hooks->may_fork_alone();
}

// relaxed, these two: nobody else is there.
static bool fork_was_alone(void) {
    uint32_t alone = atomic_load_explicit(&fork_alone, memory_order_relaxed);
    if (alone > 0) {
        atomic_store_explicit(&fork_alone, alone - 1, memory_order_relaxed);
    }
    return alone > 0;
}

static void fork_prepare(void) {
    if (fork_is_alone()) {
        atomic_fetch_add_explicit(&fork_alone, 1, memory_order_relaxed);
        return;
    }
    sigset_t all, mask;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &mask);
    if (_IO_list_lock != NULL) {
        _IO_list_lock();
    }
    ash_sealed.fork_hooks->prepare();
    ash_lock_take(&key_lock);
    ash_lock_hold_all(true);
    fork_mask = mask;
}

static void fork_parent(void) {
    if (fork_was_alone()) {
        return;
    }
    sigset_t mask = fork_mask;
    ash_lock_hold_all(false);
    ash_lock_drop(&key_lock);
    ash_sealed.fork_hooks->parent();
    if (_IO_list_unlock != NULL) {
        _IO_list_unlock();
    }
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void fork_child(void) {
    if (fork_was_alone()) {
        ash_sealed.fork_hooks->alone_child();
        return;
    }
    ash_lock_hold_all(false);
    ash_lock_drop(&key_lock);
    ash_sealed.fork_hooks->child();
    if (_IO_list_resetlock != NULL) {
        _IO_list_resetlock();  // glibc does so itself only if there were other threads
    }
    pthread_sigmask(SIG_SETMASK, &fork_mask, NULL);
}

void ash_os_on_fork(const struct ash_fork_hooks *hooks) {
    ash_sealed.fork_hooks = hooks;
    (void)pthread_atfork(fork_prepare, fork_parent, fork_child);
}
