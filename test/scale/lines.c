// What the compiler calls for each access of the library: where the line was before.

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "count.h"
#include "heap/heap.h"
#include "heap/registry.h"
#include "supply/region.h"

enum {
    LINE_SHIFT = 6,
    TABLE_SHIFT = 25,  // lines that are known at once
    SEEN = 1 << 13,    // lines in a processor's cache: 512 KiB
    WAYS = 8,          // of these, where a line may be
    SITES = 1 << 10,
    MOVED = 1 << 20,  // lines that have moved
    HOT_LINES = 16,
    HOT_SITES = 24,
};

struct line {
    uintptr_t number;  // its address / 64; 0 for an unused entry
    uint32_t writer;   // the processor that wrote it last; 0 for none
    uint32_t version;  // how often it has got another writer
    uint32_t moves;
    uint32_t open_moves;  // of these: no lock was held
    uint8_t place;        // enum count_place
    uint8_t is_shared;    // others than the writer have read it since
    uint8_t first_known;  // whether `first` is set
    uint32_t first;       // of a line nobody has written: the only reader, or 0 for several
};

struct count_seen {
    uintptr_t number;
    uint32_t version;
};

struct site {
    uintptr_t code;
    uint64_t count;
};

static struct line *table;
static struct line **moved;
static size_t moved_count;
static struct site sites[SITES];
static atomic_flag guard = ATOMIC_FLAG_INIT;

// The linker's.
extern char __executable_start[];
extern char _end[];

static void *map(size_t bytes) {
    void *got = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED) {
        perror("scale: no memory for the lines");
        exit(2);
    }
    return got;
}

bool count_is_traced(void) {
    return true;
}

static bool is_between(uintptr_t address, const void *from, const void *to) {
    return address >= (uintptr_t)from && address < (uintptr_t)to;
}

// The region's tables lie below its window in this order.
static enum count_place place_in_region(uintptr_t address) {
    const struct ash_region *r = &ash_region;
    if (address >= r->base) {
        return ash_region_contains((const void *)address) ? COUNT_BLOCK : COUNT_OTHER;
    }
    if (address >= (uintptr_t)r->marks) {
        return COUNT_MARKS;
    }
    if (address >= (uintptr_t)r->records) {
        return COUNT_RECORD;
    }
    return address >= (uintptr_t)r->best ? COUNT_UNITS : COUNT_OTHER;
}

static enum count_place place_of(uintptr_t address) {
    if (is_between(address, __executable_start, _end)) {
        return COUNT_STATIC;
    }
    return ash_region.base == 0 ? COUNT_OTHER : place_in_region(address);
}

static struct line *line_of(uintptr_t number) {
    size_t mask = ((size_t)1 << TABLE_SHIFT) - 1;
    // Neighbours stay neighbours, so that few pages of the table are touched.
    size_t at = (number + (number >> TABLE_SHIFT) * 0x9e3779b1u) & mask;
    for (size_t tries = 0; table[at].number != number; tries++) {
        if (table[at].number == 0) {
            table[at].number = number;
            table[at].place = (uint8_t)place_of(number << LINE_SHIFT);
            break;
        }
        if (tries > mask / 2) {
            fprintf(stderr, "scale: too many lines: raise TABLE_SHIFT\n");
            exit(2);
        }
        at = (at + 1) & mask;
    }
    return &table[at];
}

static struct count_seen *seen_of(struct count_thread *thread, uintptr_t number) {
    if (thread->seen == NULL) {
        thread->seen = map(SEEN * sizeof *thread->seen);
    }
    // In front what was used last. With one way, where addresses happen to lie would decide whether
    // a line that all read is thrown out again and again.
    struct count_seen *set = &thread->seen[number % (SEEN / WAYS) * WAYS];
    size_t at = 0;
    while (at < WAYS - 1 && set[at].number != number) {
        at++;
    }
    struct count_seen found = set[at];
    memmove(set + 1, set, at * sizeof *set);
    set[0] = found;
    return set;
}

// Whether the line has to come from another processor.
static bool reads(struct count_thread *thread, struct line *line) {
    struct count_seen *seen = seen_of(thread, line->number);
    bool has = seen->number == line->number && seen->version == line->version;
    seen->number = line->number;
    seen->version = line->version;
    if (line->writer == 0) {
        line->first = line->first_known && line->first != thread->id ? 0 : thread->id;
        line->first_known = 1;
        return false;
    }
    if (line->writer == thread->id) {
        return false;
    }
    line->is_shared = 1;
    return !has;
}

static bool writes(struct count_thread *thread, struct line *line) {
    bool owned = line->writer == thread->id && !line->is_shared;
    bool new = line->writer == 0 && (!line->first_known || line->first == thread->id);
    if (line->writer != thread->id) {
        line->writer = thread->id;
        line->version++;
    } else if (line->is_shared) {
        line->version++;
    }
    line->is_shared = 0;
    struct count_seen *seen = seen_of(thread, line->number);
    seen->number = line->number;
    seen->version = line->version;
    return !owned && !new;
}

static void note_move(struct count_thread *thread, struct line *line) {
    if (line->moves++ == 0 && moved_count < MOVED) {
        moved[moved_count++] = line;
    }
    line->open_moves += thread->held == 0 ? 1 : 0;
    thread->sum.moves[line->place]++;
    for (unsigned rank = 0; rank < COUNT_RANKS; rank++) {
        thread->sum.locks[rank].moves += thread->held >> rank & 1;
    }
}

static void lock_table(void) {
    while (atomic_flag_test_and_set_explicit(&guard, memory_order_acquire)) {
    }
}

static void unlock_table(void) {
    atomic_flag_clear_explicit(&guard, memory_order_release);
}

static void note(const void *at, size_t bytes, bool is_write) {
    struct count_thread *thread = count_self();
    thread->all_accesses++;
    thread->sum.accesses += thread->steady ? 1 : 0;
    lock_table();
    if (table == NULL) {
        table = map(sizeof *table << TABLE_SHIFT);
        moved = map(MOVED * sizeof *moved);
    }
    uintptr_t last = ((uintptr_t)at + bytes - 1) >> LINE_SHIFT;
    for (uintptr_t number = (uintptr_t)at >> LINE_SHIFT; number <= last; number++) {
        struct line *line = line_of(number);
        bool moves = is_write ? writes(thread, line) : reads(thread, line);
        if (moves && thread->steady) {
            note_move(thread, line);
        }
    }
    unlock_table();
}

static void note_site(const void *code) {
    size_t at = ((uintptr_t)code >> 2) * 0x9e3779b1u % SITES;
    lock_table();
    while (sites[at].code != 0 && sites[at].code != (uintptr_t)code) {
        at = (at + 1) % SITES;
    }
    sites[at].code = (uintptr_t)code;
    sites[at].count++;
    unlock_table();
}

static void note_atomic(const void *at, size_t bytes, enum count_atomic kind, const void *code) {
    struct count_thread *thread = count_self();
    note(at, bytes, true);
    if (thread->steady) {
        thread->sum.atomics[kind]++;
        note_site(code);
    }
}

// Names ---------------------------------------------------------------------------------

static void name(const void *from, const void *to, enum count_place place) {
    uintptr_t first = (uintptr_t)from >> LINE_SHIFT;
    for (uintptr_t number = first; number < (uintptr_t)to >> LINE_SHIFT; number++) {
        line_of(number)->place = (uint8_t)place;
    }
}

static void name_heap(const char *heap) {
    const char *shown = heap + offsetof(struct ash_heap, part_of);
    const char *inbox = heap + offsetof(struct ash_heap, inbox);
    lock_table();
    name(heap, shown, COUNT_HEAP_OWN);
    name(shown, inbox, COUNT_HEAP_SHOWN);
    name(inbox, heap + sizeof(struct ash_heap), COUNT_HEAP_INBOX);
    unlock_table();
}

void count_name_heaps(void) {
    for (struct ash_heap *heap = NULL; (heap = ash_registry_next(heap)) != NULL;) {
        name_heap((const char *)heap);
    }
}

// What is hot ---------------------------------------------------------------------------

// Keeps the largest, the largest first.
static void keep_line(const struct line *line, const struct line **hot) {
    for (size_t i = 0; i < HOT_LINES && line != NULL; i++) {
        if (hot[i] == NULL || hot[i]->moves < line->moves) {
            const struct line *before = hot[i];
            hot[i] = line;
            line = before;
        }
    }
}

static void print_lines(void) {
    const struct line *hot[HOT_LINES] = {NULL};
    for (size_t i = 0; i < moved_count; i++) {
        keep_line(moved[i], hot);
    }
    printf(", \"hot_lines\": [");
    for (size_t i = 0; i < HOT_LINES && hot[i] != NULL; i++) {
        printf("%s[%" PRIuPTR ", %d, %" PRIu32 ", %" PRIu32 "]", i == 0 ? "" : ", ",
               hot[i]->number << LINE_SHIFT, hot[i]->place, hot[i]->moves, hot[i]->open_moves);
    }
    printf("]");
}

static int more_often(const void *a, const void *b) {
    uint64_t left = ((const struct site *)a)->count, right = ((const struct site *)b)->count;
    return left < right ? 1 : left > right ? -1 : 0;
}

static void print_sites(void) {
    qsort(sites, SITES, sizeof *sites, more_often);
    printf(", \"hot_sites\": [");
    for (size_t i = 0; i < HOT_SITES && sites[i].count > 0; i++) {
        printf("%s[%" PRIuPTR ", %" PRIu64 "]", i == 0 ? "" : ", ", sites[i].code, sites[i].count);
    }
    printf("]");
}

void count_print_hot(void) {
    print_lines();
    print_sites();
}

// What the compiler calls; the names are its own ------------------------------------------

#define HERE __builtin_return_address(0)

#define PLAIN(bytes) \
    void __tsan_read##bytes(const void *at); \
    void __tsan_write##bytes(void *at); \
    void __tsan_unaligned_read##bytes(const void *at); \
    void __tsan_unaligned_write##bytes(void *at); \
    void __tsan_read##bytes(const void *at) { \
        note(at, bytes, false); \
    } \
    void __tsan_write##bytes(void *at) { \
        note(at, bytes, true); \
    } \
    void __tsan_unaligned_read##bytes(const void *at) { \
        note(at, bytes, false); \
    } \
    void __tsan_unaligned_write##bytes(void *at) { \
        note(at, bytes, true); \
    }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

// The order is the strongest, whatever was asked for: the counts are the same.
#define ADDS(bits, type, operation, kind) \
    type __tsan_atomic##bits##_fetch_##operation(_Atomic(type) *at, type value, int order); \
    type __tsan_atomic##bits##_fetch_##operation(_Atomic(type) *at, type value, int order) { \
        (void)order; \
        note_atomic(at, sizeof(type), kind, HERE); \
        return atomic_fetch_##operation##_explicit(at, value, memory_order_seq_cst); \
    }

#define CAS(bits, type, strength) \
    int __tsan_atomic##bits##_compare_exchange_##strength(_Atomic(type) *at, type *expected, \
                                                          type value, int order, int failed); \
    int __tsan_atomic##bits##_compare_exchange_##strength(_Atomic(type) *at, type *expected, \
                                                          type value, int order, int failed) { \
        (void)order; \
        (void)failed; \
        bool done = atomic_compare_exchange_strong_explicit( \
            at, expected, value, memory_order_seq_cst, memory_order_seq_cst); \
        note_atomic(at, sizeof(type), done ? COUNT_CAS : COUNT_CAS_FAILED, HERE); \
        return done; \
    }

#define ATOMIC(bits, type) \
    type __tsan_atomic##bits##_load(const _Atomic(type) *at, int order); \
    void __tsan_atomic##bits##_store(_Atomic(type) *at, type value, int order); \
    type __tsan_atomic##bits##_exchange(_Atomic(type) *at, type value, int order); \
    type __tsan_atomic##bits##_load(const _Atomic(type) *at, int order) { \
        (void)order; \
        note(at, sizeof(type), false); \
        return atomic_load_explicit(at, memory_order_seq_cst); \
    } \
    void __tsan_atomic##bits##_store(_Atomic(type) *at, type value, int order) { \
        (void)order; \
        note(at, sizeof(type), true); \
        atomic_store_explicit(at, value, memory_order_seq_cst); \
    } \
    type __tsan_atomic##bits##_exchange(_Atomic(type) *at, type value, int order) { \
        (void)order; \
        note_atomic(at, sizeof(type), COUNT_EXCHANGE, HERE); \
        return atomic_exchange_explicit(at, value, memory_order_seq_cst); \
    } \
    ADDS(bits, type, add, COUNT_ADD) \
    ADDS(bits, type, sub, COUNT_ADD) \
    ADDS(bits, type, and, COUNT_ADD) \
    ADDS(bits, type, or, COUNT_ADD) \
    ADDS(bits, type, xor, COUNT_ADD) \
    CAS(bits, type, strong) \
    CAS(bits, type, weak)

ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

void __tsan_init(void);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_read_range(const void *at, size_t bytes);
void __tsan_write_range(void *at, size_t bytes);
void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);
void *scale_memset(void *at, int byte, size_t bytes);

void __tsan_init(void) {}

void __tsan_func_entry(void *caller) {
    (void)caller;
}

void __tsan_func_exit(void) {}

void __tsan_read_range(const void *at, size_t bytes) {
    note(at, bytes, false);
}

void __tsan_write_range(void *at, size_t bytes) {
    note(at, bytes, true);
}

void __tsan_atomic_thread_fence(int order) {
    (void)order;
    atomic_thread_fence(memory_order_seq_cst);
}

void __tsan_atomic_signal_fence(int order) {
    (void)order;
}

// The library's memset.
void *scale_memset(void *at, int byte, size_t bytes) {
    if (bytes > 0) {
        note(at, bytes, true);
    }
    return memset(at, byte, bytes);
}
