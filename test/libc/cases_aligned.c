// aligned_alloc and posix_memalign: alignments up to 64 MiB, errors, sizes that are no multiple.

#define _GNU_SOURCE
#include "cases.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const size_t MIB = (size_t)1 << 20;

static const char *aligned_alloc_gives_a_block_and_keeps_errno(void) {
    mark_errno();
    return outcome(aligned_alloc(veil(64), veil(128)));
}

static const char *aligned_alloc_of_zero_bytes_gives_a_block(void) {
    mark_errno();
    return outcome(aligned_alloc(veil(64), veil(0)));
}

// Several blocks of each size, so that the second is not aligned by luck.
static bool aligned_and_writable(size_t align, size_t bytes) {
    void *blocks[4];
    bool good = true;
    for (unsigned i = 0; i < 4; i++) {
        blocks[i] = aligned_alloc(align, bytes);
        good = good && keep(blocks[i]) != NULL && is_aligned(blocks[i], align);
        if (blocks[i] != NULL) {
            pattern_fill(blocks[i], bytes, i);
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        good = good && pattern_kept(blocks[i], bytes, i);
        free(blocks[i]);
    }
    return good;
}

static const char *aligned_alloc_aligns_to_every_power_up_to_1_mib(void) {
    bool good = true;
    for (size_t align = 1; align <= MIB; align *= 2) {
        for (size_t bytes = 1; bytes <= 300000; bytes *= 7) {
            good = good && aligned_and_writable(align, bytes);
        }
    }
    return verdict(good);
}

static const char *aligned_alloc_aligns_up_to_64_mib(void) {
    bool good = true;
    for (size_t align = 2 * MIB; align <= 64 * MIB; align *= 2) {
        good = good && aligned_and_writable(align, 1) && aligned_and_writable(align, 3 * MIB);
    }
    return verdict(good);
}

static const char *aligned_alloc_takes_a_size_that_is_no_multiple(void) {
    mark_errno();
    return outcome(aligned_alloc(veil(4096), veil(10)));
}

static const char *aligned_alloc_of_alignment_one_aligns_to_16(void) {
    bool good = true;
    for (size_t bytes = 0; bytes <= 3000; bytes++) {
        void *block = keep(aligned_alloc(veil(1), bytes));
        good = good && block != NULL && is_aligned(block, 16);
        free(block);
    }
    return verdict(good);
}

static const char *aligned_alloc_of_alignment_three(void) {
    mark_errno();
    return outcome(aligned_alloc(veil(3), veil(48)));
}

static const char *aligned_alloc_of_alignment_96(void) {
    mark_errno();
    return outcome(aligned_alloc(veil(96), veil(96)));
}

static const char *aligned_alloc_of_alignment_zero(void) {
    mark_errno();
    return outcome(aligned_alloc(veil(0), veil(48)));
}

static const char *aligned_alloc_of_alignment_size_max_is_einval(void) {
    mark_errno();
    return outcome(aligned_alloc(veil(SIZE_MAX), veil(1)));
}

static const char *aligned_alloc_of_the_largest_alignment_is_enomem(void) {
    mark_errno();
    return outcome(aligned_alloc(veil(SIZE_MAX / 2 + 1), veil(1)));
}

static const char *aligned_alloc_above_ptrdiff_max_is_enomem(void) {
    mark_errno();
    return outcome(aligned_alloc(veil(64), veil((size_t)PTRDIFF_MAX + 1)));
}

static const char *aligned_alloc_of_size_max_is_enomem(void) {
    for (size_t align = 1; align <= 4 * MIB; align *= 2) {
        mark_errno();
        if (keep(aligned_alloc(veil(align), veil(SIZE_MAX - align + 1))) || errno != ENOMEM) {
            return verdict(false);
        }
    }
    return verdict(true);
}

static const char *aligned_blocks_know_their_usable_size(void) {
    bool good = true;
    for (size_t align = 16; align <= 4 * MIB; align *= 2) {
        for (size_t bytes = 0; bytes <= 100000; bytes = bytes * 3 + 1) {
            void *block = keep(aligned_alloc(align, bytes));
            size_t usable = malloc_usable_size(block);
            good = good && usable >= bytes;
            memset(block, 7, usable);
            free(block);
        }
    }
    return verdict(good);
}

static const char *aligned_blocks_among_plain_ones_stay_apart(void) {
    enum { COUNT = 400 };
    static void *blocks[COUNT];
    bool kept = true;
    for (unsigned i = 0; i < COUNT; i++) {
        blocks[i] = i % 2 ? malloc(i) : aligned_alloc((size_t)16 << (i % 9), i);
        pattern_fill(blocks[i], i, i);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        kept = kept && pattern_kept(blocks[i], i, i);
        free(blocks[i]);
    }
    return verdict(kept);
}

// The stored pointer must still be this one after a call that fails.
static char untouched;

static const char *posix_memalign_outcome(size_t align, size_t bytes) {
    void *block = &untouched;
    mark_errno();
    int error = posix_memalign(&block, align, bytes);
    bool errno_kept = errno == ERRNO_MARK;
    if (error == 0) {
        bool good = keep(block) != NULL && is_aligned(block, align);
        free(block);
        return !errno_kept ? "block, errno changed" : good ? "block, errno kept" : "bad block";
    }
    if (block != &untouched) {
        return "error, pointer overwritten";
    }
    return error == EINVAL ? "EINVAL" : error == ENOMEM ? "ENOMEM" : "another error";
}

static const char *posix_memalign_gives_a_block_and_keeps_errno(void) {
    return posix_memalign_outcome(veil(64), veil(100));
}

static const char *posix_memalign_of_zero_bytes_gives_a_block(void) {
    return posix_memalign_outcome(veil(64), veil(0));
}

static const char *posix_memalign_of_zero_alignment_is_einval(void) {
    return posix_memalign_outcome(veil(0), veil(100));
}

static const char *posix_memalign_below_pointer_size_is_einval(void) {
    return posix_memalign_outcome(veil(sizeof(void *) / 2), veil(100));
}

static const char *posix_memalign_of_no_power_of_two_is_einval(void) {
    return posix_memalign_outcome(veil(3 * sizeof(void *)), veil(100));
}

static const char *posix_memalign_of_size_max_alignment_is_einval(void) {
    return posix_memalign_outcome(veil(SIZE_MAX), veil(100));
}

static const char *posix_memalign_above_ptrdiff_max_is_enomem(void) {
    return posix_memalign_outcome(veil(64), veil((size_t)PTRDIFF_MAX + 1));
}

static const char *posix_memalign_of_size_max_is_enomem(void) {
    return posix_memalign_outcome(veil(sizeof(void *)), veil(SIZE_MAX));
}

static const char *posix_memalign_of_the_largest_alignment_is_enomem(void) {
    return posix_memalign_outcome(veil(SIZE_MAX / 2 + 1), veil(100));
}

static const char *posix_memalign_keeps_errno_when_it_fails(void) {
    void *block = NULL;
    mark_errno();
    int error = posix_memalign(&block, veil(64), veil(SIZE_MAX - 100));
    return verdict(error == ENOMEM && errno == ERRNO_MARK);
}

static const char *posix_memalign_keeps_errno_on_einval(void) {
    void *block = NULL;
    mark_errno();
    int error = posix_memalign(&block, veil(3), veil(100));
    return verdict(error == EINVAL && errno == ERRNO_MARK);
}

static const char *posix_memalign_aligns_to_every_power_up_to_64_mib(void) {
    for (size_t align = sizeof(void *); align <= 64 * MIB; align *= 2) {
        if (strcmp(posix_memalign_outcome(align, align / 3 + 1), "block, errno kept") != 0) {
            return verdict(false);
        }
    }
    return verdict(true);
}

static const struct libc_case cases[] = {
    CASE(aligned_alloc_gives_a_block_and_keeps_errno, "block, errno kept"),
    CASE(aligned_alloc_of_zero_bytes_gives_a_block, "block, errno kept"),
    CASE(aligned_alloc_aligns_to_every_power_up_to_1_mib, "holds"),
    CASE(aligned_alloc_aligns_up_to_64_mib, "holds"),
    CASE(aligned_alloc_takes_a_size_that_is_no_multiple, "block, errno kept"),
    CASE(aligned_alloc_of_alignment_one_aligns_to_16, "holds"),
    CASE(aligned_alloc_of_alignment_three, "NULL, EINVAL"),
    CASE(aligned_alloc_of_alignment_96, "NULL, EINVAL"),
    CASE(aligned_alloc_of_alignment_zero, "NULL, EINVAL"),
    CASE(aligned_alloc_of_alignment_size_max_is_einval, "NULL, EINVAL"),
    CASE(aligned_alloc_of_the_largest_alignment_is_enomem, "NULL, ENOMEM"),
    CASE(aligned_alloc_above_ptrdiff_max_is_enomem, "NULL, ENOMEM"),
    CASE(aligned_alloc_of_size_max_is_enomem, "holds"),
    CASE(aligned_blocks_know_their_usable_size, "holds"),
    CASE(aligned_blocks_among_plain_ones_stay_apart, "holds"),
    CASE(posix_memalign_gives_a_block_and_keeps_errno, "block, errno kept"),
    CASE(posix_memalign_of_zero_bytes_gives_a_block, "block, errno kept"),
    CASE(posix_memalign_of_zero_alignment_is_einval, "EINVAL"),
    CASE(posix_memalign_below_pointer_size_is_einval, "EINVAL"),
    CASE(posix_memalign_of_no_power_of_two_is_einval, "EINVAL"),
    CASE(posix_memalign_of_size_max_alignment_is_einval, "EINVAL"),
    CASE(posix_memalign_above_ptrdiff_max_is_enomem, "ENOMEM"),
    CASE(posix_memalign_of_size_max_is_enomem, "ENOMEM"),
    CASE(posix_memalign_of_the_largest_alignment_is_enomem, "ENOMEM"),
    CASE(posix_memalign_keeps_errno_when_it_fails, "holds"),
    CASE(posix_memalign_keeps_errno_on_einval, "holds"),
    CASE(posix_memalign_aligns_to_every_power_up_to_64_mib, "holds"),
};

const struct case_group group_aligned = GROUP(cases);
