#include "api/query.h"

#include <stdint.h>

#include "ashlar/ashlar.h"
#include "base/config.h"
#include "heap/sizeclass.h"
#include "os_fake.h"
#include "players.h"
#include "support.h"

CLAIM(good_size_tells_what_usable_size_will_say) {
    player_enter(0);
    for (size_t bytes = 0; bytes <= (size_t)ASH_RUN_MAX + 5000; bytes += 1 + bytes / 9) {
        char *block = ash_malloc(bytes);
        expect(block != NULL);
        expect_equal(ash_usable_size(block), ash_good_size(bytes));
        ash_free(block);
    }
    for (size_t bytes = 0; bytes < 3 * ASH_BLOCK_MAX; bytes = bytes * 5 / 4 + 1) {
        for (size_t align = 1; align <= (size_t)1 << 21; align *= 2) {
            void *block = ash_malloc_aligned(bytes, align);
            expect_equal(ash_usable_size(block), ash_good_size_aligned(bytes, align));
            ash_free(block);
        }
    }
    expect_equal(ash_good_size(SIZE_MAX), SIZE_MAX);
    expect_equal(ash_good_size((size_t)PTRDIFF_MAX + 1), (size_t)PTRDIFF_MAX + 1);
}

CLAIM(good_size_works_first_of_all_and_without_memory) {
    os_fake_fail_from(OS_FAKE_ANY, 1);
    expect_equal(ash_good_size(100), 100);
    os_fake_fail_never();
    expect_equal(ash_good_size(100), 112);
}

CLAIM(what_is_no_block_holds_nothing) {
    static char theirs[64];
    expect_equal(ash_usable_size(NULL), 0);
    expect_equal(ash_usable_size(theirs), 0);
    player_enter(0);
    char *small = ash_malloc(100), *run = ash_malloc(3 * ASH_SLICE_BYTES);
    char *huge = ash_malloc((size_t)ASH_RUN_MAX + 1);
    for (size_t at = 1; at < 112; at++) {
        expect_equal(ash_query_bytes(small + at), 0);
    }
    expect_equal(ash_query_bytes(run + 16), 0);
    expect_equal(ash_query_bytes(run + ASH_SLICE_BYTES), 0);
    expect_equal(ash_query_bytes(huge + 4096), 0);
    ash_free(run);
    ash_free(huge);
    expect_equal(ash_query_bytes(run), 0);
    expect_equal(ash_query_bytes(huge), 0);
    expect_equal(ash_usable_size(small), 112);
}

CLAIM(the_version_is_the_headers) {
    expect_equal(ash_version(),
                 ASH_VERSION_MAJOR * 10000 + ASH_VERSION_MINOR * 100 + ASH_VERSION_PATCH);
}

CLAIM(the_process_has_another_malloc_here) {
    expect(!ash_is_active());
    expect(!ash_is_active());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_size_tells_what_usable_size_will_say),
        cmocka_unit_test(good_size_works_first_of_all_and_without_memory),
        cmocka_unit_test(what_is_no_block_holds_nothing),
        cmocka_unit_test(the_version_is_the_headers),
        cmocka_unit_test(the_process_has_another_malloc_here),
    };
    return RUN_TESTS(tests);
}
