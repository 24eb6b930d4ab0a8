// The extended family, but for zeroes (zeroed.c) and alignment (aligned.c).

#define _GNU_SOURCE

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <ashlar/ashlar.h>

#include "support.h"

enum { UNTOUCHED = 77, LARGE = 100000 };

// Hidden from the compiler, which would warn of such sizes.
static size_t hidden(size_t bytes) {
    static volatile size_t cell;
    cell = bytes;
    return cell;
}

static void expect_refused(void *block, int error) {
    expect(block == NULL);
    expect_equal(errno, error);
    errno = UNTOUCHED;
}

static void expect_good(void *block, size_t bytes) {
    expect(block != NULL);
    expect(ash_usable_size(block) >= bytes);
    expect_equal(errno, UNTOUCHED);
    memset(block, 1, ash_usable_size(block));
    ash_free(block);
    expect_equal(errno, UNTOUCHED);
}

CLAIM(small_blocks_of_every_size) {
    errno = UNTOUCHED;
    for (size_t bytes = 0; bytes <= ASH_SMALL_MAX; bytes++) {
        expect_good(ash_malloc_small(bytes), bytes);
        expect_good(ash_zalloc_small(bytes), bytes);
        size_t usable = 0;
        void *block = ash_umalloc_small(bytes, &usable);
        expect_equal(usable, ash_usable_size(block));
        expect_good(block, bytes);
        block = ash_uzalloc_small(bytes, &usable);
        expect_equal(usable, ash_usable_size(block));
        expect_good(block, bytes);
    }
}

CLAIM(counted_forms_multiply) {
    errno = UNTOUCHED;
    const size_t counts[][2] = {{0, 0}, {0, 9}, {9, 0}, {1, 1}, {3, 100}, {1000, 1000}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        size_t count = counts[i][0], bytes = counts[i][1];
        expect_good(ash_mallocn(count, bytes), count * bytes);
        expect_good(ash_callocn(count, bytes), count * bytes);
        expect_good(ash_ucalloc(count, bytes, NULL), count * bytes);
        expect_good(ash_calloc_aligned(count, bytes, 64), count * bytes);
        expect_good(ash_calloc_aligned_at(count, bytes, 64, 8), count * bytes);
        expect_good(ash_reallocn(NULL, count, bytes), count * bytes);
        expect_good(ash_recalloc(NULL, count, bytes), count * bytes);
        expect_good(ash_recalloc_aligned(NULL, count, bytes, 64), count * bytes);
        expect_good(ash_recalloc_aligned_at(NULL, count, bytes, 64, 8), count * bytes);
    }
}

CLAIM(an_overflow_is_enomem_and_frees_nothing) {
    char *block = ash_strdup("kept");
    size_t usable = UNTOUCHED;
    const size_t counts[][2] = {
        {SIZE_MAX, 2},
        {2, SIZE_MAX},
        {SIZE_MAX / 2 + 1, 2},
        {(size_t)1 << (sizeof(size_t) * 4), (size_t)1 << (sizeof(size_t) * 4)}};
    errno = UNTOUCHED;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        size_t count = hidden(counts[i][0]), bytes = hidden(counts[i][1]);
        expect_refused(ash_mallocn(count, bytes), ENOMEM);
        expect_refused(ash_callocn(count, bytes), ENOMEM);
        expect_refused(ash_calloc(count, bytes), ENOMEM);
        expect_refused(ash_reallocn(block, count, bytes), ENOMEM);
        expect_refused(ash_recalloc(block, count, bytes), ENOMEM);
        expect_refused(ash_ucalloc(count, bytes, &usable), ENOMEM);
        expect_equal(usable, 0);
        expect_refused(ash_calloc_aligned(count, bytes, 64), ENOMEM);
        expect_refused(ash_calloc_aligned_at(count, bytes, 64, 8), ENOMEM);
        expect_refused(ash_recalloc_aligned(block, count, bytes, 64), ENOMEM);
        expect_refused(ash_recalloc_aligned_at(block, count, bytes, 64, 8), ENOMEM);
    }
    expect_text(block, "kept");
    ash_free(block);
}

CLAIM(above_ptrdiff_max_is_enomem) {
    char *block = ash_strdup("kept");
    const size_t sizes[] = {(size_t)PTRDIFF_MAX + 1, PTRDIFF_MAX, SIZE_MAX, SIZE_MAX - 15};
    errno = UNTOUCHED;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t bytes = hidden(sizes[i]), before = 0, after = UNTOUCHED;
        expect_refused(ash_zalloc(bytes), ENOMEM);
        expect_refused(ash_rezalloc(block, bytes), ENOMEM);
        expect_refused(ash_rezalloc(NULL, bytes), ENOMEM);
        expect_refused(ash_malloc_aligned(bytes, 64), ENOMEM);
        expect_refused(ash_malloc_aligned_at(bytes, 64, 8), ENOMEM);
        expect_refused(ash_zalloc_aligned(bytes, 4096), ENOMEM);
        expect_refused(ash_realloc_aligned(block, bytes, 64), ENOMEM);
        expect_refused(ash_rezalloc_aligned_at(block, bytes, 64, 8), ENOMEM);
        expect_refused(ash_urealloc(block, bytes, &before, &after), ENOMEM);
        expect_equal(before, ash_usable_size(block));
        expect_equal(after, 0);
        expect(ash_expand(block, bytes) == NULL);
        expect_equal(errno, UNTOUCHED);
        expect_refused(ash_reallocf(ash_malloc(10), bytes), ENOMEM);
    }
    expect_text(block, "kept");
    ash_free(block);
}

CLAIM(reallocf_is_realloc_but_for_failures) {
    errno = UNTOUCHED;
    char *block = ash_reallocf(NULL, 10);
    strcpy(block, "kept");
    block = ash_reallocf(block, LARGE);
    expect_text(block, "kept");
    expect(ash_reallocf(block, 0) == NULL);
    expect_equal(errno, UNTOUCHED);
}

CLAIM(expand_never_moves_and_never_shrinks) {
    errno = UNTOUCHED;
    for (size_t bytes = 1; bytes <= 64 << 20; bytes = bytes * 3 / 2 + 1) {
        char *block = ash_malloc(bytes);
        block[bytes - 1] = 7;
        size_t usable = ash_usable_size(block);
        expect(ash_expand(block, 0) == block);
        expect(ash_expand(block, usable) == block);
        expect_equal(ash_usable_size(block), usable);
        void *grown = ash_expand(block, 2 * bytes + 100);
        expect(grown == NULL || grown == block);
        expect(grown == NULL ? ash_usable_size(block) == usable
                             : ash_usable_size(block) >= 2 * bytes + 100);
        expect_equal(block[bytes - 1], 7);
        block[ash_usable_size(block) - 1] = 7;
        ash_free(block);
    }
    expect(ash_expand(NULL, 10) == NULL);
    expect_equal(errno, UNTOUCHED);
}

CLAIM(a_large_block_expands_where_there_is_room) {
    char *block = ash_malloc(LARGE);
    expect(ash_expand(block, 3 * LARGE) == block);
    expect(ash_usable_size(block) >= 3 * LARGE);
    ash_free(block);
}

CLAIM(the_u_family_tells_the_usable_size) {
    errno = UNTOUCHED;
    for (size_t bytes = 0; bytes <= 64 << 20; bytes = bytes * 3 / 2 + 1) {
        size_t usable = 0, before = 1, after = 0;
        void *block = ash_umalloc(bytes, &usable);
        expect_equal(usable, ash_usable_size(block));
        expect_good(block, bytes);
        block = ash_uzalloc(bytes, &usable);
        expect_equal(usable, ash_usable_size(block));
        block = ash_urealloc(block, 2 * bytes + 1, &before, &after);
        expect_equal(before, usable);
        expect_equal(after, ash_usable_size(block));
        ash_ufree(block, &usable);
        expect_equal(usable, after);
        block = ash_umalloc_aligned(bytes, 256, &usable);
        expect_equal(usable, ash_usable_size(block));
        expect_good(block, bytes);
        block = ash_uzalloc_aligned(bytes, 256, &usable);
        expect_equal(usable, ash_usable_size(block));
        expect_good(block, bytes);
    }
    size_t usable = UNTOUCHED;
    ash_ufree(NULL, &usable);
    expect_equal(usable, 0);
    ash_ufree(ash_urealloc(NULL, 10, NULL, NULL), NULL);
    expect_equal(errno, UNTOUCHED);
}

CLAIM(strings_are_copied_and_cut) {
    errno = UNTOUCHED;
    char *copy = ash_strdup("");
    expect_text(copy, "");
    ash_free(copy);
    copy = ash_strdup("ashlar");
    expect_text(copy, "ashlar");
    ash_free(copy);
    const char no_end[3] = {'a', 'b', 'c'};
    copy = ash_strndup(no_end, 3);
    expect_text(copy, "abc");
    ash_free(copy);
    copy = ash_strndup("ab", SIZE_MAX);
    expect_text(copy, "ab");
    ash_free(copy);
    copy = ash_strndup(no_end, 0);
    expect_text(copy, "");
    ash_free(copy);
    wchar_t *wide = ash_wcsdup(L"ashlar \u00e9");
    expect(wcscmp(wide, L"ashlar \u00e9") == 0);
    ash_free(wide);
    wide = ash_wcsdup(L"");
    expect(wide[0] == 0);
    ash_free(wide);
    expect_equal(errno, UNTOUCHED);
}

CLAIM(paths_are_resolved) {
    char *path = ash_realpath("/.././/", NULL);
    expect_text(path, "/");
    expect(ash_usable_size(path) > 0);
    ash_free(path);
    static char room[PATH_MAX];
    expect(ash_realpath("/..", room) == room);
    expect_text(room, "/");
    expect_refused(ash_realpath("/no/such/place", NULL), ENOENT);
    expect_refused(ash_realpath("", NULL), ENOENT);
    static char path_of_megabytes[1 << 20];
    memset(path_of_megabytes, 'x', sizeof path_of_megabytes - 1);
    path_of_megabytes[0] = '/';
    expect_refused(ash_realpath(path_of_megabytes, NULL), ENAMETOOLONG);
}

CLAIM(memalignment_is_the_lowest_bit) {
    expect_equal(ash_memalignment(NULL), 0);
    expect_equal(ash_memalignment((void *)1), 1);
    expect_equal(ash_memalignment((void *)24), 8);
    expect_equal(ash_memalignment((void *)4096), 4096);
    void *block = ash_malloc(1);
    expect(ash_memalignment(block) >= ASH_MIN_ALIGN);
    ash_free(block);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_blocks_of_every_size),
        cmocka_unit_test(counted_forms_multiply),
        cmocka_unit_test(an_overflow_is_enomem_and_frees_nothing),
        cmocka_unit_test(above_ptrdiff_max_is_enomem),
        cmocka_unit_test(reallocf_is_realloc_but_for_failures),
        cmocka_unit_test(expand_never_moves_and_never_shrinks),
        cmocka_unit_test(a_large_block_expands_where_there_is_room),
        cmocka_unit_test(the_u_family_tells_the_usable_size),
        cmocka_unit_test(strings_are_copied_and_cut),
        cmocka_unit_test(paths_are_resolved),
        cmocka_unit_test(memalignment_is_the_lowest_bit),
    };
    return RUN_TESTS(tests);
}
