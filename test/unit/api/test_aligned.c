#include <errno.h>
#include <stdint.h>

#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "base/config.h"
#include "os_fake.h"
#include "players.h"
#include "support.h"

enum { UNTOUCHED = 77 };

CLAIM(every_alignment_is_met_for_every_size) {
    player_enter(0);
    errno = UNTOUCHED;
    for (size_t align = 1; align <= 4 * (size_t)ASH_UNIT_BYTES; align *= 2) {
        for (size_t bytes = 0; bytes <= 3 * ASH_SLICE_BYTES; bytes += 1 + bytes / 2) {
            char *block = ash_aligned_alloc(align, bytes);
            expect(block != NULL);
            expect_equal((uintptr_t)block % ash_max(align, bytes < 16 ? 1 : 16), 0);
            expect(ash_usable_size(block) >= bytes);
            ash_free(block);
        }
    }
    expect_equal(errno, UNTOUCHED);
    players_expect_all_free();
}

CLAIM(neighbours_are_aligned_as_well) {
    player_enter(0);
    for (size_t align = 16; align <= ASH_BLOCK_MAX; align *= 2) {
        for (int i = 0; i < 40; i++) {
            char *block = ash_memalign(align, align / 4 * 3 + (size_t)i);
            expect(block != NULL);
            expect_equal((uintptr_t)block % align, 0);
        }
    }
}

CLAIM(a_processs_first_call_may_be_aligned) {
    player_enter(0);
    char *block = ash_aligned_alloc(4096, 100);
    expect(block != NULL);
    expect_equal((uintptr_t)block % 4096, 0);
}

CLAIM(bad_alignments_are_refused_by_name) {
    volatile size_t zero = 0;
    const size_t bad[] = {zero, 3, 24, SIZE_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        errno = UNTOUCHED;
        expect(ash_aligned_alloc(bad[i], 10) == NULL);
        expect_equal(errno, EINVAL);
        void *block = &errno;
        errno = UNTOUCHED;
        expect_equal(ash_posix_memalign(&block, bad[i], 10), EINVAL);
        expect(block == &errno);
        expect_equal(errno, UNTOUCHED);
    }
    void *block = NULL;
    expect_equal(ash_posix_memalign(&block, sizeof(void *) / 2, 10), EINVAL);
    expect_equal(ash_posix_memalign(&block, sizeof(void *), 10), 0);
    expect(block != NULL);
}

CLAIM(memalign_rounds_up_as_glibcs) {
    player_enter(0);
    expect_equal((uintptr_t)ash_memalign(3, 10) % 16, 0);
    expect_equal((uintptr_t)ash_memalign(100, 10) % 128, 0);
    expect(ash_memalign(0, 10) != NULL);
    errno = UNTOUCHED;
    expect(ash_memalign(SIZE_MAX, 10) == NULL);
    expect_equal(errno, EINVAL);
    errno = UNTOUCHED;
    expect(ash_memalign(SIZE_MAX / 2 + 1, 10) == NULL);
    expect_equal(errno, ENOMEM);
}

static void body_pages(size_t page) {
    os_fake_set_page_bytes(page);
    player_enter(0);
    char *block = ash_valloc(100);
    expect(block != NULL);
    expect_equal((uintptr_t)block % page, 0);
    block = ash_pvalloc(page + 1);
    expect_equal((uintptr_t)block % page, 0);
    expect(ash_usable_size(block) >= 2 * page);
    expect(ash_pvalloc(0) != NULL);
    errno = UNTOUCHED;
    expect(ash_pvalloc(SIZE_MAX) == NULL);
    expect_equal(errno, ENOMEM);
}

CLAIM(pages_are_the_systems_of_4_KiB) {
    body_pages(4096);
}

CLAIM(pages_are_the_systems_of_16_KiB) {
    body_pages(16384);
}

CLAIM(pages_are_the_systems_as_large_as_a_slice) {
    body_pages(ash_min(65536, ASH_SLICE_BYTES));
}

CLAIM(failures_say_enomem) {
    player_enter(0);
    os_fake_fail_from(OS_FAKE_ANY, 1);
    for (size_t align = 32; align <= 4 * (size_t)ASH_UNIT_BYTES; align *= 4) {
        errno = UNTOUCHED;
        expect(ash_aligned_alloc(align, 100) == NULL);
        expect_equal(errno, ENOMEM);
        void *block = NULL;
        errno = UNTOUCHED;
        expect_equal(ash_posix_memalign(&block, align, 100), ENOMEM);
        expect(block == NULL);
        expect_equal(errno, UNTOUCHED);
    }
    errno = UNTOUCHED;
    expect(ash_valloc(1) == NULL);
    expect_equal(errno, ENOMEM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_alignment_is_met_for_every_size),
        cmocka_unit_test(neighbours_are_aligned_as_well),
        cmocka_unit_test(a_processs_first_call_may_be_aligned),
        cmocka_unit_test(bad_alignments_are_refused_by_name),
        cmocka_unit_test(memalign_rounds_up_as_glibcs),
        cmocka_unit_test(pages_are_the_systems_of_4_KiB),
        cmocka_unit_test(pages_are_the_systems_of_16_KiB),
        cmocka_unit_test(pages_are_the_systems_as_large_as_a_slice),
        cmocka_unit_test(failures_say_enomem),
    };
    return RUN_TESTS(tests);
}
