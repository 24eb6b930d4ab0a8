// malloc, free, the C23 sized frees and malloc_usable_size.

#define _GNU_SOURCE
#include "cases.h"
#include "lookup.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const size_t MIB = (size_t)1 << 20;

static const char *errno_is_zero_when_main_starts(void) {
    return verdict(errno_at_start == 0);
}

static const char *malloc_gives_a_block_and_keeps_errno(void) {
    mark_errno();
    return outcome(malloc(veil(100)));
}

static const char *malloc_of_a_big_block_keeps_errno(void) {
    mark_errno();
    return outcome(malloc(veil(64 * MIB)));
}

static const char *malloc_zero_gives_a_block(void) {
    mark_errno();
    return outcome(malloc(veil(0)));
}

static const char *malloc_zero_blocks_are_unique(void) {
    enum { COUNT = 300 };
    static void *blocks[COUNT];
    bool unique = true;
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = keep(malloc(veil(0)));
        for (size_t j = 0; j < i; j++) {
            unique = unique && blocks[i] != blocks[j];
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        free(blocks[i]);
    }
    return verdict(unique);
}

static const char *malloc_aligns_small_sizes_to_16(void) {
    for (size_t bytes = 0; bytes <= 20000; bytes++) {
        void *first = keep(malloc(bytes));
        void *second = keep(malloc(bytes));
        bool good = first && second && is_aligned(first, 16) && is_aligned(second, 16);
        free(first);
        free(second);
        if (!good) {
            return verdict(false);
        }
    }
    return verdict(true);
}

static const char *malloc_aligns_large_sizes_to_16(void) {
    for (size_t bytes = 20000; bytes <= 64 * MIB; bytes += bytes / 16 + 1) {
        void *block = keep(malloc(bytes));
        if (block == NULL || !is_aligned(block, 16)) {
            return verdict(false);
        }
        free(block);
    }
    return verdict(true);
}

static const char *malloc_above_ptrdiff_max_is_enomem(void) {
    mark_errno();
    return outcome(malloc(veil((size_t)PTRDIFF_MAX + 1)));
}

static const char *malloc_of_ptrdiff_max_is_enomem(void) {
    mark_errno();
    return outcome(malloc(veil((size_t)PTRDIFF_MAX)));
}

static const char *malloc_of_size_max_is_enomem(void) {
    mark_errno();
    return outcome(malloc(veil(SIZE_MAX)));
}

static const char *malloc_near_size_max_is_enomem(void) {
    for (size_t below = 0; below <= 70000; below++) {
        mark_errno();
        void *block = keep(malloc(veil(SIZE_MAX - below)));
        if (block != NULL || errno != ENOMEM) {
            return verdict(false);
        }
    }
    return verdict(true);
}

static const char *malloc_near_ptrdiff_max_is_enomem(void) {
    for (size_t below = 0; below <= 5000; below++) {
        mark_errno();
        void *block = keep(malloc(veil((size_t)PTRDIFF_MAX - below)));
        if (block != NULL || errno != ENOMEM) {
            return verdict(false);
        }
    }
    return verdict(true);
}

static const char *malloc_works_after_a_failure(void) {
    for (int i = 0; i < 1000; i++) {
        keep(malloc(veil(SIZE_MAX / 2 + 1)));
    }
    mark_errno();
    return outcome(malloc(veil(1000)));
}

static const char *free_null_keeps_errno(void) {
    mark_errno();
    free(keep(NULL));
    return verdict(errno == ERRNO_MARK);
}

static bool free_keeps_errno(size_t bytes) {
    void *block = keep(malloc(bytes));
    pattern_fill(block, bytes, 1);
    mark_errno();
    free(block);
    return errno == ERRNO_MARK;
}

static const char *free_of_small_blocks_keeps_errno(void) {
    bool kept = true;
    for (size_t bytes = 0; bytes <= 70000; bytes += bytes / 8 + 1) {
        kept = kept && free_keeps_errno(bytes);
    }
    return verdict(kept);
}

static const char *free_of_big_blocks_keeps_errno(void) {
    bool kept = true;
    for (size_t bytes = MIB / 4; bytes <= 48 * MIB; bytes *= 2) {
        kept = kept && free_keeps_errno(bytes) && free_keeps_errno(bytes + 4097);
    }
    return verdict(kept);
}

static void *free_marked(void *block) {
    mark_errno();
    free(block);
    return (void *)(intptr_t)errno;
}

static const char *free_in_another_thread_keeps_errno(void) {
    const size_t sizes[] = {16, 1000, 40000, 3 * MIB, 40 * MIB};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        pthread_t thread;
        void *seen = NULL;
        pthread_create(&thread, NULL, free_marked, keep(malloc(sizes[i])));
        pthread_join(thread, &seen);
        if ((intptr_t)seen != ERRNO_MARK) {
            return verdict(false);
        }
    }
    return verdict(true);
}

static const char *free_of_a_big_block_gives_memory_back(void) {
    const size_t bytes = 64 * MIB;
    size_t before = resident_bytes();
    void *block = keep(malloc(bytes));
    memset(block, 1, bytes);
    bool used = resident_bytes() >= before + bytes;
    free(block);
    // A purge may come later than the free, but never later than malloc_trim.
    malloc_trim(0);
    return verdict(used && resident_bytes() <= before + 8 * MIB);
}

static const char *freed_memory_is_used_again(void) {
    size_t before = resident_bytes();
    for (size_t round = 0; round < 4000; round++) {
        size_t bytes = 1000 + round * 61;
        void *block = keep(malloc(bytes));
        memset(block, 1, bytes);
        free(block);
    }
    return verdict(resident_bytes() <= before + 24 * MIB);
}

static const char *free_sized_releases_a_block(void) {
    void (*free_sized)(void *, size_t) = lookup_all().free_sized;
    if (free_sized == NULL) {
        return "absent";
    }
    for (size_t bytes = 0; bytes <= 4 * MIB; bytes += bytes / 4 + 1) {
        mark_errno();
        free_sized(keep(malloc(bytes)), bytes);
        free_sized(keep(calloc(1, bytes)), bytes);
        if (errno != ERRNO_MARK) {
            return "errno changed";
        }
    }
    free_sized(NULL, veil(10));
    return "works";
}

static const char *free_aligned_sized_releases_a_block(void) {
    void (*free_aligned)(void *, size_t, size_t) = lookup_all().free_aligned_sized;
    if (free_aligned == NULL) {
        return "absent";
    }
    for (size_t align = 1; align <= MIB; align *= 2) {
        mark_errno();
        free_aligned(keep(aligned_alloc(align, 3 * align)), align, 3 * align);
        if (errno != ERRNO_MARK) {
            return "errno changed";
        }
    }
    free_aligned(NULL, veil(16), veil(16));
    return "works";
}

static const char *cfree_releases_a_block(void) {
    void (*cfree)(void *) = lookup_all().cfree;
    if (cfree == NULL) {
        return "absent";
    }
    cfree(keep(malloc(veil(100))));
    cfree(NULL);
    return "works";
}

static const char *libc_malloc_is_the_same_allocator(void) {
    void *(*libc_malloc)(size_t) = lookup_all().libc_malloc;
    if (libc_malloc == NULL) {
        return "absent";
    }
    void *block = keep(libc_malloc(veil(100)));
    bool known = malloc_usable_size(block) >= 100;
    free(block);
    return verdict(known);
}

static const char *usable_size_of_null_is_zero(void) {
    return verdict(malloc_usable_size(keep(NULL)) == 0);
}

static const char *usable_size_is_at_least_the_request(void) {
    for (size_t bytes = 0; bytes <= 32 * MIB; bytes += bytes / 32 + 1) {
        void *block = keep(malloc(bytes));
        bool enough = malloc_usable_size(block) >= bytes;
        free(block);
        if (!enough) {
            return verdict(false);
        }
    }
    return verdict(true);
}

static const char *usable_size_is_the_same_when_asked_again(void) {
    bool same = true;
    for (size_t bytes = 0; bytes <= MIB; bytes += bytes / 8 + 1) {
        void *block = keep(malloc(bytes));
        size_t usable = malloc_usable_size(block);
        memset(block, 255, usable);
        same = same && malloc_usable_size(block) == usable;
        free(block);
    }
    return verdict(same);
}

// Programs do write to all that malloc_usable_size promises, whatever the manual says.
static const char *usable_bytes_are_writable_and_private(void) {
    enum { COUNT = 600 };
    static unsigned char *blocks[COUNT];
    static size_t usable[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        blocks[i] = malloc((size_t)i * i % 40000);
        usable[i] = malloc_usable_size(blocks[i]);
        pattern_fill(blocks[i], usable[i], i);
    }
    bool kept = true;
    for (unsigned i = 0; i < COUNT; i++) {
        kept = kept && pattern_kept(blocks[i], usable[i], i);
        free(blocks[i]);
    }
    return verdict(kept);
}

static const struct libc_case cases[] = {
    CASE(errno_is_zero_when_main_starts, "holds"),
    CASE(malloc_gives_a_block_and_keeps_errno, "block, errno kept"),
    CASE(malloc_of_a_big_block_keeps_errno, "block, errno kept"),
    CASE(malloc_zero_gives_a_block, "block, errno kept"),
    CASE(malloc_zero_blocks_are_unique, "holds"),
    CASE(malloc_aligns_small_sizes_to_16, "holds"),
    CASE(malloc_aligns_large_sizes_to_16, "holds"),
    CASE(malloc_above_ptrdiff_max_is_enomem, "NULL, ENOMEM"),
    CASE(malloc_of_ptrdiff_max_is_enomem, "NULL, ENOMEM"),
    CASE(malloc_of_size_max_is_enomem, "NULL, ENOMEM"),
    CASE(malloc_near_size_max_is_enomem, "holds"),
    CASE(malloc_near_ptrdiff_max_is_enomem, "holds"),
    CASE(malloc_works_after_a_failure, "block, errno kept"),
    CASE(free_null_keeps_errno, "holds"),
    CASE(free_of_small_blocks_keeps_errno, "holds"),
    CASE(free_of_big_blocks_keeps_errno, "holds"),
    CASE(free_in_another_thread_keeps_errno, "holds"),
    CASE(free_of_a_big_block_gives_memory_back, "holds"),
    CASE(freed_memory_is_used_again, "holds"),
    CASE(free_sized_releases_a_block, "works"),
    CASE(free_aligned_sized_releases_a_block, "works"),
    CASE(cfree_releases_a_block, "works"),
    CASE(libc_malloc_is_the_same_allocator, "holds"),
    CASE(usable_size_of_null_is_zero, "holds"),
    CASE(usable_size_is_at_least_the_request, "holds"),
    CASE(usable_size_is_the_same_when_asked_again, "holds"),
    CASE(usable_bytes_are_writable_and_private, "holds"),
};

const struct case_group group_basic = GROUP(cases);
