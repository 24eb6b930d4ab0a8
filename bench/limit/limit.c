// liblimit.so: a malloc that hands out memory in a row and frees nothing.
//
// The lower bound of the tables: no allocator that reuses memory does less work. It
// has ROOM bytes of address space in all; what does not fit in it fails, and has no
// figure in that column.
//
//   room    |chunk of thread 1|a large block|chunk of thread 2| ...
//   starts  one bit for each 16 bytes: where blocks start and end
//
// Blocks have no header. Their sizes, which realloc and malloc_usable_size want, are
// the distance to the next bit. A chunk is some whole units of 4 KiB, the same number
// of whole words of bits, so its owner alone writes those; only the first bit of a
// unit may be set by the owner of the unit before too, to the same value.

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define ROOM ((size_t)1 << 27)
#define GRAIN ((size_t)16)
#define UNIT ((size_t)4096)
#define CHUNK ((size_t)1 << 16)
#define LARGE (CHUNK / 4)
#define WORDS (ROOM / GRAIN / 64)

static char *room;
static _Atomic uint64_t *starts;
static _Atomic size_t claimed;
static pthread_once_t once = PTHREAD_ONCE_INIT;

// In the static block of thread-local storage: a preloaded library may use it.
static __thread char *next __attribute__((tls_model("initial-exec")));
static __thread char *end __attribute__((tls_model("initial-exec")));

static void reserve(void) {
    size_t bytes = ROOM + WORDS * sizeof *starts;
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory != MAP_FAILED) {
        room = memory;
        starts = (void *)(room + ROOM);
    }
}

static void mark(size_t at) {
    uint64_t bit = (uint64_t)1 << (at / GRAIN % 64);
    _Atomic uint64_t *word = &starts[at / GRAIN / 64];
    if (at == ROOM) {
        return;
    }
    if (at % UNIT == 0) {
        atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
        return;
    }
    uint64_t old = atomic_load_explicit(word, memory_order_relaxed);
    atomic_store_explicit(word, old | bit, memory_order_relaxed);
}

// `bytes` of whole units, or NULL.
static char *claim(size_t bytes) {
    pthread_once(&once, reserve);
    size_t at = atomic_load_explicit(&claimed, memory_order_relaxed);
    do {
        if (room == NULL || bytes > ROOM - at) {
            errno = ENOMEM;
            return NULL;
        }
    } while (!atomic_compare_exchange_weak_explicit(&claimed, &at, at + bytes, memory_order_relaxed,
                                                    memory_order_relaxed));
    return room + at;
}

static size_t rounded(size_t bytes, size_t to) {
    return (bytes + to - 1) & ~(to - 1);
}

static void *finish(char *block, size_t bytes) {
    size_t at = (size_t)(block - room);
    mark(at);
    mark(at + bytes);
    return block;
}

static void *take_large(size_t align, size_t bytes) {
    if (align < UNIT) {
        align = UNIT;
    }
    char *block = claim(rounded(bytes, UNIT) + (align > UNIT ? align : 0));
    if (block == NULL) {
        return NULL;
    }
    return finish((char *)rounded((uintptr_t)block, align), bytes);
}

static void *take(size_t align, size_t bytes) {
    if (bytes > ROOM || align > ROOM) {
        errno = ENOMEM;
        return NULL;
    }
    bytes = bytes == 0 ? GRAIN : rounded(bytes, GRAIN);
    if (bytes > LARGE || align > UNIT) {
        return take_large(align, bytes);
    }
    char *block = (char *)rounded((uintptr_t)next, align < GRAIN ? GRAIN : align);
    if (next == NULL || block > end || bytes > (size_t)(end - block)) {
        char *chunk = claim(CHUNK);
        if (chunk == NULL) {
            return NULL;
        }
        block = (char *)rounded((uintptr_t)chunk, align < GRAIN ? GRAIN : align);
        end = chunk + CHUNK;
    }
    next = block + bytes;
    return finish(block, bytes);
}

// The distance from a block to the next bit.
static size_t size_of(const void *block) {
    size_t first = (size_t)((const char *)block - room) / GRAIN;
    size_t at = first + 1;
    uint64_t word = 0;
    for (; at < ROOM / GRAIN; at = (at / 64 + 1) * 64) {
        word = atomic_load_explicit(&starts[at / 64], memory_order_relaxed) >> (at % 64);
        if (word != 0) {
            return (at + (size_t)__builtin_ctzll(word) - first) * GRAIN;
        }
    }
    return ROOM - first * GRAIN;
}

void *malloc(size_t bytes);
void free(void *block);
void *calloc(size_t count, size_t bytes);
void *realloc(void *block, size_t bytes);
void *memalign(size_t align, size_t bytes);
void *aligned_alloc(size_t align, size_t bytes);
int posix_memalign(void **block, size_t align, size_t bytes);
void *valloc(size_t bytes);
size_t malloc_usable_size(void *block);

void *malloc(size_t bytes) {
    return take(GRAIN, bytes);
}

void free(void *block) {
    (void)block;
}

void *calloc(size_t count, size_t bytes) {
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return take(GRAIN, total);
}

void *realloc(void *block, size_t bytes) {
    if (block == NULL) {
        return take(GRAIN, bytes);
    }
    size_t old = size_of(block);
    if (bytes <= old) {
        return block;
    }
    void *moved = take(GRAIN, bytes);
    return moved == NULL ? NULL : memcpy(moved, block, old);
}

void *memalign(size_t align, size_t bytes) {
    return take(align, bytes);
}

void *aligned_alloc(size_t align, size_t bytes) {
    return take(align, bytes);
}

int posix_memalign(void **block, size_t align, size_t bytes) {
    if (align < sizeof(void *) || (align & (align - 1)) != 0) {
        return EINVAL;
    }
    void *taken = take(align, bytes);
    if (taken == NULL) {
        return ENOMEM;
    }
    *block = taken;
    return 0;
}

void *valloc(size_t bytes) {
    return take(UNIT, bytes);
}

size_t malloc_usable_size(void *block) {
    return block == NULL ? 0 : size_of(block);
}
