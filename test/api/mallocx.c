// The functions of <ashlar/compat/mallocx.h>.

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <ashlar/compat/mallocx.h>

#include "support.h"

// Not a constant, or the compiler would warn.
size_t too_much = SIZE_MAX;

static bool is_zero(const char *block, size_t from, size_t to) {
    while (from < to && block[from] == 0) {
        from++;
    }
    return from >= to;
}

CLAIM(blocks_are_as_the_flags_say) {
    const size_t sizes[] = {1, 100, 5000, 100000, (size_t)40 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int exponent = 0; exponent <= 21; exponent++) {
            int flags = MALLOCX_LG_ALIGN(exponent) | MALLOCX_TCACHE_NONE | MALLOCX_ARENA(3);
            char *block = mallocx(sizes[i], flags);
            expect(block != NULL && (uintptr_t)block % ((size_t)1 << exponent) == 0);
            expect(sallocx(block, 0) >= sizes[i]);
            expect_equal(sallocx(block, 0), nallocx(sizes[i], flags));
            memset(block, 0x5a, nallocx(sizes[i], flags));
            sdallocx(block, i % 2 == 0 ? sizes[i] : nallocx(sizes[i], flags), flags);
            block = mallocx(sizes[i], flags | MALLOCX_ZERO | MALLOCX_TCACHE(2));
            expect(is_zero(block, 0, sallocx(block, 0)));
            dallocx(block, 0);
        }
    }
    expect_equal(MALLOCX_ALIGN(4096), MALLOCX_LG_ALIGN(12));
}

CLAIM(resizing_keeps_and_clears) {
    char *block = mallocx(100, 0);
    memset(block, 0x5a, 100);
    size_t held = sallocx(block, 0);
    memset(block, 0x5a, held);
    block = rallocx(block, 70000, MALLOCX_ALIGN(256) | MALLOCX_ZERO);
    expect(block != NULL && (uintptr_t)block % 256 == 0 && block[99] == 0x5a);
    expect(is_zero(block, held, sallocx(block, 0)));
    block = rallocx(block, 10, 0);
    expect(block[9] == 0x5a);
    dallocx(block, 0);
    block = rallocx(NULL, 29524, MALLOCX_ZERO);
    held = sallocx(block, 0);
    memset(block, 0x5a, held);
    block = rallocx(block, 29525, MALLOCX_ZERO);  // in place, where there is room
    for (size_t i = 0; i < held && i < 29525; i++) {
        expect(block[i] == 0x5a);
    }
    dallocx(block, 0);
}

CLAIM(growing_in_place_says_how_far_it_came) {
    char *block = mallocx(100, 0);
    size_t held = sallocx(block, 0);
    expect_equal(xallocx(block, held, 0, 0), held);
    // Where a block holds what was asked for and no more, the rest is still there to grow into.
    size_t most = nallocx(held + 1, 0) == held + 1 ? held + 1 : held;
    expect_equal(xallocx(block, held + 1, 0, 0), most);
    expect_equal(xallocx(block, 1, SIZE_MAX, 0), most);
    dallocx(block, 0);
    block = mallocx(100000, 0);
    memset(block, 0x5a, sallocx(block, 0));
    held = sallocx(block, 0);
    size_t now = xallocx(block, held + 1, 100000, MALLOCX_ZERO);
    expect(now >= held && is_zero(block, held, now));
    dallocx(block, 0);
}

CLAIM(what_cannot_be_is_null_or_nothing) {
    errno = 0;
    expect(mallocx(too_much, 0) == NULL && errno == ENOMEM);
    expect(mallocx(too_much - 5, MALLOCX_ALIGN(64) | MALLOCX_ZERO) == NULL);
    expect_equal(nallocx(too_much, 0), 0);
    expect_equal(nallocx(too_much - 5, MALLOCX_ALIGN(4096)), 0);
    char *block = mallocx(10, 0);
    block[0] = 7;
    expect(rallocx(block, too_much, 0) == NULL && block[0] == 7);
    dallocx(block, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_as_the_flags_say),
        cmocka_unit_test(resizing_keeps_and_clears),
        cmocka_unit_test(growing_in_place_says_how_far_it_came),
        cmocka_unit_test(what_cannot_be_is_null_or_nothing),
    };
    return RUN_TESTS(tests);
}
