// memalign, valloc and pvalloc, as glibc documents them.

#define _GNU_SOURCE
#include "cases.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static size_t page_bytes(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

static const char *memalign_gives_a_block_and_keeps_errno(void) {
    mark_errno();
    return outcome(memalign(veil(64), veil(100)));
}

static const char *memalign_of_zero_alignment_gives_a_block(void) {
    mark_errno();
    return outcome(memalign(veil(0), veil(100)));
}

static const char *memalign_of_zero_bytes_gives_a_block(void) {
    mark_errno();
    return outcome(memalign(veil(64), veil(0)));
}

static const char *memalign_rounds_the_alignment_up_to_a_power(void) {
    const size_t odd[] = {3, 5, 17, 24, 48, 100, 1000, 3000, 5000, 100000};
    bool good = true;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        size_t power = 1;
        while (power < odd[i]) {
            power *= 2;
        }
        for (size_t bytes = 1; bytes < 20000; bytes *= 5) {
            void *block = keep(memalign(odd[i], bytes));
            void *other = keep(memalign(odd[i], bytes));
            good = good && block != NULL && is_aligned(block, power) && is_aligned(other, power);
            free(block);
            free(other);
        }
    }
    return verdict(good);
}

static const char *memalign_of_size_max_alignment_is_einval(void) {
    mark_errno();
    return outcome(memalign(veil(SIZE_MAX), veil(100)));
}

static const char *memalign_above_the_largest_power_is_einval(void) {
    mark_errno();
    return outcome(memalign(veil(SIZE_MAX / 2 + 2), veil(100)));
}

static const char *memalign_of_the_largest_power_is_enomem(void) {
    mark_errno();
    return outcome(memalign(veil(SIZE_MAX / 2 + 1), veil(100)));
}

static const char *memalign_above_ptrdiff_max_is_enomem(void) {
    mark_errno();
    return outcome(memalign(veil(64), veil((size_t)PTRDIFF_MAX + 1)));
}

static const char *memalign_of_size_max_is_enomem(void) {
    mark_errno();
    return outcome(memalign(veil(4096), veil(SIZE_MAX)));
}

static const char *memalign_of_ptrdiff_max_and_padding_is_enomem(void) {
    mark_errno();
    return outcome(memalign(veil((size_t)1 << 20), veil((size_t)PTRDIFF_MAX - 100)));
}

static const char *valloc_aligns_to_the_page(void) {
    bool good = true;
    for (size_t bytes = 1; bytes <= 3000000; bytes = bytes * 3 + 1) {
        void *block = keep(valloc(bytes));
        void *other = keep(valloc(bytes));
        good = good && block != NULL && is_aligned(block, page_bytes());
        good = good && other != NULL && is_aligned(other, page_bytes());
        free(block);
        free(other);
    }
    return verdict(good);
}

static const char *valloc_keeps_errno(void) {
    mark_errno();
    return outcome(valloc(veil(100)));
}

static const char *valloc_of_zero_bytes_gives_a_block(void) {
    mark_errno();
    return outcome(valloc(veil(0)));
}

static const char *valloc_above_ptrdiff_max_is_enomem(void) {
    mark_errno();
    return outcome(valloc(veil((size_t)PTRDIFF_MAX + 1)));
}

static const char *valloc_of_size_max_is_enomem(void) {
    mark_errno();
    return outcome(valloc(veil(SIZE_MAX)));
}

static const char *pvalloc_gives_whole_pages(void) {
    const size_t page = page_bytes();
    bool good = true;
    for (size_t bytes = 1; bytes <= 300000; bytes = bytes * 2 + 1) {
        void *block = keep(pvalloc(bytes));
        size_t rounded = (bytes + page - 1) / page * page;
        good = good && block != NULL && is_aligned(block, page);
        good = good && malloc_usable_size(block) >= rounded;
        pattern_fill(block, rounded, 1);
        free(block);
    }
    return verdict(good);
}

static const char *pvalloc_keeps_errno(void) {
    mark_errno();
    return outcome(pvalloc(veil(100)));
}

static const char *pvalloc_of_zero_bytes_gives_a_block(void) {
    mark_errno();
    return outcome(pvalloc(veil(0)));
}

static const char *pvalloc_above_ptrdiff_max_is_enomem(void) {
    mark_errno();
    return outcome(pvalloc(veil((size_t)PTRDIFF_MAX + 1)));
}

// Rounding up to whole pages must not wrap around to a small size.
static const char *pvalloc_near_size_max_is_enomem(void) {
    for (size_t below = 0; below <= 2 * page_bytes(); below++) {
        mark_errno();
        if (keep(pvalloc(veil(SIZE_MAX - below))) != NULL || errno != ENOMEM) {
            return verdict(false);
        }
    }
    return verdict(true);
}

static const struct libc_case cases[] = {
    CASE(memalign_gives_a_block_and_keeps_errno, "block, errno kept"),
    CASE(memalign_of_zero_alignment_gives_a_block, "block, errno kept"),
    CASE(memalign_of_zero_bytes_gives_a_block, "block, errno kept"),
    CASE(memalign_rounds_the_alignment_up_to_a_power, "holds"),
    CASE(memalign_of_size_max_alignment_is_einval, "NULL, EINVAL"),
    CASE(memalign_above_the_largest_power_is_einval, "NULL, EINVAL"),
    CASE(memalign_of_the_largest_power_is_enomem, "NULL, ENOMEM"),
    CASE(memalign_above_ptrdiff_max_is_enomem, "NULL, ENOMEM"),
    CASE(memalign_of_size_max_is_enomem, "NULL, ENOMEM"),
    CASE(memalign_of_ptrdiff_max_and_padding_is_enomem, "NULL, ENOMEM"),
    CASE(valloc_aligns_to_the_page, "holds"),
    CASE(valloc_keeps_errno, "block, errno kept"),
    CASE(valloc_of_zero_bytes_gives_a_block, "block, errno kept"),
    CASE(valloc_above_ptrdiff_max_is_enomem, "NULL, ENOMEM"),
    CASE(valloc_of_size_max_is_enomem, "NULL, ENOMEM"),
    CASE(pvalloc_gives_whole_pages, "holds"),
    CASE(pvalloc_keeps_errno, "block, errno kept"),
    CASE(pvalloc_of_zero_bytes_gives_a_block, "block, errno kept"),
    CASE(pvalloc_above_ptrdiff_max_is_enomem, "NULL, ENOMEM"),
    CASE(pvalloc_near_size_max_is_enomem, "holds"),
};

const struct case_group group_memalign = GROUP(cases);
