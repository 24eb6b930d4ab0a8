// One misuse of the heap for each name: misuse NAME, misuse --list. Preloaded with an allocator.
// The program says how it ended: 0, no harm was to be seen; 3, harm was (a block handed out twice,
// somebody else's data changed, freed data read); 4, the allocator has not the function that it
// takes; 5, the processor refused an access because of its tag. Everything else is the allocator's
// doing: test/harden/matrix.py tells them apart.

#define _GNU_SOURCE

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    HARMLESS,
    HARM = 3,
    ABSENT = 4,
    TRAPPED = 5,
    TAG_FAULT = 9,
    BLOCKS = 256,
    SMALL = 32,
    LARGE = 100000,
    HUGE = 64 << 20
};

static char *blocks[BLOCKS];
static _Alignas(64) char target[256];

// Kept from the compiler, which knows what free does to a pointer.
static char *hidden(char *p) {
    __asm__ volatile("" : "+r"(p));
    return p;
}

static void *need(const char *name) {
    void *function = dlsym(RTLD_DEFAULT, name);
    if (function == NULL) {
        exit(ABSENT);
    }
    return function;
}

static char *take(size_t bytes) {
    char *block = hidden(malloc(bytes));
    memset(block, 0x5a, bytes);
    return block;
}

static void take_all(size_t bytes) {
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = take(bytes);
        memset(blocks[i], i, bytes);
    }
}

// Whether each of them has what was written to it.
static int judge_all(size_t bytes) {
    for (int i = 0; i < BLOCKS; i++) {
        for (size_t at = 0; at < bytes; at++) {
            if (blocks[i][at] != (char)i) {
                return HARM;
            }
        }
    }
    return HARMLESS;
}

static int judge_and_free_all(size_t bytes) {
    int verdict = judge_all(bytes);
    for (int i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    return verdict;
}

// Whether blocks taken from now on are all apart.
static int judge_new(size_t bytes) {
    take_all(bytes);
    return judge_all(bytes);
}

static void churn(size_t bytes) {
    for (int i = 0; i < 40000; i++) {
        free(take(bytes));
    }
}

// Free twice ------------------------------------------------------------------------------

static int twice(size_t bytes) {
    char *block = take(bytes);
    free(block);
    free(hidden(block));
    return judge_new(bytes < LARGE ? bytes : LARGE);
}

static int double_free_small(void) {
    return twice(SMALL);
}

static int double_free_zero(void) {
    char *block = hidden(malloc(0));
    free(block);
    free(hidden(block));
    return judge_new(1);
}

static int double_free_large(void) {
    return twice(LARGE);
}

static int double_free_huge(void) {
    return twice(HUGE);
}

static int double_free_delayed(void) {
    take_all(SMALL);
    char *block = blocks[7];
    for (int i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    free(hidden(block));
    return judge_new(SMALL);
}

static int double_free_reused(void) {
    char *block = take(SMALL);
    free(block);
    take_all(SMALL);
    free(hidden(block));
    for (int i = 0; i < BLOCKS; i++) {
        memset(take(SMALL), 0x77, SMALL);
    }
    return judge_all(SMALL);
}

static void *free_it(void *block) {
    free(block);
    return NULL;
}

static void *free_it_twice(void *block) {
    free(block);
    free(hidden(block));
    return NULL;
}

static void in_thread(void *(*function)(void *), void *argument) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, function, argument) != 0) {
        exit(1);
    }
    pthread_join(thread, NULL);
}

static int double_free_by_thread(void) {
    char *block = take(SMALL);
    in_thread(free_it, block);
    free(hidden(block));
    return judge_new(SMALL);
}

static int double_free_in_thread(void) {
    char *block = take(SMALL);
    in_thread(free_it_twice, block);
    return judge_new(SMALL);
}

// Free what is none ---------------------------------------------------------------------------

static int free_interior(void) {
    take_all(4 * SMALL);
    free(hidden(blocks[9] + 16));
    char *other = take(4 * SMALL);
    memset(other, 0x77, 4 * SMALL);
    return judge_all(4 * SMALL);
}

static int free_misaligned(void) {
    take_all(4 * SMALL);
    free(hidden(blocks[9] + 3));
    char *other = take(4 * SMALL);
    memset(other, 0x77, 4 * SMALL);
    return judge_all(4 * SMALL);
}

static int free_interior_large(void) {
    char *block = take(LARGE);
    free(hidden(block + 16));
    return judge_new(SMALL);
}

static int free_interior_huge(void) {
    char *block = take(HUGE);
    free(hidden(block + 4096));
    return judge_new(SMALL);
}

static int free_never_taken(void) {
    char *block = take(SMALL);
    free(hidden((char *)((uintptr_t)block / 65536 * 65536 + 65536 - 2 * SMALL)));
    return judge_new(SMALL);
}

static int free_stack(void) {
    _Alignas(64) char local[256];
    memset(local, 1, sizeof local);
    free(hidden(local + 64));
    return judge_new(SMALL);
}

static int free_global(void) {
    free(hidden(target + 64));
    return judge_new(SMALL);
}

static int free_mapped(void) {
    char *pages = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    free(hidden(pages + 64));
    return judge_new(SMALL);
}

// Past the ends ---------------------------------------------------------------------------------

static int overflow(size_t bytes, size_t by) {
    take_all(bytes);
    char *block = hidden(blocks[BLOCKS / 2]);
    for (size_t i = 0; i < by; i++) {
        block[bytes + i] = 0;
    }
    return judge_and_free_all(bytes);
}

static int overflow_1(void) {
    return overflow(SMALL, 1);
}

static int overflow_1_in_slack(void) {
    return overflow(SMALL - 8, 1);
}

static int overflow_8(void) {
    return overflow(SMALL, 8);
}

static int overflow_16(void) {
    return overflow(SMALL, 16);
}

static int overflow_many(void) {
    return overflow(SMALL, 128);
}

static int overflow_large(void) {
    return overflow(16 * 4096, 1);
}

static int overflow_zero(void) {
    take_all(0);
    char *block = hidden(blocks[BLOCKS / 2]);
    memset(block, 0, 16);
    return judge_and_free_all(0);
}

static int underflow_1(void) {
    take_all(SMALL);
    hidden(blocks[BLOCKS / 2])[-1] = 0;
    return judge_and_free_all(SMALL);
}

// After free ------------------------------------------------------------------------------------

static int write_after_free(void) {
    char *block = take(SMALL);
    free(block);
    take_all(SMALL);
    hidden(block)[20] = 0x77;
    int verdict = judge_all(SMALL);
    churn(SMALL);
    return verdict;
}

static int write_after_free_to_list(void) {
    char *block = take(SMALL);
    free(block);
    char *aim = target + 64;
    memcpy(hidden(block), &aim, sizeof aim);
    for (int i = 0; i < BLOCKS; i++) {
        if (malloc(SMALL) == aim) {
            return HARM;
        }
    }
    churn(SMALL);
    return HARMLESS;
}

static int read_after_free(void) {
    char *block = take(SMALL);
    memset(block, 0x77, SMALL);
    free(block);
    return hidden(block)[SMALL - 1] == 0x77 ? HARM : HARMLESS;
}

static int realloc_after_free(void) {
    char *block = take(SMALL);
    free(block);
    char *moved = realloc(hidden(block), 100 * SMALL);
    return moved != NULL ? HARM : HARMLESS;
}

static int realloc_interior(void) {
    char *block = take(4 * SMALL);
    char *moved = realloc(hidden(block + 16), 100 * SMALL);
    return moved != NULL ? HARM : HARMLESS;
}

// Not a misuse, but what makes one of use: which block comes next is known, for the last one freed
// does. Of a hundred, more than half.
static int place_foretold(void) {
    int right = 0;
    for (int i = 0; i < 100; i++) {
        char *block = take(SMALL);
        free(block);
        char *next = take(SMALL);
        right += next == hidden(block);
    }
    return right > 50 ? HARM : HARMLESS;
}

// Whether the next block lies behind the last one.
static int neighbour_foretold(void) {
    int right = 0;
    char *before = take(SMALL), *block = take(SMALL);
    for (int i = 0; i < 100; i++) {
        char *next = take(SMALL);
        right += next - block == block - before;
        before = block;
        block = next;
    }
    return right > 50 ? HARM : HARMLESS;
}

// What is said of a block ------------------------------------------------------------------------

static int sized(const char *name, size_t bytes, size_t said) {
    void (*give)(void *, size_t) = (void (*)(void *, size_t))(uintptr_t)need(name);
    give(take(bytes), said);
    return judge_new(bytes);
}

static int free_sized_small(void) {
    return sized("free_sized", SMALL, 10 * SMALL);
}

static int free_sized_large(void) {
    return sized("free_sized", LARGE, SMALL);
}

static int delete_sized(void) {
    return sized("_ZdlPvm", SMALL, 3 * SMALL);
}

static int free_aligned(void) {
    void (*give)(void *, size_t, size_t) =
        (void (*)(void *, size_t, size_t))(uintptr_t)need("free_aligned_sized");
    take_all(SMALL);
    char *block = blocks[0];
    for (int i = 0; (uintptr_t)block % 4096 == 0; i++) {
        block = blocks[i];
    }
    give(block, 4096, SMALL);
    return HARMLESS;
}

// Heaps that have ended
// -----------------------------------------------------------------------------

typedef void *heap_make(void);
typedef void heap_end(void *heap);
typedef void *heap_take(void *heap, size_t bytes);

static void *ended_heap(void **block) {
    heap_make *make = (heap_make *)(uintptr_t)need("ash_heap_new");
    heap_end *end = (heap_end *)(uintptr_t)need("ash_heap_destroy");
    heap_take *take_from = (heap_take *)(uintptr_t)need("ash_heap_malloc");
    void *heap = make();
    *block = take_from(heap, SMALL);
    end(heap);
    return heap;
}

static int take_from_ended_heap(void) {
    void *block;
    void *heap = ended_heap(&block);
    heap_take *take_from = (heap_take *)(uintptr_t)need("ash_heap_malloc");
    return take_from(heap, SMALL) != NULL ? HARM : HARMLESS;
}

static int end_a_heap_twice(void) {
    void *block;
    void *heap = ended_heap(&block);
    heap_end *end = (heap_end *)(uintptr_t)need("ash_heap_destroy");
    end(heap);
    return HARM;
}

static int free_into_ended_heap(void) {
    void *block;
    (void)ended_heap(&block);
    free(hidden(block));
    return judge_new(SMALL);
}

// All of them
// ---------------------------------------------------------------------------------------

static const struct misuse {
    const char *name;
    int (*run)(void);
} misuses[] = {
    {"double_free_small", double_free_small},
    {"double_free_zero", double_free_zero},
    {"double_free_large", double_free_large},
    {"double_free_huge", double_free_huge},
    {"double_free_delayed", double_free_delayed},
    {"double_free_reused", double_free_reused},
    {"double_free_by_thread", double_free_by_thread},
    {"double_free_in_thread", double_free_in_thread},
    {"free_interior", free_interior},
    {"free_misaligned", free_misaligned},
    {"free_interior_large", free_interior_large},
    {"free_interior_huge", free_interior_huge},
    {"free_never_taken", free_never_taken},
    {"free_stack", free_stack},
    {"free_global", free_global},
    {"free_mapped", free_mapped},
    {"overflow_1", overflow_1},
    {"overflow_1_in_slack", overflow_1_in_slack},
    {"overflow_8", overflow_8},
    {"overflow_16", overflow_16},
    {"overflow_many", overflow_many},
    {"overflow_large", overflow_large},
    {"overflow_zero", overflow_zero},
    {"underflow_1", underflow_1},
    {"write_after_free", write_after_free},
    {"write_after_free_to_list", write_after_free_to_list},
    {"read_after_free", read_after_free},
    {"realloc_after_free", realloc_after_free},
    {"realloc_interior", realloc_interior},
    {"place_foretold", place_foretold},
    {"neighbour_foretold", neighbour_foretold},
    {"free_sized_small", free_sized_small},
    {"free_sized_large", free_sized_large},
    {"delete_sized", delete_sized},
    {"free_aligned", free_aligned},
    {"take_from_ended_heap", take_from_ended_heap},
    {"end_a_heap_twice", end_a_heap_twice},
    {"free_into_ended_heap", free_into_ended_heap},
};

enum { MISUSES = sizeof misuses / sizeof misuses[0] };

// All but a wrong tag ends the process as if nobody had asked.
static void judge_fault(int number, siginfo_t *what, void *context) {
    (void)context;
    if (what->si_code == TAG_FAULT) {
        _exit(TRAPPED);
    }
    (void)signal(number, SIG_DFL);
}

int main(int count, char **words) {
    struct sigaction action = {.sa_sigaction = judge_fault, .sa_flags = SA_SIGINFO};
    (void)sigaction(SIGSEGV, &action, NULL);
    const char *name = count == 2 ? words[1] : "";
    for (int i = 0; i < MISUSES; i++) {
        if (strcmp(name, "--list") == 0) {
            puts(misuses[i].name);
        } else if (strcmp(name, misuses[i].name) == 0) {
            return misuses[i].run();
        }
    }
    if (strcmp(name, "--list") != 0) {
        fprintf(stderr, "usage: misuse NAME | --list\n");
        return 2;
    }
    return 0;
}
