// Alignments from 1 to 1 GiB and offsets from 0 to beyond a page, by the public functions; what
// the store makes of them is in test/unit/api/test_aligned_at.c.

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include <ashlar/ashlar.h>

#include "../guard/guarded.h"
#include "support.h"

enum { UNTOUCHED = 77, BLOCKS = 64 };

static bool is_placed(const void *block, size_t align, size_t offset) {
    return (((uintptr_t)block + offset) & (align - 1)) == 0;
}

// A 32-bit address space may have no place for the largest.
static void expect_good(void *block, size_t bytes, size_t align, size_t offset) {
    if (block == NULL && sizeof(size_t) == 4 && align >= (size_t)1 << 28) {
        expect_equal(errno, ENOMEM);
        errno = UNTOUCHED;
        return;
    }
    expect(block != NULL);
    expect(is_placed(block, align, offset));
    size_t usable = ash_usable_size(block);
    expect(usable >= bytes);
    *(char *)block = 1;
    ((char *)block)[usable - 1] = 1;
    ash_free(block);
    expect_equal(errno, UNTOUCHED);
}

CLAIM(alignments_up_to_a_gibibyte) {
    const size_t sizes[] = {0, 1, 24, 4096, 100000, 3 << 20, 40 << 20};
    const size_t offsets[] = {0, 1, 8, 16, 4096, 4097, 70000, SIZE_MAX};
    errno = UNTOUCHED;
    for (size_t align = 1; align <= (size_t)1 << 30; align *= 2) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            expect_good(ash_malloc_aligned(sizes[i], align), sizes[i], align, 0);
            for (size_t j = 0; j < sizeof offsets / sizeof offsets[0]; j++) {
                expect_good(ash_malloc_aligned_at(sizes[i], align, offsets[j]), sizes[i], align,
                            offsets[j]);
            }
        }
    }
}

CLAIM(offsets_from_1_to_4097) {
    errno = UNTOUCHED;
    for (size_t offset = 1; offset <= 4097; offset++) {
        size_t align = (size_t)1 << offset % 14;
        expect_good(ash_malloc_aligned_at(offset, align, offset), offset, align, offset);
        expect_good(ash_zalloc_aligned_at(100, 4096, offset), 100, 4096, offset);
        expect_good(ash_realloc_aligned_at(ash_malloc(50), offset, align, offset), offset, align,
                    offset);
    }
}

CLAIM(no_power_of_two_is_einval) {
    const size_t wrong[] = {0, 3, 24, 48, 4097, SIZE_MAX, SIZE_MAX / 2};
    char *block = ash_strdup("kept");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        void *const refused[] = {
            (errno = 0, ash_malloc_aligned(10, wrong[i])),
            ash_malloc_aligned_at(10, wrong[i], 8),
            ash_zalloc_aligned(10, wrong[i]),
            ash_calloc_aligned(10, 10, wrong[i]),
            ash_realloc_aligned(block, 10, wrong[i]),
            ash_realloc_aligned(block, 0, wrong[i]),
            ash_realloc_aligned_at(NULL, 10, wrong[i], 8),
            ash_rezalloc_aligned(block, 10, wrong[i]),
            ash_recalloc_aligned_at(block, 10, 10, wrong[i], 8),
            ash_umalloc_aligned(10, wrong[i], NULL),
        };
        for (size_t j = 0; j < sizeof refused / sizeof refused[0]; j++) {
            expect(refused[j] == NULL);
        }
        expect_equal(errno, EINVAL);
    }
    expect_text(block, "kept");
    ash_free(block);
}

CLAIM(an_alignment_beyond_all_memory_is_enomem) {
    errno = 0;
    expect(ash_malloc_aligned(10, SIZE_MAX / 2 + 1) == NULL);
    expect_equal(errno, ENOMEM);
    errno = 0;
    expect(ash_malloc_aligned_at(10, SIZE_MAX / 2 + 1, 8) == NULL);
    expect_equal(errno, ENOMEM);
}

CLAIM(contents_survive_every_change_of_place) {
    struct sequence random = sequence_from(7);
    unsigned char *block = NULL;
    size_t held = 0;
    for (int step = 0; step < 4000; step++) {
        size_t bytes = 1 + sequence_below(&random, (size_t)1 << (4 + sequence_below(&random, 18)));
        size_t align = (size_t)1 << sequence_below(&random, 17);
        size_t offset = sequence_below(&random, 2) ? sequence_below(&random, 5000) : 0;
        block = ash_realloc_aligned_at(block, bytes, align, offset);
        expect(block != NULL && is_placed(block, align, offset));
        expect(ash_usable_size(block) >= bytes);
        for (size_t i = 0; i < held && i < bytes; i += 1 + i / 8) {
            expect_equal(block[i], (unsigned char)(i * 7));
        }
        for (size_t i = 0; i < bytes; i++) {
            block[i] = (unsigned char)(i * 7);
        }
        held = bytes;
    }
    expect(ash_realloc_aligned(block, 0, 64) == NULL);
}

CLAIM(a_block_that_fits_stays) {
    char *block = ash_malloc_aligned_at(1000, 256, 8);
    if (!guarded_is(block)) {
        expect(ash_realloc_aligned_at(block, 900, 256, 8) == block);
        expect(ash_realloc_aligned_at(block, 10, 256, 8) == block);
    }
    ash_free(block);
    block = ash_malloc_aligned(1000, 256);
    if (!guarded_is(block)) {
        expect(ash_realloc_aligned(block, 1010, 256) == block);
    }
    ash_free(block);
}

static void *blocks[BLOCKS];

static void *free_all(void *argument) {
    for (int i = 0; i < BLOCKS; i++) {
        ash_free(blocks[i]);
    }
    return argument;
}

CLAIM(another_thread_may_free_them) {
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < BLOCKS; i++) {
            blocks[i] = ash_malloc_aligned_at((size_t)i * 1000, 64, (size_t)i);
            expect(blocks[i] != NULL);
        }
        pthread_t thread;
        expect(pthread_create(&thread, NULL, free_all, NULL) == 0);
        expect(pthread_join(thread, NULL) == 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alignments_up_to_a_gibibyte),
        cmocka_unit_test(offsets_from_1_to_4097),
        cmocka_unit_test(no_power_of_two_is_einval),
        cmocka_unit_test(an_alignment_beyond_all_memory_is_enomem),
        cmocka_unit_test(contents_survive_every_change_of_place),
        cmocka_unit_test(a_block_that_fits_stays),
        cmocka_unit_test(another_thread_may_free_them),
    };
    return RUN_TESTS(tests);
}
