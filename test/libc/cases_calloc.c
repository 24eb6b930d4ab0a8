// calloc: zero memory, also where dirty blocks were freed just before, and overflow.

#include "cases.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const size_t MIB = (size_t)1 << 20;

static const char *calloc_gives_a_block_and_keeps_errno(void) {
    mark_errno();
    return outcome(calloc(veil(10), veil(10)));
}

static const char *calloc_of_a_big_block_keeps_errno(void) {
    mark_errno();
    return outcome(calloc(veil(64), MIB));
}

static const char *calloc_of_no_elements_gives_a_block(void) {
    mark_errno();
    return outcome(calloc(veil(0), veil(16)));
}

static const char *calloc_of_empty_elements_gives_a_block(void) {
    mark_errno();
    return outcome(calloc(veil(16), veil(0)));
}

static const char *calloc_zero_blocks_are_unique(void) {
    void *first = keep(calloc(veil(0), veil(0)));
    void *second = keep(calloc(veil(0), veil(0)));
    bool unique = first != NULL && second != NULL && first != second;
    free(first);
    free(second);
    return verdict(unique);
}

static const char *calloc_of_zero_times_size_max_gives_a_block(void) {
    mark_errno();
    return outcome(calloc(veil(0), veil(SIZE_MAX)));
}

static const char *calloc_is_zero_for_small_sizes(void) {
    for (size_t bytes = 1; bytes <= 5000; bytes++) {
        unsigned char *block = calloc(1, bytes);
        bool zero = block != NULL && all_zero(block, bytes);
        memset(block, 255, bytes);
        free(block);
        if (!zero) {
            return verdict(false);
        }
    }
    return verdict(true);
}

static const char *calloc_is_zero_for_large_sizes(void) {
    for (size_t bytes = 5000; bytes <= 12 * MIB; bytes += bytes / 9 + 1) {
        unsigned char *block = calloc(bytes, 1);
        bool zero = block != NULL && all_zero(block, bytes);
        memset(block, 255, bytes);
        free(block);
        if (!zero) {
            return verdict(false);
        }
    }
    return verdict(true);
}

// Dirties many blocks of one size, frees them in an order of its own, and takes them all again.
static bool zero_after_dirty(size_t bytes, size_t count) {
    void *blocks[64];
    for (size_t i = 0; i < count; i++) {
        blocks[i] = keep(malloc(bytes));
        memset(blocks[i], 0xA5, bytes);
    }
    for (size_t i = 0; i < count; i++) {
        free(blocks[(i * 7 + 3) % count]);
    }
    bool zero = true;
    for (size_t i = 0; i < count; i++) {
        blocks[i] = keep(calloc(1, bytes));
        zero = zero && blocks[i] != NULL && all_zero(blocks[i], bytes);
    }
    for (size_t i = 0; i < count; i++) {
        free(blocks[i]);
    }
    return zero;
}

static const char *calloc_is_zero_after_dirty_small_blocks(void) {
    bool zero = true;
    for (size_t bytes = 1; bytes <= 2048; bytes++) {
        zero = zero && zero_after_dirty(bytes, 64);
    }
    return verdict(zero);
}

static const char *calloc_is_zero_after_dirty_medium_blocks(void) {
    bool zero = true;
    for (size_t bytes = 2048; bytes <= MIB / 2; bytes += bytes / 6 + 1) {
        zero = zero && zero_after_dirty(bytes, 16);
    }
    return verdict(zero);
}

static const char *calloc_is_zero_after_dirty_big_blocks(void) {
    bool zero = true;
    for (size_t bytes = MIB / 2; bytes <= 8 * MIB; bytes += bytes / 2 + 1) {
        zero = zero && zero_after_dirty(bytes, 4);
    }
    return verdict(zero);
}

// The dirty memory is one block, the zero blocks are many and smaller, and the other way round.
static const char *calloc_is_zero_in_memory_cut_anew(void) {
    bool zero = true;
    for (size_t round = 0; round < 30; round++) {
        void *big = keep(malloc(2 * MIB + round * 4096));
        memset(big, 0x5A, 2 * MIB);
        free(big);
        zero = zero && zero_after_dirty(300 + round * 1111, 64);
        void *again = keep(calloc(2, MIB));
        zero = zero && all_zero(again, 2 * MIB);
        free(again);
    }
    return verdict(zero);
}

static const char *calloc_is_zero_up_to_the_element(void) {
    bool zero = true;
    for (size_t count = 1; count <= 400; count++) {
        unsigned char *block = calloc(count, 37);
        zero = zero && block != NULL && all_zero(block, count * 37);
        memset(block, 1, count * 37);
        free(block);
    }
    return verdict(zero);
}

static const char *calloc_aligns_to_16(void) {
    bool good = true;
    for (size_t bytes = 0; bytes <= 4 * MIB; bytes += bytes / 64 + 1) {
        void *block = keep(calloc(1, bytes));
        good = good && block != NULL && is_aligned(block, 16);
        free(block);
    }
    return verdict(good);
}

static const char *calloc_overflow_is_enomem(void) {
    mark_errno();
    return outcome(calloc(veil(SIZE_MAX), veil(2)));
}

static const char *calloc_overflow_to_zero_is_enomem(void) {
    mark_errno();
    return outcome(calloc(veil(SIZE_MAX / 2 + 1), veil(2)));
}

static const char *calloc_overflow_to_a_small_size_is_enomem(void) {
    const size_t half = (size_t)1 << (sizeof(size_t) * 4);
    mark_errno();
    return outcome(calloc(veil(half + 1), veil(half)));
}

static const char *calloc_of_the_square_of_half_the_bits_is_enomem(void) {
    const size_t half = (size_t)1 << (sizeof(size_t) * 4);
    mark_errno();
    return outcome(calloc(veil(half), veil(half)));
}

static const char *calloc_above_ptrdiff_max_is_enomem(void) {
    mark_errno();
    return outcome(calloc(veil(1), veil((size_t)PTRDIFF_MAX + 1)));
}

static const char *calloc_product_above_ptrdiff_max_is_enomem(void) {
    mark_errno();
    return outcome(calloc(veil((size_t)PTRDIFF_MAX / 4 + 1), veil(4)));
}

static const char *calloc_overflow_is_enomem_for_many_factors(void) {
    for (size_t count = 3; count < SIZE_MAX / 7; count = count * 5 + 1) {
        mark_errno();
        void *block = keep(calloc(veil(count), veil(SIZE_MAX / count + 1)));
        if (block != NULL || errno != ENOMEM) {
            return verdict(false);
        }
    }
    return verdict(true);
}

static const char *calloc_does_not_touch_fresh_memory(void) {
    size_t before = resident_bytes();
    void *block = keep(calloc(veil(256), MIB));
    bool untouched = block != NULL && resident_bytes() <= before + 8 * MIB;
    free(block);
    return verdict(untouched);
}

static const struct libc_case cases[] = {
    CASE(calloc_gives_a_block_and_keeps_errno, "block, errno kept"),
    CASE(calloc_of_a_big_block_keeps_errno, "block, errno kept"),
    CASE(calloc_of_no_elements_gives_a_block, "block, errno kept"),
    CASE(calloc_of_empty_elements_gives_a_block, "block, errno kept"),
    CASE(calloc_zero_blocks_are_unique, "holds"),
    CASE(calloc_of_zero_times_size_max_gives_a_block, "block, errno kept"),
    CASE(calloc_is_zero_for_small_sizes, "holds"),
    CASE(calloc_is_zero_for_large_sizes, "holds"),
    CASE(calloc_is_zero_after_dirty_small_blocks, "holds"),
    CASE(calloc_is_zero_after_dirty_medium_blocks, "holds"),
    CASE(calloc_is_zero_after_dirty_big_blocks, "holds"),
    CASE(calloc_is_zero_in_memory_cut_anew, "holds"),
    CASE(calloc_is_zero_up_to_the_element, "holds"),
    CASE(calloc_aligns_to_16, "holds"),
    CASE(calloc_overflow_is_enomem, "NULL, ENOMEM"),
    CASE(calloc_overflow_to_zero_is_enomem, "NULL, ENOMEM"),
    CASE(calloc_overflow_to_a_small_size_is_enomem, "NULL, ENOMEM"),
    CASE(calloc_of_the_square_of_half_the_bits_is_enomem, "NULL, ENOMEM"),
    CASE(calloc_above_ptrdiff_max_is_enomem, "NULL, ENOMEM"),
    CASE(calloc_product_above_ptrdiff_max_is_enomem, "NULL, ENOMEM"),
    CASE(calloc_overflow_is_enomem_for_many_factors, "holds"),
    CASE(calloc_does_not_touch_fresh_memory, "holds"),
};

const struct case_group group_calloc = GROUP(cases);
