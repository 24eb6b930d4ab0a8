// Every function that takes from a heap takes from that heap, and does what its name says.

#include <errno.h>
#include <string.h>
#include <wchar.h>

#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "players.h"
#include "support.h"

enum { SIZES = 4, SPANS = 2, SMALL = 24 };

static const size_t sizes[SIZES] = {SMALL, ASH_BLOCK_MAX, 100000, (size_t)ASH_RUN_MAX + 2};
static ash_heap_t *heap;

static void start(void) {
    player_enter(0);
    heap = ash_heap_new();
    expect(heap != NULL);
}

static bool is_zero(const char *block, size_t from) {
    size_t bytes = ash_min(ash_usable_size(block), 200000);
    while (from < bytes && block[from] == 0) {
        from++;
    }
    return from >= bytes;
}

static void spoil(void *block) {
    memset(block, 0x5a, ash_min(ash_usable_size(block), 200000));
}

static void expect_ours(void *block, size_t bytes, bool zero) {
    expect(block != NULL && ash_heap_of(block) == heap && ash_usable_size(block) >= bytes);
    expect(!zero || is_zero(block, 0));
    spoil(block);
    ash_free(block);
}

// `place` is a multiple of `align`, and is `offset` bytes into the block.
static void expect_placed(void *block, size_t bytes, size_t align, size_t offset, bool zero) {
    expect_equal(((uintptr_t)block + offset) % align, 0);
    expect_ours(block, bytes, zero);
}

static void expect_told(void *block, size_t bytes, size_t usable, bool zero) {
    expect_equal(ash_usable_size(block), usable);
    expect_ours(block, bytes, zero);
}

CLAIM(blocks_come_from_the_heap) {
    start();
    expect_ours(ash_heap_malloc_small(heap, 100), 100, false);
    expect_ours(ash_heap_zalloc_small(heap, 100), 100, true);
    for (int i = 0; i < SIZES; i++) {
        size_t usable;
        expect_ours(ash_heap_mallocn(heap, 2, sizes[i] / 2), sizes[i], false);
        expect_ours(ash_heap_callocn(heap, 2, sizes[i] / 2), sizes[i], true);
        void *block = ash_heap_umalloc(heap, sizes[i], &usable);
        expect_told(block, sizes[i], usable, false);
        block = ash_heap_uzalloc(heap, sizes[i], &usable);
        expect_told(block, sizes[i], usable, true);
        block = ash_heap_ucalloc(heap, 2, sizes[i] / 2, &usable);
        expect_told(block, sizes[i], usable, true);
    }
    expect_ours(ash_heap_umalloc(heap, 1, NULL), 1, false);
}

CLAIM(aligned_blocks_come_from_the_heap) {
    start();
    for (int i = 0; i < SIZES; i++) {
        size_t n = sizes[i], usable;
        expect_placed(ash_heap_malloc_aligned(heap, n, 256), n, 256, 0, false);
        expect_placed(ash_heap_zalloc_aligned(heap, n, 256), n, 256, 0, true);
        expect_placed(ash_heap_mallocn_aligned(heap, 2, n / 2, 256), n, 256, 0, false);
        expect_placed(ash_heap_calloc_aligned(heap, 2, n / 2, 256), n, 256, 0, true);
        expect_placed(ash_heap_calloc_aligned_at(heap, 2, n / 2, 256, 8), n, 256, 8, true);
        void *block = ash_heap_umalloc_aligned(heap, n, 256, &usable);
        expect_equal((uintptr_t)block % 256, 0);
        expect_told(block, n, usable, false);
        block = ash_heap_uzalloc_aligned(heap, n, 256, &usable);
        expect_equal((uintptr_t)block % 256, 0);
        expect_told(block, n, usable, true);
    }
}

// Resizing ------------------------------------------------------------------------------

// Of the main heap, with `sizes[i]` bytes, all 0x5a.
static void *foreign(int i) {
    void *block = ash_malloc(sizes[i]);
    expect(block != NULL);
    spoil(block);
    return block;
}

// It has moved to the heap and has kept its contents; what is new is zero if `zero`.
static void expect_moved(void *block, int i, bool zero) {
    size_t kept = ash_min(sizes[i], 200000);
    expect(block != NULL && ash_heap_of(block) == heap);
    for (size_t k = 0; k < kept; k++) {
        expect_equal(((unsigned char *)block)[k], 0x5a);
    }
    expect(!zero || is_zero(block, ash_good_size(sizes[i])));
    ash_free(block);
}

CLAIM(what_moves_moves_to_the_heap) {
    start();
    for (int i = 0; i < SPANS; i++) {  // larger ones may grow where they are
        size_t n = 4 * sizes[i];
        size_t before, after;
        expect_moved(ash_heap_reallocn(heap, foreign(i), 4, n / 4), i, false);
        expect_moved(ash_heap_reallocf(heap, foreign(i), n), i, false);
        expect_moved(ash_heap_rezalloc(heap, foreign(i), n), i, true);
        expect_moved(ash_heap_recalloc(heap, foreign(i), 4, n / 4), i, true);
        void *block = ash_heap_urealloc(heap, foreign(i), n, &before, &after);
        expect(before >= sizes[i] && before < n && after == ash_usable_size(block));
        expect_moved(block, i, false);
    }
}

CLAIM(what_moves_to_an_alignment_moves_to_the_heap) {
    start();
    const size_t align = (size_t)1 << 20;
    for (int i = 0; i < SPANS; i++) {
        size_t n = 4 * sizes[i];
        expect_moved(ash_heap_realloc_aligned(heap, foreign(i), n, align), i, false);
        expect_moved(ash_heap_reallocn_aligned(heap, foreign(i), 4, n / 4, align), i, false);
        expect_moved(ash_heap_realloc_aligned_at(heap, foreign(i), n, align, 8), i, false);
        expect_moved(ash_heap_rezalloc_aligned(heap, foreign(i), n, align), i, true);
        expect_moved(ash_heap_rezalloc_aligned_at(heap, foreign(i), n, align, 8), i, true);
        expect_moved(ash_heap_recalloc_aligned(heap, foreign(i), 4, n / 4, align), i, true);
        expect_moved(ash_heap_recalloc_aligned_at(heap, foreign(i), 4, n / 4, align, 8), i, true);
    }
}

CLAIM(null_is_allocated_in_the_heap) {
    start();
    expect_ours(ash_heap_reallocn(heap, NULL, 2, 50), 100, false);
    expect_ours(ash_heap_reallocf(heap, NULL, 100), 100, false);
    expect_ours(ash_heap_rezalloc(heap, NULL, 100), 100, true);
    expect_ours(ash_heap_recalloc(heap, NULL, 2, 50), 100, true);
    expect_placed(ash_heap_realloc_aligned(heap, NULL, 100, 64), 100, 64, 0, false);
    expect_placed(ash_heap_realloc_aligned_at(heap, NULL, 100, 64, 8), 100, 64, 8, false);
    expect_placed(ash_heap_rezalloc_aligned(heap, NULL, 100, 64), 100, 64, 0, true);
    expect_placed(ash_heap_recalloc_aligned_at(heap, NULL, 2, 50, 64, 8), 100, 64, 8, true);
}

CLAIM(strings_are_copied_into_the_heap) {
    start();
    char *text = ash_heap_strdup(heap, "ashlar");
    expect_text(text, "ashlar");
    expect_ours(text, 7, false);
    text = ash_heap_strndup(heap, "ashlar", 3);
    expect_text(text, "ash");
    expect_ours(text, 4, false);
    wchar_t *wide = ash_heap_wcsdup(heap, L"ashlar");
    expect(wcscmp(wide, L"ashlar") == 0);
    expect_ours(wide, 7 * sizeof *wide, false);
    text = ash_heap_realpath(heap, "/.", NULL);
    expect_text(text, "/");
    expect_ours(text, 2, false);
}

// What cannot be --------------------------------------------------------------------------

static void expect_none(void *block, int error) {
    expect(block == NULL);
    expect_equal(errno, error);
    errno = 0;
}

CLAIM(a_product_that_overflows_is_enomem_and_frees_nothing) {
    start();
    void *block = ash_heap_malloc(heap, 100);
    errno = 0;
    expect_none(ash_heap_mallocn(heap, SIZE_MAX, 2), ENOMEM);
    expect_none(ash_heap_callocn(heap, SIZE_MAX, 2), ENOMEM);
    expect_none(ash_heap_ucalloc(heap, SIZE_MAX, 2, NULL), ENOMEM);
    expect_none(ash_heap_mallocn_aligned(heap, SIZE_MAX, 2, 64), ENOMEM);
    expect_none(ash_heap_calloc_aligned(heap, SIZE_MAX, 2, 64), ENOMEM);
    expect_none(ash_heap_calloc_aligned_at(heap, SIZE_MAX, 2, 64, 8), ENOMEM);
    expect_none(ash_heap_reallocn(heap, block, SIZE_MAX, 2), ENOMEM);
    expect_none(ash_heap_recalloc(heap, block, SIZE_MAX, 2), ENOMEM);
    expect_none(ash_heap_reallocn_aligned(heap, block, SIZE_MAX, 2, 64), ENOMEM);
    expect_none(ash_heap_recalloc_aligned(heap, block, SIZE_MAX, 2, 64), ENOMEM);
    expect_none(ash_heap_realloc_aligned(heap, block, 200, 3), EINVAL);
    expect_none(ash_heap_malloc_aligned(heap, 200, 0), EINVAL);
    expect(ash_heap_of(block) == heap);
    expect_none(ash_heap_reallocf(heap, block, SIZE_MAX), ENOMEM);  // this one does
    ash_heap_destroy(heap);
    players_audit();
    players_expect_all_free();
}

static ash_heap_t *ended(void) {
    start();
    ash_heap_destroy(heap);
    last_words("ASH104: use of %#jx: that heap has ended...", (uintmax_t)(uintptr_t)heap);
    return heap;
}

DEATH(a_small_block_of_an_ended_heap_is_refused) {
    (void)!ash_heap_zalloc_small(ended(), 24);
}

DEATH(a_string_for_an_ended_heap_is_refused) {
    (void)!ash_heap_strdup(ended(), "x");
}

DEATH(a_block_does_not_move_to_an_ended_heap) {
    ash_heap_t *gone = ended();
    (void)!ash_heap_rezalloc(gone, foreign(0), 100000);
}

DEATH(a_block_does_not_move_to_a_place_in_an_ended_heap) {
    ash_heap_t *gone = ended();
    (void)!ash_heap_realloc_aligned_at(gone, foreign(0), 100, 4096, 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_come_from_the_heap),
        cmocka_unit_test(aligned_blocks_come_from_the_heap),
        cmocka_unit_test(what_moves_moves_to_the_heap),
        cmocka_unit_test(what_moves_to_an_alignment_moves_to_the_heap),
        cmocka_unit_test(null_is_allocated_in_the_heap),
        cmocka_unit_test(strings_are_copied_into_the_heap),
        cmocka_unit_test(a_product_that_overflows_is_enomem_and_frees_nothing),
        cmocka_unit_test(a_small_block_of_an_ended_heap_is_refused),
        cmocka_unit_test(a_string_for_an_ended_heap_is_refused),
        cmocka_unit_test(a_block_does_not_move_to_an_ended_heap),
        cmocka_unit_test(a_block_does_not_move_to_a_place_in_an_ended_heap),
    };
    return RUN_TESTS(tests);
}
