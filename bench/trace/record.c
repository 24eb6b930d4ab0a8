// libashlar-record.so: writes down what a program asks of malloc. See README.md.
//
// glibc's own malloc serves the program, by the names it has besides malloc: they work
// from the first instruction on, without dlsym, which allocates.
//
// The order in the file is one in which the events can happen: a block is made before
// it is noted, and noted as freed before it is freed, so its address is never known twice.

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "record.h"

extern void *__libc_malloc(size_t bytes);
extern void __libc_free(void *block);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *block, size_t bytes);
extern void *__libc_memalign(size_t align, size_t bytes);

void *malloc(size_t bytes);
void free(void *block);
void *calloc(size_t count, size_t bytes);
void *realloc(void *block, size_t bytes);
void *reallocarray(void *block, size_t count, size_t bytes);
void *memalign(size_t align, size_t bytes);
void *aligned_alloc(size_t align, size_t bytes);
int posix_memalign(void **block, size_t align, size_t bytes);
void *valloc(size_t bytes);
void *pvalloc(size_t bytes);
size_t malloc_usable_size(void *block);

enum state { UNBORN, RECORDING, OFF };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int state = UNBORN;
static pid_t recorded_process;
static uint64_t next_block;
static uint32_t next_thread;
static uint32_t last_thread;
static uint32_t unseen;

// In the static block of thread-local storage: a preloaded library may use it. 0: none yet.
static __thread uint32_t my_thread __attribute__((tls_model("initial-exec")));

// Takes the lock if this process is recorded. A child of fork, which has another number,
// never takes it: a thread of its parent may have held it.
static bool enter(void) {
    int now = atomic_load_explicit(&state, memory_order_relaxed);
    if (now == OFF || (now == RECORDING && getpid() != recorded_process)) {
        return false;
    }
    pthread_mutex_lock(&lock);
    if (atomic_load_explicit(&state, memory_order_relaxed) == UNBORN) {
        recorded_process = getpid();
        atomic_store_explicit(&state, file_open() ? RECORDING : OFF, memory_order_relaxed);
    }
    if (atomic_load_explicit(&state, memory_order_relaxed) != RECORDING) {
        pthread_mutex_unlock(&lock);
        return false;
    }
    return true;
}

static void leave(bool worked) {
    if (!worked) {
        atomic_store_explicit(&state, OFF, memory_order_relaxed);
    }
    pthread_mutex_unlock(&lock);
}

struct event {
    unsigned char bytes[EVENT_BYTES];
    size_t count;
};

static void event_number(struct event *event, uint64_t number) {
    for (; number >= 128; number >>= 7) {
        event->bytes[event->count++] = (unsigned char)(number | 128);
    }
    event->bytes[event->count++] = (unsigned char)number;
}

static struct event event_start(enum trace_kind kind) {
    struct event event = {.count = 1};
    if (my_thread == 0) {
        my_thread = ++next_thread;
    }
    event.bytes[0] = (unsigned char)kind;
    if (my_thread != last_thread) {
        event.bytes[0] |= TRACE_OTHER_THREAD;
        event_number(&event, my_thread - 1);
        last_thread = my_thread;
    }
    return event;
}

// glibc's memalign rounds other alignments up to a power of two.
static unsigned log2_of(size_t align) {
    unsigned log2 = 0;
    while ((size_t)1 << log2 < align && log2 < 63) {
        log2++;
    }
    return log2;
}

// Notes a block that was made.
static void *made(enum trace_kind kind, void *block, size_t align, size_t bytes) {
    int before = errno;
    if (block != NULL && enter()) {
        struct event event = event_start(kind);
        if (kind == TRACE_ALIGNED) {
            event_number(&event, log2_of(align));
        }
        event_number(&event, bytes);
        leave(map_put(block, next_block++) && file_event(event.bytes, event.count));
    }
    errno = before;
    return block;
}

// Takes a block out of the table; false where it is not known or nothing is recorded.
static bool forget(void *block, uint64_t *number) {
    bool known = false;
    if (enter()) {
        known = map_take(block, number);
        unseen += !known;
        leave(true);
    }
    return known;
}

// Notes a realloc; the old block has been forgotten.
static void resized(void *block, uint64_t number, size_t bytes) {
    int before = errno;
    if (enter()) {
        struct event event = event_start(TRACE_REALLOC);
        event_number(&event, next_block - number);
        event_number(&event, bytes);
        leave(map_put(block, next_block++) && file_event(event.bytes, event.count));
    }
    errno = before;
}

static void restored(void *block, uint64_t number) {
    if (enter()) {
        leave(map_put(block, number));
    }
}

void *malloc(size_t bytes) {
    return made(TRACE_MALLOC, __libc_malloc(bytes), 0, bytes);
}

void free(void *block) {
    int before = errno;
    uint64_t number = 0;
    if (enter()) {
        bool worked = true;
        if (block == NULL) {
            struct event event = event_start(TRACE_FREE_NULL);
            worked = file_event(event.bytes, event.count);
        } else if (map_take(block, &number)) {
            struct event event = event_start(TRACE_FREE);
            event_number(&event, next_block - number);
            worked = file_event(event.bytes, event.count);
        } else {
            unseen++;
        }
        leave(worked);
    }
    __libc_free(block);
    errno = before;
}

void *calloc(size_t count, size_t bytes) {
    void *block = __libc_calloc(count, bytes);
    return made(TRACE_CALLOC, block, 0, count * bytes);
}

void *realloc(void *block, size_t bytes) {
    if (block == NULL) {
        return malloc(bytes);
    }
    if (bytes == 0) {
        free(block);
        return NULL;
    }
    uint64_t number = 0;
    bool known = forget(block, &number);
    void *moved = __libc_realloc(block, bytes);
    if (!known) {
        return made(TRACE_MALLOC, moved, 0, bytes);
    }
    if (moved == NULL) {
        restored(block, number);
    } else {
        resized(moved, number, bytes);
    }
    return moved;
}

void *reallocarray(void *block, size_t count, size_t bytes) {
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(block, total);
}

void *memalign(size_t align, size_t bytes) {
    return made(TRACE_ALIGNED, __libc_memalign(align, bytes), align, bytes);
}

void *aligned_alloc(size_t align, size_t bytes) {
    return memalign(align, bytes);
}

int posix_memalign(void **block, size_t align, size_t bytes) {
    if (align % sizeof(void *) != 0 || align == 0 || (align & (align - 1)) != 0) {
        return EINVAL;
    }
    int before = errno;
    void *taken = memalign(align, bytes);
    errno = before;
    if (taken == NULL) {
        return ENOMEM;
    }
    *block = taken;
    return 0;
}

void *valloc(size_t bytes) {
    return memalign((size_t)sysconf(_SC_PAGESIZE), bytes);
}

void *pvalloc(size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return memalign(page, (bytes + page - 1) & ~(page - 1));
}

// glibc's, also where the program is linked with another allocator, whose own comes first.
size_t malloc_usable_size(void *block) {
    static size_t (*_Atomic of_libc)(void *block);
    size_t (*function)(void *) = atomic_load_explicit(&of_libc, memory_order_relaxed);
    if (function == NULL) {
        void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
        void *symbol = libc == NULL ? NULL : dlsym(libc, "malloc_usable_size");
        memcpy(&function, &symbol, sizeof function);
        atomic_store_explicit(&of_libc, function, memory_order_relaxed);
    }
    return function == NULL || block == NULL ? 0 : function(block);
}

// A program that never allocates has a recording too.
static void __attribute__((constructor)) begin(void) {
    if (enter()) {
        leave(true);
    }
}

static void __attribute__((destructor)) finish(void) {
    if (atomic_load_explicit(&state, memory_order_relaxed) == RECORDING && enter()) {
        file_close(unseen);
        leave(false);
    }
}
