// What the plain functions of mimalloc.h do.

#define _GNU_SOURCE

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ashlar/compat/mimalloc.h>

#include "support.h"

static const size_t TOO_MUCH = (size_t)PTRDIFF_MAX + 1;

static bool is_zero(const void *block, size_t from, size_t to) {
    const char *bytes = block;
    for (size_t i = from; i < to; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool is_aligned(const void *block, size_t align, size_t offset) {
    return ((uintptr_t)block + offset) % align == 0;
}

CLAIM(blocks_of_0_bytes_are_blocks) {
    void *a = mi_malloc(0), *b = mi_calloc(0, 8), *c = mi_malloc_small(0);
    expect(a != NULL && b != NULL && c != NULL && a != b && b != c && a != c);
    mi_free(a);
    mi_free(b);
    mi_free_small(c);
    mi_free(NULL);
    mi_free_small(NULL);
}

CLAIM(resizing_to_0_bytes_gives_a_block) {
    void *block = mi_realloc(mi_malloc(100), 0);
    expect(block != NULL);
    block = mi_reallocn(block, 0, 8);
    expect(block != NULL);
    block = mi_reallocf(mi_rezalloc(block, 0), 0);
    expect(block != NULL);
    mi_free(mi_realloc_aligned(block, 0, 64));
}

CLAIM(what_is_too_large_is_refused) {
    errno = 0;
    expect(mi_malloc(TOO_MUCH) == NULL && errno == ENOMEM);
    expect(mi_zalloc(TOO_MUCH) == NULL && mi_zalloc_aligned(TOO_MUCH, 64) == NULL);
    errno = 0;
    expect(mi_calloc(SIZE_MAX / 2, 3) == NULL && errno == ENOMEM);
    expect(mi_mallocn(SIZE_MAX / 2, 3) == NULL && mi_calloc_aligned(SIZE_MAX / 2, 3, 64) == NULL);
    expect(mi_calloc_aligned_at(SIZE_MAX / 2, 3, 64, 8) == NULL);
    void *block = mi_malloc(8);
    expect(mi_realloc(block, TOO_MUCH) == NULL && mi_reallocn(block, SIZE_MAX / 2, 3) == NULL);
    expect(mi_recalloc(block, SIZE_MAX / 2, 3) == NULL && mi_usable_size(block) >= 8);
    expect(mi_reallocf(block, TOO_MUCH) == NULL);
}

CLAIM(zeroed_blocks_are_zero_and_stay_so) {
    char *block = mi_zalloc(100);
    expect(is_zero(block, 0, 100));
    memset(block, 1, 100);
    block = mi_rezalloc(block, 5000);
    expect(block[99] == 1 && is_zero(block, mi_good_size(100), 5000));
    block = mi_recalloc(block, 3, 5000);
    expect(is_zero(block, 5000, 15000));
    mi_free(block);
    block = mi_zalloc_small(64);
    expect(is_zero(block, 0, mi_usable_size(block)));
    block = mi_rezalloc_aligned(block, 3000, 256);
    expect(is_aligned(block, 256, 0) && is_zero(block, 0, 3000));
    block = mi_recalloc_aligned(block, 2, 3000, 512);
    expect(is_aligned(block, 512, 0) && is_zero(block, 0, 6000));
    block = mi_rezalloc_aligned_at(block, 9000, 64, 8);
    expect(is_aligned(block, 64, 8) && is_zero(block, 0, 9000));
    block = mi_recalloc_aligned_at(block, 2, 9000, 64, 24);
    expect(is_aligned(block, 64, 24) && is_zero(block, 0, 18000));
    mi_free(block);
}

CLAIM(alignments_and_offsets_are_kept) {
    for (size_t align = 1; align <= 1 << 20; align *= 4) {
        char *block = mi_malloc_aligned(100, align);
        expect(is_aligned(block, align, 0));
        block = mi_realloc_aligned(block, 70000, align);
        expect(is_aligned(block, align, 0));
        block = mi_realloc_aligned_at(block, 90000, align, 40);
        expect(is_aligned(block, align, 40));
        mi_free(block);
        block = mi_malloc_aligned_at(100, align, 12);
        expect(is_aligned(block, align, 12));
        mi_free(block);
        block = mi_zalloc_aligned_at(100, align, 12);
        expect(is_aligned(block, align, 12) && is_zero(block, 0, 100));
        mi_free(block);
    }
    errno = 0;
    expect(mi_malloc_aligned(8, 3) == NULL && errno == EINVAL);
    expect(mi_malloc_aligned_at(8, 0, 4) == NULL && mi_zalloc_aligned(8, 48) == NULL);
}

CLAIM(a_block_expands_only_in_place) {
    void *block = mi_malloc(100);
    expect(mi_expand(block, mi_usable_size(block)) == block);
    expect(mi_expand(block, 1 << 20) == NULL && mi_usable_size(block) >= 100);
    errno = 0;
    expect(mi__expand(block, 1 << 20) == NULL && errno == ENOMEM);
    mi_free(block);
}

CLAIM(the_u_family_tells_the_usable_size) {
    size_t before = 0, now = 0;
    void *block = mi_umalloc(100, &now);
    expect(now == mi_usable_size(block) && now >= 100 && now == mi_good_size(100));
    block = mi_urealloc(block, 4000, &before, &now);
    expect(before == mi_good_size(100) && now >= 4000 && now == mi_usable_size(block));
    mi_ufree(block, &before);
    expect_equal(before, now);
    block = mi_ucalloc(3, 7, NULL);
    expect(is_zero(block, 0, 21));
    mi_ufree(block, NULL);
    mi_ufree(mi_uzalloc_aligned(3, 128, &now), &before);
    mi_ufree(mi_umalloc_aligned(3, 128, &now), &before);
    expect(mi_umalloc(TOO_MUCH, &now) == NULL && now == 0);
    mi_ufree(mi_uzalloc_small(3, &now), &before);
    mi_ufree(mi_umalloc_small(3, &now), &before);
    mi_ufree(mi_uzalloc(3, &now), &before);
    expect_equal(before, now);
}

CLAIM(strings_are_copied) {
    char *string = mi_strdup("abcdef");
    expect_text(string, "abcdef");
    char *part = mi_strndup(string, 3);
    expect_text(part, "abc");
    expect(mi_strdup(NULL) == NULL && mi_strndup(NULL, 1) == NULL);
    unsigned char *bytes = mi_mbsdup((const unsigned char *)string);
    expect_text((char *)bytes, "abcdef");
    const unsigned short wide[] = {'x', 0xd83d, 0xde00, 0};
    unsigned short *copy = mi_wcsdup(wide);
    expect(memcmp(copy, wide, sizeof wide) == 0 && mi_wcsdup(NULL) == NULL);
    char *path = mi_realpath("/../.", NULL);
    char own[PATH_MAX];
    expect_text(path, "/");
    expect(mi_realpath("/.", own) == own && mi_realpath("/none/there", NULL) == NULL);
    mi_free(string);
    mi_free(part);
    mi_free(bytes);
    mi_free(copy);
    mi_free(path);
}

CLAIM(posix_names_follow_posix) {
    char nothing;
    void *const not_set = &nothing;
    void *block = not_set;
    errno = 7;
    expect_equal(mi_posix_memalign(&block, 3, 8), EINVAL);
    expect_equal(mi_posix_memalign(NULL, 8, 8), EINVAL);
    expect_equal(mi__posix_memalign(&block, sizeof(void *) / 2, 8), EINVAL);
    expect_equal(mi_posix_memalign(&block, 64, TOO_MUCH), ENOMEM);
    expect(block == not_set && errno == 7);
    expect_equal(mi_posix_memalign(&block, 64, 0), 0);
    expect(is_aligned(block, 64, 0));
    mi_cfree(block);
    mi_cfree(&block);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *whole = mi_pvalloc(1), *start = mi_valloc(1);
    expect(is_aligned(start, page, 0) && mi_malloc_usable_size(whole) >= page);
    expect(mi_pvalloc(SIZE_MAX) == NULL && mi_malloc_size(whole) >= page);
    mi_free_aligned(whole, page);
    mi_free_size(start, 1);
    whole = mi_memalign(256, 10);
    start = mi_aligned_alloc(256, 10);
    expect(is_aligned(whole, 256, 0) && is_aligned(start, 256, 0));
    whole = mi_aligned_recalloc(whole, 5, 1000, 256);
    start = mi_aligned_offset_recalloc(start, 5, 1000, 256, 16);
    expect(is_aligned(whole, 256, 0) && is_aligned(start, 256, 16));
    mi_free_size_aligned(whole, 5000, 256);
    mi_free(start);
    expect_equal(mi_malloc_good_size(100), mi_good_size(100));
}

CLAIM(arrays_are_resized_as_the_bsds_do) {
    void *block = NULL;
    errno = 7;
    expect_equal(mi_reallocarr(&block, 10, 10), 0);
    expect(mi_usable_size(block) >= 100);
    void *same = block;
    expect_equal(mi_reallocarr(&block, SIZE_MAX, 2), EOVERFLOW);
    expect_equal(mi_reallocarr(&block, 1, TOO_MUCH), ENOMEM);
    expect(block == same && errno == 7);
    expect_equal(mi_reallocarr(&block, 0, 8), 0);
    expect(block == NULL);
    expect_equal(mi_reallocarr(NULL, 1, 1), EINVAL);
    expect(mi_reallocarray(NULL, SIZE_MAX, 2) == NULL && errno == EOVERFLOW);
    mi_free(mi_reallocarray(NULL, 3, 3));
}

CLAIM(variables_are_copied) {
    char *value = NULL;
    unsigned short *wide = NULL;
    size_t size = 0;
    const unsigned short name[] = {'A', '_', 0xe9, 0};
    const unsigned short strange[] = {'a', 0xe9, 0x20ac, 0xd83d, 0xde00, 0xfffd, 0};
    setenv("A_VARIABLE", "its value", 1);
    expect_equal(mi_dupenv_s(&value, &size, "A_VARIABLE"), 0);
    expect_text(value, "its value");
    expect_equal(size, sizeof "its value");
    mi_free(value);
    expect_equal(mi_dupenv_s(&value, &size, "A_VARIABL"), 0);
    expect(value == NULL && size == 0);
    expect_equal(mi_dupenv_s(NULL, &size, "A_VARIABLE"), EINVAL);
    expect_equal(mi_dupenv_s(&value, &size, NULL), EINVAL);
    setenv("A_\xc3\xa9", "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xff", 1);
    expect_equal(mi_wdupenv_s(&wide, &size, name), 0);
    expect_equal(size, sizeof strange / sizeof strange[0]);
    expect(memcmp(wide, strange, sizeof strange) == 0);
    mi_free(wide);
    expect_equal(mi_wdupenv_s(NULL, &size, name), EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_0_bytes_are_blocks),
        cmocka_unit_test(resizing_to_0_bytes_gives_a_block),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(zeroed_blocks_are_zero_and_stay_so),
        cmocka_unit_test(alignments_and_offsets_are_kept),
        cmocka_unit_test(a_block_expands_only_in_place),
        cmocka_unit_test(the_u_family_tells_the_usable_size),
        cmocka_unit_test(strings_are_copied),
        cmocka_unit_test(posix_names_follow_posix),
        cmocka_unit_test(arrays_are_resized_as_the_bsds_do),
        cmocka_unit_test(variables_are_copied),
    };
    return RUN_TESTS(tests);
}
