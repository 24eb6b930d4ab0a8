// Tier 4, with memory tags: what traps, what is said, and what works as ever. Runs with
// ASHLAR_HARDEN=4 on a processor that has tags, or where one is emulated; elsewhere it is skipped.

#define _GNU_SOURCE

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ashlar/ashlar.h>
#include <ashlar/walk.h>

#include "support.h"

enum {
    HAS_TAGS = 1 << 18,  // of AT_HWCAP2; older headers lack the name
    TAG_FAULT = 9,       // si_code, as well
    SKIPPED = 77,
    GRANULE = 16,
    MANY = 512,
    OF_A_SPAN = ASH_HOSTILE ? 100 : 512,  // of 48 bytes: fewer than a span has
    KNOWN = 1 << 14,
};

// The last two are large ones where sizes are tiny.
static const size_t sizes[] = {1, 15, 16, 17, 48, 100, 112, 300, 1000, 4096, 5000, 16000, 32700};
enum { SIZES = sizeof sizes / sizeof sizes[0] - (ASH_HOSTILE ? 2 : 0) };

static unsigned tag_of(const void *p) {
    return (unsigned)((uintptr_t)p >> 56);
}

static uintptr_t address_of(const void *p) {
    return (uintptr_t)p << 8 >> 8;
}

static size_t granules(size_t bytes) {
    return (bytes + GRANULE - 1) / GRANULE * GRANULE;
}

static int by_address(const void *a, const void *b) {
    uintptr_t first = address_of(*(char *const *)a), second = address_of(*(char *const *)b);
    return first < second ? -1 : first > second;
}

// Traps -------------------------------------------------------------------------------------

static _Thread_local sigjmp_buf trap_back;
static _Thread_local volatile uintptr_t trap_at;
static _Thread_local volatile int trap_code;

static void trap_caught(int number, siginfo_t *what, void *context) {
    (void)number;
    (void)context;
    trap_at = address_of(what->si_addr);
    trap_code = what->si_code;
    siglongjmp(trap_back, 1);
}

// Whether an access to the byte is refused because of its tag.
static bool traps(void (*access)(char *at), char *at) {
    struct sigaction action = {.sa_sigaction = trap_caught, .sa_flags = SA_SIGINFO | SA_NODEFER};
    expect(sigaction(SIGSEGV, &action, NULL) == 0);
    trap_code = 0;
    if (sigsetjmp(trap_back, 1) == 0) {
        access(at);
    }
    (void)signal(SIGSEGV, SIG_DFL);
    return trap_code == TAG_FAULT && trap_at == address_of(at);
}

static void read_one(char *at) {
    (void)*(volatile char *)at;
}

static void write_one(char *at) {
    *(volatile char *)at = 1;
}

static bool both_trap(char *at) {
    return traps(read_one, at) && traps(write_one, at);
}

static void copy_to(char *at) {
    memcpy(at, "eight by", 8);
}

static void copy_from(char *at) {
    char copy[40];
    memcpy(copy, at, sizeof copy);
}

static void clear_all(char *at) {
    memset(at, 0, 400);
}

CLAIM(what_the_c_library_does_for_the_program_traps) {
    char *block = ash_malloc(400);
    memset(block, 'a', 400);
    ash_free(block);
    expect(traps(copy_to, block) && traps(copy_from, block) && traps(clear_all, block));
}

// Of three blocks, that in the middle: before the very first one there may be no memory at all.
CLAIM(a_step_beyond_the_end_traps) {
    for (int i = 0; i < SIZES; i++) {
        char *blocks[3];
        for (int n = 0; n < 3; n++) {
            blocks[n] = memset(ash_malloc(sizes[i]), 1, sizes[i]);
        }
        qsort(blocks, 3, sizeof blocks[0], by_address);
        char *end = blocks[1] + granules(sizes[i]);
        expect(both_trap(end) && both_trap(blocks[1] - 1));
        for (int n = 0; n < 3; n++) {
            ash_free(blocks[n]);
        }
    }
}

CLAIM(a_freed_block_traps) {
    for (int i = 0; i < SIZES; i++) {
        char *block = ash_malloc(sizes[i]);
        memset(block, 1, sizes[i]);
        ash_free(block);
        expect(both_trap(block));
        expect(both_trap(block + sizes[i] - 1));
    }
}

// Long after, when others have had its place.
CLAIM(a_freed_block_traps_while_the_next_one_is_out) {
    char *block = ash_malloc(48);
    ash_free(block);
    char *next;
    int tries = 0;
    do {
        next = ash_malloc(48);
        tries++;
        if (address_of(next) != address_of(block)) {
            ash_free(next);
        }
    } while (address_of(next) != address_of(block) && tries < 1000000);
    expect(address_of(next) == address_of(block));
    expect(both_trap(block));
    next[0] = 1;
}

CLAIM(a_block_that_moved_traps_where_it_was) {
    char *block = ash_malloc(100);
    memset(block, 7, 100);
    char *moved = ash_realloc(block, 3000);
    expect(moved != block && moved[99] == 7);
    expect(both_trap(block));
    ash_free(moved);
}

// Blocks grow and shrink where they are, and the traps with them.
CLAIM(the_end_moves_when_a_block_is_resized_in_place) {
    char *block = ash_malloc(400);
    memset(block, 7, 400);
    char *same = ash_realloc(block, 340);
    expect(same == block && both_trap(block + granules(340)));
    same = ash_realloc(block, 420);
    expect(same == block && block[339] == 7);
    memset(block, 8, 420);
    expect(both_trap(block + granules(420)));
    ash_free(block);
}

// Threads and processes -------------------------------------------------------------------------

static void *thread_frees(void *block) {
    ash_free(block);
    return NULL;
}

static void *thread_traps(void *block) {
    char *mine = ash_malloc(48);
    bool all = both_trap(block) && both_trap(mine + 48);
    ash_free(mine);
    return all ? block : NULL;
}

static void *in_thread(void *(*run)(void *), void *argument) {
    pthread_t thread;
    void *result = NULL;
    expect(pthread_create(&thread, NULL, run, argument) == 0);
    expect(pthread_join(thread, &result) == 0);
    return result;
}

CLAIM(what_another_thread_has_freed_traps) {
    char *block = ash_malloc(200);
    (void)in_thread(thread_frees, block);
    expect(both_trap(block));
    for (int i = 0; i < 2 * MANY; i++) {  // it comes home
        ash_free(ash_malloc(200));
    }
    expect(both_trap(block));
}

CLAIM(each_thread_is_watched) {
    char *block = ash_malloc(200);
    ash_free(block);
    expect(in_thread(thread_traps, block) == block);
}

CLAIM(a_child_is_watched) {
    char *block = ash_malloc(200);
    char *kept = ash_malloc(200);
    ash_free(block);
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        ash_free(kept);
        _exit(both_trap(block) && both_trap(kept) ? 0 : 1);
    }
    expect(waitpid(child, &status, 0) == child && status == 0);
    kept[0] = 1;
}

// Which tags -----------------------------------------------------------------------------------

// INV-TAG-2. What lies next in the order of addresses is a neighbour, or further away.
CLAIM(neighbours_have_different_tags) {
    for (int i = 0; i < SIZES; i++) {
        char *blocks[MANY];
        for (int n = 0; n < MANY; n++) {
            blocks[n] = ash_malloc(sizes[i]);
            expect(tag_of(blocks[n]) != 0);
        }
        qsort(blocks, MANY, sizeof blocks[0], by_address);
        size_t held = SIZE_MAX;
        for (int n = 1; n < MANY; n++) {
            size_t gap = address_of(blocks[n]) - address_of(blocks[n - 1]);
            held = gap < held ? gap : held;
        }
        for (int n = 1; n < MANY; n++) {
            bool next = address_of(blocks[n]) - address_of(blocks[n - 1]) == held;
            expect(!next || tag_of(blocks[n]) != tag_of(blocks[n - 1]));
        }
        for (int n = 0; n < MANY; n++) {
            ash_free(blocks[n]);
        }
    }
}

// Where a block's tag is remembered; the table never fills.
static struct known {
    uintptr_t address;
    unsigned tag;
} known[KNOWN];

static struct known *find_known(const void *block) {
    size_t at = address_of(block) / GRANULE % KNOWN;
    while (known[at].address != 0 && known[at].address != address_of(block)) {
        at = (at + 1) % KNOWN;
    }
    known[at].address = address_of(block);
    return &known[at];
}

// INV-TAG-2. Also of those that another thread frees, and that go back to their span.
CLAIM(a_tag_is_not_the_one_before) {
    int again = 0;
    for (int round = 0; round < 40; round++) {
        char *blocks[OF_A_SPAN];
        for (int n = 0; n < OF_A_SPAN; n++) {
            blocks[n] = ash_malloc(48);
            struct known *before = find_known(blocks[n]);
            expect(before->tag != tag_of(blocks[n]));
            again += before->tag != 0 ? 1 : 0;
            before->tag = tag_of(blocks[n]);
        }
        if (round % 8 == 7) {
            ash_heap_collect(ash_heap_main());
        }
        for (int n = 0; n < OF_A_SPAN; n++) {
            if (n % 64 == 0) {
                (void)in_thread(thread_frees, blocks[n]);
            } else {
                ash_free(blocks[n]);
            }
        }
    }
    expect(again > 1000);
}

// As the page says.
CLAIM(large_blocks_have_none) {
    char *run = ash_malloc(100000), *huge = ash_malloc(64 << 20);
    expect(tag_of(run) == 0 && tag_of(huge) == 0);
    ash_free(run);
    ash_free(huge);
}

// What works as ever ------------------------------------------------------------------------------

// INV-TAG-1
CLAIM(the_memory_of_a_destroyed_heap_serves_again) {
    for (int round = 0; round < 10; round++) {
        ash_heap_t *heap = ash_heap_new();
        for (int i = 0; i < MANY; i++) {
            memset(ash_heap_malloc(heap, 1000), 1, 1000);
        }
        ash_heap_destroy(heap);
        for (size_t bytes = 100; bytes <= 400000; bytes += 19950) {
            char *block = ash_malloc(bytes);
            memset(block, 2, bytes);
            ash_free(block);
        }
    }
}

CLAIM(the_system_takes_pointers_with_tags) {
    int ends[2];
    char *words = ash_malloc(6), *read_back = ash_malloc(6);
    memcpy(words, "hello", 6);
    expect(pipe(ends) == 0);
    expect(write(ends[1], words, 6) == 6 && read(ends[0], read_back, 6) == 6);
    expect_text(read_back, words);
    ash_free(words);
    ash_free(read_back);
}

CLAIM(questions_take_pointers_with_tags) {
    ash_heap_t *heap = ash_heap_new();
    char *block = ash_heap_malloc(heap, 100);
    expect_equal(ash_usable_size(block), 100);
    expect(ash_heap_of(block) == heap && ash_heap_contains(heap, block));
    expect(ash_expand(block, 104) == block || ash_expand(block, 104) == NULL);
    ash_free(block);
    ash_heap_delete(heap);
}

static bool walk_finds(const struct ash_area *area, void *block, size_t bytes, void *wanted) {
    (void)area;
    (void)bytes;
    return block == NULL || block != wanted;
}

CLAIM(a_walk_finds_blocks_with_their_tags) {
    ash_heap_t *heap = ash_heap_new();
    char *block = ash_heap_malloc(heap, 100);
    expect(!ash_heap_visit(heap, true, walk_finds, block));
    ash_heap_destroy(heap);
}

// What is said ------------------------------------------------------------------------------------

DEATH(a_second_free_is_said) {
    char *block = ash_malloc(100);
    ash_free(block);
    last_words("ASH101: double free of %#jx: it is free already; valgrind shows both frees",
               (uintmax_t)(uintptr_t)block);
    ash_free(block);
}

static char *taken_again(size_t bytes) {
    char *block = ash_malloc(bytes);
    ash_free(block);
    for (char *next = NULL; address_of(next) != address_of(block);) {
        next = ash_malloc(bytes);
        if (address_of(next) != address_of(block)) {
            ash_free(next);
        }
    }
    return block;
}

DEATH(a_free_with_an_old_tag_is_said) {
    char *block = taken_again(100);
    last_words("ASH120: free of %#jx: its tag is not the block's (freed before?); valgrind shows "
               "who freed it",
               (uintmax_t)(uintptr_t)block);
    ash_free(block);
}

DEATH(a_resize_with_an_old_tag_is_said) {
    char *block = taken_again(100);
    last_words("ASH120: realloc of %#jx: its tag is not the block's (freed before?); valgrind "
               "shows who freed it",
               (uintmax_t)(uintptr_t)block);
    block = ash_realloc(block, 200);
}

DEATH(a_free_without_a_tag_is_said) {
    uintptr_t address = address_of(ash_malloc(100));
    last_words("ASH120: free of %#jx: ...", (uintmax_t)address);
    ash_free((void *)address);
}

DEATH(an_overflow_within_the_last_granule_is_said) {
    char *block = ash_malloc(100);
    memset(block, 0, 101);  // no byte of a canary is 0
    last_words("ASH113: overflow of ...");
    ash_free(block);
}

int main(void) {
    if ((getauxval(AT_HWCAP2) & HAS_TAGS) == 0) {
        fputs("tags: this processor has no memory tags\n", stderr);
        return getenv("ASH_NO_SKIP") != NULL ? 1 : SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_beyond_the_end_traps),
        cmocka_unit_test(a_freed_block_traps),
        cmocka_unit_test(a_freed_block_traps_while_the_next_one_is_out),
        cmocka_unit_test(what_the_c_library_does_for_the_program_traps),
        cmocka_unit_test(a_block_that_moved_traps_where_it_was),
        cmocka_unit_test(the_end_moves_when_a_block_is_resized_in_place),
        cmocka_unit_test(what_another_thread_has_freed_traps),
        cmocka_unit_test(each_thread_is_watched),
        cmocka_unit_test(a_child_is_watched),
        cmocka_unit_test(neighbours_have_different_tags),
        cmocka_unit_test(a_tag_is_not_the_one_before),
        cmocka_unit_test(large_blocks_have_none),
        cmocka_unit_test(the_memory_of_a_destroyed_heap_serves_again),
        cmocka_unit_test(the_system_takes_pointers_with_tags),
        cmocka_unit_test(questions_take_pointers_with_tags),
        cmocka_unit_test(a_walk_finds_blocks_with_their_tags),
        cmocka_unit_test(a_second_free_is_said),
        cmocka_unit_test(a_free_with_an_old_tag_is_said),
        cmocka_unit_test(a_resize_with_an_old_tag_is_said),
        cmocka_unit_test(a_free_without_a_tag_is_said),
        cmocka_unit_test(an_overflow_within_the_last_granule_is_said),
    };
    return RUN_TESTS(tests);
}
