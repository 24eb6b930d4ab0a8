// Fences, as a program at tier 3 meets them: supply/fence.h.

#define _GNU_SOURCE

#include "supply/fence.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ashlar/arena.h"
#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "base/config.h"
#include "os_fake.h"
#include "platform/os.h"
#include "players.h"
#include "supply/record.h"
#include "supply/store.h"
#include "support.h"

enum { SLICE = ASH_SLICE_BYTES, SIZES = 7 };
#define PAGE ash_os_page_bytes()

static const size_t sizes[SIZES] = {ASH_BLOCK_MAX,   ASH_BLOCK_MAX + 1, SLICE - 1,      SLICE,
                                    3 * SLICE + 333, ASH_RUN_MAX,       ASH_RUN_MAX + 5};

static void enter(const char *tier, bool marks) {
    os_fake_set_env("ASHLAR_HARDEN", tier);
    os_fake_set_guards(marks);
    player_enter(0);
}

// The kernel is asked to read there, and says whether it can.
static bool is_shut(const void *at) {
    static int ends[2];
    char byte;
    if (ends[1] == 0) {
        expect(pipe(ends) == 0);
    }
    ssize_t wrote = write(ends[1], at, 1);
    expect(wrote == 1 ? read(ends[0], &byte, 1) == 1 : errno == EFAULT);
    return wrote != 1;
}

static bool ends_within(const char *block, size_t bytes, size_t gap) {
    const char *fence = block + bytes;
    while (!is_shut(fence) && fence < block + bytes + gap) {
        fence++;
    }
    return !is_shut(block) && !is_shut(block + bytes - 1) && is_shut(fence);
}

static void every_block_ends_at_its_fence(bool marks) {
    enter("3", marks);
    char *blocks[SIZES];
    for (size_t i = 0; i < SIZES; i++) {
        blocks[i] = ash_malloc(sizes[i]);
        expect(ends_within(blocks[i], sizes[i], 15));
        expect_equal((uintptr_t)blocks[i] % 16, 0);
        expect_equal(ash_usable_size(blocks[i]),
                     sizes[i] <= ASH_RUN_MAX ? sizes[i] : ash_round_up(sizes[i], 16));
        memset(blocks[i], (int)i, sizes[i]);
        expect_equal(os_fake_tally().calls[OS_FAKE_SHUT] == 0, marks);
    }
    for (size_t i = 0; i < SIZES; i++) {
        expect_equal(blocks[i][sizes[i] - 1], (int)i);
        ash_free_sized(blocks[i], sizes[i]);
    }
    expect_equal(os_fake_tally().guarded_bytes, 0);
    players_expect_all_free();
}

CLAIM(a_large_block_ends_at_a_mark) {
    every_block_ends_at_its_fence(true);
}

CLAIM(a_large_block_ends_at_a_mapping_where_there_are_no_marks) {
    every_block_ends_at_its_fence(false);
}

CLAIM(below_tier_3_there_are_none) {
    enter("2", true);
    for (size_t i = 0; i < SIZES; i++) {
        char *block = ash_malloc(sizes[i]);
        expect(sizes[i] > ASH_RUN_MAX || !is_shut(block + sizes[i]));
        ash_free(block);
    }
    expect_equal(os_fake_tally().calls[OS_FAKE_GUARD] + os_fake_tally().calls[OS_FAKE_SHUT], 0);
}

CLAIM(alignment_is_kept_and_the_fence_is_near) {
    enter("3", true);
    for (size_t align = 32; align <= 2 * (size_t)ASH_UNIT_BYTES; align *= 2) {
        for (size_t i = 0; i < SIZES; i++) {
            char *block = ash_aligned_alloc(align, sizes[i]);
            expect_equal((uintptr_t)block % align, 0);
            expect(ends_within(block, sizes[i], ash_min(align, PAGE)));
            ash_free(block);
            char *odd = ash_malloc_aligned_at(sizes[i], align, 8);
            expect_equal(((uintptr_t)odd + 8) % align, 0);
            expect(ends_within(odd, sizes[i], PAGE));
            ash_free(odd);
        }
    }
    expect_equal(os_fake_tally().guarded_bytes, 0);
    players_expect_all_free();
}

// In place or not, the fence is behind the new end, and what was kept is.
static void resizing_moves_the_fence(bool marks, bool moves) {
    enter("3", marks);
    os_fake_set_remap_moves(moves);
    struct sequence random = sequence_from(marks + 2 * (uint64_t)moves);
    size_t bytes = ASH_BLOCK_MAX + 1;
    unsigned char *block = ash_malloc(bytes);
    memset(block, 7, bytes);
    for (int i = 0; i < 300; i++) {
        size_t most = i % 50 == 0 ? 2 * (size_t)ASH_RUN_MAX : 8 * SLICE;
        size_t next = ASH_BLOCK_MAX + 1 + sequence_below(&random, most);
        block = ash_realloc(block, next);
        size_t kept = ash_min(bytes, next);
        expect(block[0] == 7 && block[kept / 2] == 7 && block[kept - 1] == 7);
        expect(ends_within((char *)block, next, PAGE));
        memset(block, 7, next);
        bytes = next;
        if (i % 20 == 0) {
            (void)ash_store_purge(true);
            ash_store_audit();
        }
    }
    ash_free(block);
    expect_equal(os_fake_tally().guarded_bytes, 0);
    players_expect_all_free();
}

CLAIM(resizing_moves_a_mark) {
    resizing_moves_the_fence(true, false);
    resizing_moves_the_fence(true, true);
}

CLAIM(resizing_moves_a_mapping) {
    resizing_moves_the_fence(false, false);
}

// Where a huge block has shrunk and grows again it reads as zero, also where its fence was.
CLAIM(what_a_fence_hid_is_zero) {
    enter("3", false);
    size_t least = 2 * (size_t)ASH_RUN_MAX, most = least + 4 * PAGE;
    unsigned char *block = ash_malloc(most);
    memset(block, 255, most);
    block = ash_realloc(block, least);
    block = ash_rezalloc(block, most);
    for (size_t i = least; i < most; i++) {
        expect_equal(block[i], 0);
    }
}

CLAIM(a_run_that_grows_in_place_leaves_nothing_shut) {
    enter("3", true);
    volatile size_t first = 2 * SLICE;  // the compiler knows how much it may use
    char *block = ash_malloc(first);
    expect(ash_expand(block, 6 * SLICE) == block);
    memset(block, 1, 6 * SLICE);
    expect(ends_within(block, 6 * SLICE, PAGE));
    expect(ash_realloc(block, 2 * SLICE) == block);
    expect(ends_within(block, 2 * SLICE, PAGE));
    char *next = ash_malloc(3 * SLICE);  // from what was given back
    expect(next > block && next < block + 8 * SLICE);
    memset(next, 1, 3 * SLICE);
}

CLAIM(a_heap_that_ends_opens_its_fences) {
    enter("3", true);
    ash_heap_t *heap = ash_heap_new();
    for (size_t i = 0; i < SIZES; i++) {
        expect(ends_within(ash_heap_malloc(heap, sizes[i]), sizes[i], 15));
    }
    ash_heap_destroy(heap);
    expect_equal(os_fake_tally().guarded_bytes, 0);
    players_expect_all_free();
}

// Where neither marks nor mappings are to be had, there is room for a canary.
// A mapping whose fence is from anywhere else is two of the kernel's, and could not be moved.
CLAIM(a_fence_is_placed_with_its_block) {
    os_fake_set_nodes(3);
    enter("3", false);
    ash_heap_t *heap = ash_heap_new();
    expect(ash_heap_set_numa_affinity(heap, 1));
    size_t bytes = ash_round_up(ASH_RUN_MAX + 1, PAGE);
    char *block = ash_heap_malloc(heap, bytes - 100);
    expect_equal(os_fake_tally().preferred_bytes[1], bytes + PAGE);
    char *odd = ash_heap_malloc_aligned_at(heap, bytes, 64, 7);
    expect_equal(os_fake_tally().preferred_bytes[1], 2 * bytes + 3 * PAGE);
    ash_free(block);
    ash_free(odd);
}

CLAIM(without_fences_blocks_are_as_good) {
    os_fake_fail_from(1 << OS_FAKE_GUARD | 1 << OS_FAKE_SHUT, 1);
    enter("3", true);
    for (size_t i = 0; i < SIZES; i++) {
        char *block = ash_malloc(sizes[i]);
        expect(!is_shut(block + sizes[i]));
        memset(block, 1, sizes[i]);
        block = ash_realloc(block, sizes[i] + PAGE);
        memset(block, 1, sizes[i] + PAGE);
        ash_free(block);
    }
    players_expect_all_free();
}

DEATH(without_a_fence_an_overflow_is_found_when_it_is_freed) {
    os_fake_fail_from(1 << OS_FAKE_SHUT, 1);
    enter("3", false);
    char *block = ash_malloc(SLICE);
    volatile uintptr_t behind = (uintptr_t)block + SLICE;  // of which no compiler knows
    *(char *)behind = (char)~*(char *)behind;
    last_words("ASH113: overflow of %#jx: what lies behind the block was written to; valgrind...",
               (uintmax_t)(uintptr_t)block);
    ash_free(block);
}

// A mark may be refused where a mapping is not: in locked memory.
CLAIM(a_refused_mark_becomes_a_mapping) {
    os_fake_fail_once(1 << OS_FAKE_GUARD, 1);
    enter("3", true);
    char *first = ash_malloc(SLICE), *second = ash_malloc(SLICE);
    expect(ends_within(first, SLICE, 15) && ends_within(second, SLICE, 15));
    expect_equal(os_fake_tally().calls[OS_FAKE_SHUT], 1);
    ash_free(first);
    ash_free(second);
    expect_equal(os_fake_tally().guarded_bytes, 0);
}

CLAIM(mappings_are_so_many_and_no_more) {
    static char *blocks[ASH_FENCE_MAX + 2];
    enter("3", false);
    for (size_t i = 0; i < ASH_FENCE_MAX + 2; i++) {
        blocks[i] = ash_malloc(ASH_BLOCK_MAX + 1);
        expect_equal(is_shut(blocks[i] + ash_round_up(ASH_BLOCK_MAX + 1, 16)), i < ASH_FENCE_MAX);
    }
    expect_text(os_fake_text(), "ashlar: ASH205: further large blocks have no inaccessible page "
                                "behind them; a kernel from Linux 6.13 on has enough for all\n");
    for (size_t i = 0; i < ASH_FENCE_MAX; i++) {
        ash_free(blocks[i]);
    }
    expect_equal(os_fake_tally().guarded_bytes, 0);
    expect(ends_within(ash_malloc(SLICE), SLICE, 15));
}

// What the system does not open is neither resized nor used again.
CLAIM(a_fence_that_stays_shut_is_left_alone) {
    enter("3", true);
    char *block = ash_malloc(SLICE), *huge = ash_malloc(2 * (size_t)ASH_RUN_MAX);
    memset(block, 1, SLICE);
    os_fake_fail_from(1 << OS_FAKE_OPEN, 1);
    char *moved = ash_realloc(block, 2 * SLICE), *moved_huge = ash_realloc(huge, ASH_RUN_MAX);
    expect(moved != block && moved[SLICE - 1] == 1 && moved_huge != huge);
    os_fake_fail_never();
    for (int i = 0; i < 40; i++) {
        char *other = ash_malloc(SLICE);
        memset(other, 1, SLICE);
    }
    (void)ash_store_purge(true);
    ash_store_audit();
}

CLAIM(memory_that_was_handed_in_has_none) {
    enter("3", true);
    size_t bytes = 4 * (size_t)ASH_UNIT_BYTES;
    static _Alignas(65536) char memory[4 * ASH_UNIT_BYTES];
    os_fake_hand_in(memory, bytes);
    ash_arena_t *arena = NULL;
    expect(ash_arena_manage(memory, bytes, ASH_ARENA_EXCLUSIVE, -1, NULL, NULL, &arena));
    ash_heap_t *heap = ash_heap_new_in_arena(arena);
    char *block = ash_heap_malloc(heap, 3 * SLICE);
    expect(block >= memory && block < memory + bytes && !is_shut(block + 3 * SLICE));
    expect_equal(ash_usable_size(block), 3 * SLICE);
    ash_free(block);
}

// Reports -----------------------------------------------------------------------------------------

static char *fork_block;
static size_t fork_offset;

// Whether the access ends a child by SIGSEGV, with the line.
static bool traps_with(const char *line) {
    int ends[2], status = 0;
    expect(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        os_fake_set_quiet(false);
        ((volatile char *)fork_block)[fork_offset] = 1;
        _exit(0);
    }
    close(ends[1]);
    char text[1000] = {0};
    size_t length = 0;
    ssize_t more;
    while ((more = read(ends[0], text + length, sizeof text - 1 - length)) > 0) {
        length += (size_t)more;
    }
    close(ends[0]);
    waitpid(child, &status, 0);
    bool said = line[0] == '\0' ? length == 0 : strstr(text, line) != NULL;
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV && said;
}

#if defined(__s390x__)
#define BEHIND "16 bytes"  // the kernel tells of no more than the page
#else
#define BEHIND "1001 bytes"
#endif

CLAIM(an_access_to_a_fence_is_named) {
    enter("3", true);
    fork_block = ash_malloc(100000);
    fork_offset = 100000;
    expect(traps_with("ASH121: overflow of 0x"));
    expect(traps_with(": an access 1 byte behind a block of 100000 bytes; "));
    fork_block = ash_malloc(40001);
    fork_offset = 40001 + 1000;
    expect(traps_with(": an access " BEHIND " behind a block of 40001 bytes; "));
    fork_block = ash_malloc(2 * (size_t)ASH_RUN_MAX);
    fork_offset = 2 * (size_t)ASH_RUN_MAX;
    expect(traps_with(": an access 1 byte behind a block of "));
    fork_block = NULL;
    fork_offset = 8;
    expect(traps_with(""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_block_ends_at_a_mark),
        cmocka_unit_test(a_large_block_ends_at_a_mapping_where_there_are_no_marks),
        cmocka_unit_test(below_tier_3_there_are_none),
        cmocka_unit_test(alignment_is_kept_and_the_fence_is_near),
        cmocka_unit_test(resizing_moves_a_mark),
        cmocka_unit_test(resizing_moves_a_mapping),
        cmocka_unit_test(what_a_fence_hid_is_zero),
        cmocka_unit_test(a_run_that_grows_in_place_leaves_nothing_shut),
        cmocka_unit_test(a_heap_that_ends_opens_its_fences),
        cmocka_unit_test(a_fence_is_placed_with_its_block),
        cmocka_unit_test(without_fences_blocks_are_as_good),
        cmocka_unit_test(without_a_fence_an_overflow_is_found_when_it_is_freed),
        cmocka_unit_test(a_refused_mark_becomes_a_mapping),
        cmocka_unit_test(mappings_are_so_many_and_no_more),
        cmocka_unit_test(a_fence_that_stays_shut_is_left_alone),
        cmocka_unit_test(memory_that_was_handed_in_has_none),
        cmocka_unit_test(an_access_to_a_fence_is_named),
    };
    return RUN_TESTS(tests);
}
