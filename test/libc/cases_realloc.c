// realloc and reallocarray: contents, zero sizes, failures that leave the block alone.

#define _GNU_SOURCE
#include "cases.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const size_t MIB = (size_t)1 << 20;

static const char *realloc_of_null_allocates(void) {
    mark_errno();
    return outcome(realloc(keep(NULL), veil(100)));
}

static const char *realloc_of_null_to_zero_gives_a_block(void) {
    mark_errno();
    return outcome(realloc(keep(NULL), veil(0)));
}

static const char *realloc_to_zero_gives_null_and_keeps_errno(void) {
    void *block = keep(malloc(veil(100)));
    mark_errno();
    return outcome(realloc(block, veil(0)));
}

static const char *realloc_of_a_big_block_to_zero_gives_null(void) {
    void *block = keep(malloc(veil(40 * MIB)));
    mark_errno();
    return outcome(realloc(block, veil(0)));
}

static const char *realloc_to_zero_frees(void) {
    size_t before = resident_bytes();
    for (int i = 0; i < 3000; i++) {
        void *block = keep(malloc(veil(200000)));
        memset(block, 1, 200000);
        if (keep(realloc(block, veil(0))) != NULL) {
            return verdict(false);
        }
    }
    return verdict(resident_bytes() <= before + 32 * MIB);
}

// Moves one block through a list of sizes and looks at the contents after each step.
static bool contents_survive(const size_t *sizes, size_t count) {
    size_t held = sizes[0];
    unsigned char *block = malloc(held);
    bool kept = block != NULL;
    for (size_t i = 1; kept && i < count; i++) {
        pattern_fill(block, held, (unsigned)i);
        unsigned char *moved = realloc(block, sizes[i]);
        if (moved == NULL) {
            break;
        }
        block = moved;
        size_t common = held < sizes[i] ? held : sizes[i];
        kept = pattern_kept(block, common, (unsigned)i) && is_aligned(block, 16);
        held = sizes[i];
    }
    free(block);
    return kept;
}

static const char *realloc_grows_byte_by_byte(void) {
    static size_t sizes[6000];
    for (size_t i = 0; i < 6000; i++) {
        sizes[i] = i + 1;
    }
    return verdict(contents_survive(sizes, 6000));
}

static const char *realloc_shrinks_byte_by_byte(void) {
    static size_t sizes[6000];
    for (size_t i = 0; i < 6000; i++) {
        sizes[i] = 6000 - i;
    }
    return verdict(contents_survive(sizes, 6000));
}

static size_t steps_up(size_t *sizes, size_t limit) {
    size_t count = 0;
    for (size_t bytes = 1; bytes <= limit; bytes += bytes / 7 + 1) {
        sizes[count++] = bytes;
    }
    return count;
}

static const char *realloc_grows_through_all_size_steps(void) {
    size_t sizes[400];
    size_t count = steps_up(sizes, 12 * MIB);
    return verdict(contents_survive(sizes, count));
}

static const char *realloc_shrinks_through_all_size_steps(void) {
    size_t up[400];
    size_t down[400];
    size_t count = steps_up(up, 12 * MIB);
    for (size_t i = 0; i < count; i++) {
        down[i] = up[count - 1 - i];
    }
    return verdict(contents_survive(down, count));
}

// Every step to every other step: all moves between classes, runs and mappings.
static const char *realloc_moves_between_any_two_sizes(void) {
    const size_t ends[] = {1,     16,    17,     100,    1024,   5000,        16000,   33000,
                           66000, 70000, 140000, 260000, 524288, 3 * MIB / 2, 3 * MIB, 5 * MIB};
    const size_t count = sizeof(ends) / sizeof(ends[0]);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            const size_t trip[] = {ends[i], ends[j], ends[i]};
            if (!contents_survive(trip, 3)) {
                return verdict(false);
            }
        }
    }
    return verdict(true);
}

static const char *realloc_of_huge_blocks_keeps_contents(void) {
    const size_t trip[] = {20 * MIB, 50 * MIB, 33 * MIB + 1, 70 * MIB, 100, 40 * MIB};
    return verdict(contents_survive(trip, 6));
}

static const char *realloc_to_the_same_size_keeps_contents(void) {
    for (size_t bytes = 1; bytes <= 2 * MIB; bytes += bytes / 3 + 1) {
        const size_t trip[] = {bytes, bytes, bytes};
        if (!contents_survive(trip, 3)) {
            return verdict(false);
        }
    }
    return verdict(true);
}

static const char *realloc_random_walk_keeps_contents(void) {
    static size_t sizes[2000];
    unsigned state = 2463534242U;
    for (size_t i = 0; i < 2000; i++) {
        unsigned power = next_random(&state) % 19;
        sizes[i] = 1 + next_random(&state) % ((size_t)1 << (power + 1));
    }
    return verdict(contents_survive(sizes, 2000));
}

static const char *realloc_beside_other_blocks_keeps_both(void) {
    enum { COUNT = 200 };
    static unsigned char *blocks[COUNT];
    static size_t sizes[COUNT];
    bool kept = true;
    for (unsigned i = 0; i < COUNT; i++) {
        sizes[i] = 10 + i;
        blocks[i] = malloc(sizes[i]);
        pattern_fill(blocks[i], sizes[i], i);
    }
    for (unsigned round = 0; round < 40; round++) {
        for (unsigned i = 0; i < COUNT; i++) {
            size_t bytes = (sizes[i] * 13 + 7 * i + round) % 9000 + 1;
            blocks[i] = realloc(blocks[i], bytes);
            kept = kept && pattern_kept(blocks[i], bytes < sizes[i] ? bytes : sizes[i], i);
            sizes[i] = bytes;
            pattern_fill(blocks[i], bytes, i);
        }
    }
    for (unsigned i = 0; i < COUNT; i++) {
        kept = kept && pattern_kept(blocks[i], sizes[i], i);
        free(blocks[i]);
    }
    return verdict(kept);
}

static const char *realloc_of_an_aligned_block_keeps_contents(void) {
    bool kept = true;
    for (size_t align = 8; align <= MIB; align *= 2) {
        for (size_t bytes = 100; bytes < 3 * MIB; bytes *= 9) {
            void *block = NULL;
            kept = kept && posix_memalign(&block, align, bytes) == 0;
            pattern_fill(block, bytes, 9);
            block = realloc(block, bytes * 2);
            kept = kept && pattern_kept(block, bytes, 9);
            block = realloc(block, bytes / 2);
            kept = kept && pattern_kept(block, bytes / 2, 9);
            free(block);
        }
    }
    return verdict(kept);
}

static void *realloc_elsewhere(void *block) {
    void *moved = realloc(block, 90000);
    return keep(moved);
}

static const char *realloc_in_another_thread_keeps_contents(void) {
    bool kept = true;
    for (size_t bytes = 10; bytes <= 80000; bytes *= 2) {
        pthread_t thread;
        void *block = keep(malloc(bytes));
        pattern_fill(block, bytes, 5);
        pthread_create(&thread, NULL, realloc_elsewhere, block);
        pthread_join(thread, &block);
        kept = kept && pattern_kept(block, bytes, 5);
        free(block);
    }
    return verdict(kept);
}

static const char *realloc_keeps_errno_on_success(void) {
    bool kept = true;
    for (size_t bytes = 1; bytes <= 20 * MIB; bytes *= 3) {
        void *block = keep(malloc(bytes));
        mark_errno();
        block = keep(realloc(block, bytes * 2));
        block = keep(realloc(block, bytes / 2 + 1));
        kept = kept && errno == ERRNO_MARK;
        free(block);
    }
    return verdict(kept);
}

// A failed call must leave the block as it was: same contents, and it can still be freed.
static const char *failed_realloc(size_t bytes, size_t wanted) {
    void *block = keep(malloc(bytes));
    pattern_fill(block, bytes, 3);
    mark_errno();
    void *moved = keep(realloc(block, wanted));
    int error = errno;
    if (moved != NULL) {
        free(moved);
        return "block";
    }
    bool kept = pattern_kept(block, bytes, 3) && malloc_usable_size(block) >= bytes;
    free(block);
    return !kept ? "block lost" : error == ENOMEM ? "NULL, ENOMEM, block kept" : "NULL, errno";
}

static const char *realloc_above_ptrdiff_max_keeps_the_block(void) {
    return failed_realloc(100, veil((size_t)PTRDIFF_MAX + 1));
}

static const char *realloc_to_size_max_keeps_the_block(void) {
    return failed_realloc(100, veil(SIZE_MAX));
}

static const char *realloc_to_ptrdiff_max_keeps_the_block(void) {
    return failed_realloc(5000, veil((size_t)PTRDIFF_MAX));
}

static const char *realloc_of_a_big_block_to_size_max_keeps_it(void) {
    return failed_realloc(30 * MIB, veil(SIZE_MAX - 4095));
}

static const char *realloc_of_a_big_block_to_ptrdiff_max_keeps_it(void) {
    return failed_realloc(30 * MIB, veil((size_t)PTRDIFF_MAX - 4095));
}

static const char *realloc_of_null_above_ptrdiff_max_is_enomem(void) {
    mark_errno();
    return outcome(realloc(keep(NULL), veil((size_t)PTRDIFF_MAX + 1)));
}

static const char *reallocarray_of_null_allocates(void) {
    mark_errno();
    return outcome(reallocarray(keep(NULL), veil(10), veil(10)));
}

static const char *reallocarray_of_null_to_zero_gives_a_block(void) {
    mark_errno();
    return outcome(reallocarray(keep(NULL), veil(0), veil(10)));
}

static const char *reallocarray_to_zero_gives_null(void) {
    void *block = keep(malloc(veil(100)));
    mark_errno();
    return outcome(reallocarray(block, veil(0), veil(10)));
}

static const char *reallocarray_overflow_is_enomem(void) {
    mark_errno();
    return outcome(reallocarray(keep(NULL), veil(SIZE_MAX / 2 + 1), veil(2)));
}

static const char *reallocarray_above_ptrdiff_max_is_enomem(void) {
    mark_errno();
    return outcome(reallocarray(keep(NULL), veil((size_t)PTRDIFF_MAX / 4 + 1), veil(4)));
}

static const char *reallocarray_overflow_keeps_the_block(void) {
    void *block = keep(malloc(veil(500)));
    pattern_fill(block, 500, 4);
    // Passed through keep: gcc does not know that a failed reallocarray frees nothing.
    void *moved = reallocarray(keep(block), veil(SIZE_MAX / 4 + 2), veil(4));
    if (keep(moved) != NULL) {
        return "block";
    }
    bool kept = pattern_kept(block, 500, 4);
    free(block);
    return verdict(kept);
}

static const char *reallocarray_keeps_contents(void) {
    size_t held = 24;
    void *block = keep(malloc(held));
    bool kept = true;
    for (size_t count = 1; count <= 40000 && kept; count += count / 2 + 1) {
        pattern_fill(block, held, 6);
        block = reallocarray(block, count, 24);
        kept = pattern_kept(block, held < count * 24 ? held : count * 24, 6);
        held = count * 24;
    }
    free(block);
    return verdict(kept);
}

static const struct libc_case cases[] = {
    CASE(realloc_of_null_allocates, "block, errno kept"),
    CASE(realloc_of_null_to_zero_gives_a_block, "block, errno kept"),
    CASE(realloc_to_zero_gives_null_and_keeps_errno, "NULL, errno kept"),
    CASE(realloc_of_a_big_block_to_zero_gives_null, "NULL, errno kept"),
    CASE(realloc_to_zero_frees, "holds"),
    CASE(realloc_grows_byte_by_byte, "holds"),
    CASE(realloc_shrinks_byte_by_byte, "holds"),
    CASE(realloc_grows_through_all_size_steps, "holds"),
    CASE(realloc_shrinks_through_all_size_steps, "holds"),
    CASE(realloc_moves_between_any_two_sizes, "holds"),
    CASE(realloc_of_huge_blocks_keeps_contents, "holds"),
    CASE(realloc_to_the_same_size_keeps_contents, "holds"),
    CASE(realloc_random_walk_keeps_contents, "holds"),
    CASE(realloc_beside_other_blocks_keeps_both, "holds"),
    CASE(realloc_of_an_aligned_block_keeps_contents, "holds"),
    CASE(realloc_in_another_thread_keeps_contents, "holds"),
    CASE(realloc_keeps_errno_on_success, "holds"),
    CASE(realloc_above_ptrdiff_max_keeps_the_block, "NULL, ENOMEM, block kept"),
    CASE(realloc_to_size_max_keeps_the_block, "NULL, ENOMEM, block kept"),
    CASE(realloc_to_ptrdiff_max_keeps_the_block, "NULL, ENOMEM, block kept"),
    CASE(realloc_of_a_big_block_to_size_max_keeps_it, "NULL, ENOMEM, block kept"),
    CASE(realloc_of_a_big_block_to_ptrdiff_max_keeps_it, "NULL, ENOMEM, block kept"),
    CASE(realloc_of_null_above_ptrdiff_max_is_enomem, "NULL, ENOMEM"),
    CASE(reallocarray_of_null_allocates, "block, errno kept"),
    CASE(reallocarray_of_null_to_zero_gives_a_block, "block, errno kept"),
    CASE(reallocarray_to_zero_gives_null, "NULL, errno kept"),
    CASE(reallocarray_overflow_is_enomem, "NULL, ENOMEM"),
    CASE(reallocarray_above_ptrdiff_max_is_enomem, "NULL, ENOMEM"),
    CASE(reallocarray_overflow_keeps_the_block, "holds"),
    CASE(reallocarray_keeps_contents, "holds"),
};

const struct case_group group_realloc = GROUP(cases);
