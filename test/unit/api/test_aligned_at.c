#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "ashlar/ashlar.h"
#include "base/config.h"
#include "os_fake.h"
#include "platform/os.h"
#include "players.h"
#include "supply/huge.h"
#include "supply/region.h"
#include "supply/run.h"
#include "supply/store.h"
#include "support.h"

enum { UNTOUCHED = 77 };

static void expect_placed(const void *block, size_t align, size_t offset) {
    expect(block != NULL);
    expect_equal(((uintptr_t)block + offset) & (align - 1), 0);
}

// Takes, uses to the last byte, and frees.
static void try_one(size_t bytes, size_t align, size_t offset) {
    unsigned char *block = ash_malloc_aligned_at(bytes, align, offset);
    expect_placed(block, align, offset);
    size_t usable = ash_usable_size(block);
    expect(usable >= bytes && usable > 0);
    block[0] = 1;
    block[usable - 1] = 1;
    ash_free(block);
}

CLAIM(every_offset_is_met) {
    player_enter(0);
    for (size_t offset = 0; offset <= 4097; offset++) {
        for (size_t align = 1; align <= 8192; align *= 2) {
            try_one(100, align, offset);
        }
    }
    players_expect_all_free();
    expect_equal(ash_heap_bytes(ash_heap_main()), 0);
}

CLAIM(every_alignment_is_met) {
    player_enter(0);
    const size_t offsets[] = {1, 8, 24, 4096, 4097, ASH_SLICE_BYTES + 8, ASH_UNIT_BYTES - 1};
    const size_t sizes[] = {0, 1, ASH_BLOCK_MAX, ASH_SLICE_BYTES, ASH_UNIT_BYTES + 1};
    for (size_t align = 1; align <= (size_t)1 << 28; align *= 2) {
        for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
            for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
                try_one(sizes[j], align, offsets[i]);
            }
        }
    }
    players_expect_all_free();
}

CLAIM(blocks_above_a_run_are_huge_and_whole) {
    player_enter(0);
    size_t page = ash_os_page_bytes();
    for (size_t offset = 1; offset < 2 * page; offset += 511) {
        try_one((size_t)ASH_RUN_MAX + 1, 2 * page, offset);
        try_one((size_t)ASH_RUN_MAX + offset, ASH_UNIT_BYTES, offset);
        expect_equal(ash_heap_bytes(ash_heap_main()), 0);
    }
    players_expect_all_free();
}

CLAIM(slices_before_the_block_are_given_back) {
    player_enter(0);
    size_t align = ASH_UNIT_BYTES;
    size_t offset = ASH_UNIT_BYTES / 2 + 8;  // half a unit behind an aligned place, less 8
    char *block = ash_malloc_aligned_at(100, align, offset);
    expect_placed(block, align, offset);
    struct ash_record *run = ash_record_of(block);
    expect_equal(run->kind, ASH_KIND_RUN);
    expect_equal(run->slices, 2);
    expect_equal(run->lead, ASH_SLICE_BYTES - 8);
    expect_equal(ash_store_measure().free_bytes + 2 * ASH_SLICE_BYTES,
                 ash_store_measure().active_bytes);
    ash_free(block);
    players_expect_all_free();
}

CLAIM(an_offset_that_is_a_multiple_costs_nothing) {
    player_enter(0);
    void *block = ash_malloc_aligned_at(64, 64, 128);
    expect_equal(ash_record_first(block)->kind, ASH_KIND_SPAN);
    ash_free(block);
}

CLAIM(a_block_grows_and_shrinks_where_it_is) {
    player_enter(0);
    char *block = ash_malloc_aligned_at(ASH_SLICE_BYTES, 64, 8);
    strcpy(block, "kept");
    char *larger = ash_realloc_aligned_at(block, 3 * ASH_SLICE_BYTES, 64, 8);
    expect(larger == block);
    expect(ash_usable_size(larger) >= 3 * ASH_SLICE_BYTES);
    larger[3 * ASH_SLICE_BYTES - 1] = 1;
    expect(ash_realloc(block, ASH_SLICE_BYTES - 100) == block);
    expect(ash_expand(block, 2 * ASH_SLICE_BYTES) == block);
    expect_text(block, "kept");
    ash_free(block);
    players_expect_all_free();
}

CLAIM(a_huge_block_keeps_its_place_when_it_moves) {
    player_enter(0);
    size_t page = ash_os_page_bytes();
    os_fake_set_remap_moves(true);
    char *block = ash_malloc_aligned_at((size_t)ASH_RUN_MAX + 1, page, 24);
    strcpy(block, "kept");
    char *moved = ash_rezalloc_aligned_at(block, 2 * (size_t)ASH_RUN_MAX, page, 24);
    expect_placed(moved, page, 24);
    expect(moved != block);
    expect_text(moved, "kept");
    for (size_t i = ash_usable_size(moved) - page; i < ash_usable_size(moved); i++) {
        expect_equal(moved[i], 0);
    }
    ash_free(moved);
    players_expect_all_free();
}

CLAIM(no_memory_is_enomem_at_every_call_of_the_system) {
    player_enter(0);
    ash_free(ash_malloc(1));
    const size_t sizes[] = {100, (size_t)ASH_RUN_MAX + 1};
    for (size_t i = 0; i < 2; i++) {
        for (uint64_t nth = 1; nth < 8; nth++) {
            os_fake_fail_from(OS_FAKE_ANY, nth);
            errno = UNTOUCHED;
            void *block = ash_zalloc_aligned_at(sizes[i], ASH_UNIT_BYTES * 2, 8);
            expect_equal(errno, block == NULL ? ENOMEM : UNTOUCHED);
            os_fake_fail_never();
            ash_free(block);
        }
    }
    players_expect_all_free();
}

CLAIM(a_failed_resize_leaves_the_block) {
    player_enter(0);
    char *block = ash_malloc_aligned_at(1000, 64, 8);
    strcpy(block, "kept");
    os_fake_fail_from(OS_FAKE_ANY, 1);
    os_fake_set_quiet(true);
    errno = UNTOUCHED;
    expect(ash_realloc_aligned_at(block, 3 * (size_t)ASH_RUN_MAX, 64, 8) == NULL);
    expect_equal(errno, ENOMEM);
    errno = UNTOUCHED;
    char *smaller = ash_realloc_aligned_at(block, 10, 64, 8);  // with large pages it may move
    expect(smaller != NULL);
    expect_equal(errno, UNTOUCHED);
    expect_text(smaller, "kept");
    os_fake_fail_never();
    ash_free(smaller);
    players_expect_all_free();
}

DEATH(the_start_of_the_slice_is_not_the_block) {
    player_enter(0);
    char *block = ash_malloc_aligned_at(100, 64, 8);
    char *start = ash_record_start(ash_record_of(block));
    expect(start != block);
    last_words("ASH103: free of %p: it does not point to the start of a block...", (void *)start);
    ash_free(start);
}

DEATH(a_second_free_is_found) {
    player_enter(0);
    void *block = ash_malloc_aligned_at(100, 64, 8);
    ash_free(block);
    last_words("ASH102: free of %p: no block lives there (freed before?)...", block);
    ash_free(block);
}

DEATH(resizing_what_is_no_block_ends_the_process) {
    player_enter(0);
    char *block = ash_malloc(100);
    last_words("ASH103: realloc of %p: it does not point to the start...", (void *)(block + 8));
    expect(ash_realloc_aligned(block + 8, 100, 64) != NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_offset_is_met),
        cmocka_unit_test(every_alignment_is_met),
        cmocka_unit_test(blocks_above_a_run_are_huge_and_whole),
        cmocka_unit_test(slices_before_the_block_are_given_back),
        cmocka_unit_test(an_offset_that_is_a_multiple_costs_nothing),
        cmocka_unit_test(a_block_grows_and_shrinks_where_it_is),
        cmocka_unit_test(a_huge_block_keeps_its_place_when_it_moves),
        cmocka_unit_test(no_memory_is_enomem_at_every_call_of_the_system),
        cmocka_unit_test(a_failed_resize_leaves_the_block),
        cmocka_unit_test(the_start_of_the_slice_is_not_the_block),
        cmocka_unit_test(a_second_free_is_found),
        cmocka_unit_test(resizing_what_is_no_block_ends_the_process),
    };
    return RUN_TESTS(tests);
}
