// What ashlar.h promises of zeroes, at all sizes, in memory that others have used before.

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <ashlar/ashlar.h>

#include "support.h"

enum { LARGEST = 34 << 20, EACH_UP_TO = 4200, SOIL_MORE_BELOW = 1 << 18, STEPS = 300 };

struct way {
    const char *name;
    void *(*take)(size_t bytes);
    void *(*resize)(void *block, size_t bytes);
    size_t align, offset;
};

static void *take_calloc(size_t bytes) {
    return ash_calloc(1, bytes);
}

static void *take_aligned(size_t bytes) {
    return ash_zalloc_aligned(bytes, 128);
}

static void *take_aligned_at(size_t bytes) {
    return ash_zalloc_aligned_at(bytes, 64, 8);
}

static void *take_counted_at(size_t bytes) {
    return ash_calloc_aligned_at(1, bytes, 4096, 40);
}

static void *take_by_u(size_t bytes) {
    return ash_uzalloc(bytes, NULL);
}

static void *resize_counted(void *block, size_t bytes) {
    return ash_recalloc(block, 1, bytes);
}

static void *resize_aligned(void *block, size_t bytes) {
    return ash_rezalloc_aligned(block, bytes, 128);
}

static void *resize_aligned_at(void *block, size_t bytes) {
    return ash_rezalloc_aligned_at(block, bytes, 64, 8);
}

static void *resize_counted_at(void *block, size_t bytes) {
    return ash_recalloc_aligned_at(block, 1, bytes, 4096, 40);
}

static const struct way ways[] = {
    {"zalloc", ash_zalloc, ash_rezalloc, 16, 0},
    {"calloc", take_calloc, resize_counted, 16, 0},
    {"u", take_by_u, ash_rezalloc, 16, 0},
    {"aligned", take_aligned, resize_aligned, 128, 0},
    {"aligned_at", take_aligned_at, resize_aligned_at, 64, 8},
    {"counted_at", take_counted_at, resize_counted_at, 4096, 40},
};

enum { WAYS = sizeof ways / sizeof ways[0] };

// Whether all bytes are as the first one: by a function of the C library, which stays fast
// where a sanitizer looks at every access of ours.
static bool is_even(const unsigned char *block, size_t bytes) {
    return bytes < 2 || memcmp(block, block + 1, bytes - 1) == 0;
}

// Where the first byte that is not zero lies; `to` if there is none.
static size_t first_dirt(const unsigned char *block, size_t from, size_t to) {
    if (from < to && block[from] == 0 && is_even(block + from, to - from)) {
        return to;
    }
    while (from < to && block[from] == 0) {
        from++;
    }
    return from;
}

static void expect_zero(const unsigned char *block, size_t from, size_t to, const char *what) {
    support_expect_equal(first_dirt(block, from, to), to, what, __FILE__, __LINE__);
}

// Leaves blocks of the size in the heap that are full of ones.
static void soil(size_t bytes) {
    void *blocks[3];
    int count = bytes < SOIL_MORE_BELOW ? 3 : 1;
    for (int i = 0; i < count; i++) {
        blocks[i] = ash_malloc(bytes);
        expect(blocks[i] != NULL);
        memset(blocks[i], 0xff, ash_usable_size(blocks[i]));
    }
    for (int i = 0; i < count; i++) {
        ash_free(blocks[i]);
    }
}

static void check_fresh(const struct way *way, size_t bytes) {
    soil(bytes);
    unsigned char *block = way->take(bytes);
    expect(block != NULL);
    expect_equal(((uintptr_t)block + way->offset) % way->align, 0);
    expect_zero(block, 0, ash_usable_size(block), way->name);
    memset(block, 0xff, ash_usable_size(block));
    ash_free(block);
}

CLAIM(all_usable_bytes_are_zero) {
    for (int i = 0; i < WAYS; i++) {
        for (size_t bytes = 0; bytes <= EACH_UP_TO; bytes++) {
            check_fresh(&ways[i], bytes);
        }
        for (size_t bytes = EACH_UP_TO; bytes <= LARGEST; bytes = bytes * 2 - 77) {
            check_fresh(&ways[i], bytes);
        }
    }
    for (size_t bytes = 0; bytes <= ASH_SMALL_MAX; bytes++) {
        soil(bytes);
        unsigned char *block = ash_zalloc_small(bytes);
        expect_zero(block, 0, ash_usable_size(block), "zalloc_small");
        ash_free(block);
    }
}

// A block that is resized again and again, and of which the first `written` bytes are not zero.
struct walk {
    const struct way *way;
    unsigned char *block;
    size_t bytes;
    struct sequence random;
};

static size_t draw(struct sequence *random) {
    size_t most = (size_t)1 << (4 + sequence_below(random, 19));
    return 1 + sequence_below(random, most);
}

static void expect_ones(const unsigned char *block, size_t bytes) {
    if (bytes > 0 && block[0] == 0xff && is_even(block, bytes)) {
        return;
    }
    for (size_t i = 0; i < bytes; i++) {
        if (block[i] != 0xff) {
            support_expect_equal(i, bytes, "bytes that were kept", __FILE__, __LINE__);
        }
    }
}

static void walk_step(struct walk *walk) {
    size_t bytes = draw(&walk->random);
    size_t kept = bytes < walk->bytes ? bytes : walk->bytes;
    soil(bytes);
    errno = 0;
    unsigned char *block = walk->way->resize(walk->block, bytes);
    expect(block != NULL);
    expect_equal(errno, 0);
    expect_equal(((uintptr_t)block + walk->way->offset) % walk->way->align, 0);
    expect_ones(block, kept);
    expect_zero(block, kept, ash_usable_size(block), walk->way->name);
    memset(block, 0xff, bytes);
    walk->block = block;
    walk->bytes = bytes;
}

CLAIM(what_grows_shows_zeroes_also_after_it_shrank) {
    for (int i = 0; i < WAYS; i++) {
        struct walk walk = {.way = &ways[i], .random = sequence_from(20 + (uint64_t)i)};
        for (int step = 0; step < STEPS; step++) {
            walk_step(&walk);
        }
        expect(walk.way->resize(walk.block, 0) == NULL);
    }
}

// Small steps: most of them stay within the block.
CLAIM(each_size_follows_the_one_before) {
    for (int i = 0; i < WAYS; i++) {
        unsigned char *block = NULL;
        for (size_t bytes = 1; bytes < EACH_UP_TO; bytes++) {
            block = ways[i].resize(block, bytes);
            expect_equal(first_dirt(block, bytes - 1, ash_usable_size(block)),
                         ash_usable_size(block));
            block[bytes - 1] = 0xff;
        }
        expect_ones(block, EACH_UP_TO - 1);
        for (size_t bytes = EACH_UP_TO - 1; bytes > 0; bytes--) {
            block = ways[i].resize(block, bytes);
            expect_zero(block, bytes, ash_usable_size(block), ways[i].name);
        }
        expect_ones(block, 1);
        ash_free(block);
    }
}

CLAIM(a_huge_block_grows_with_zeroes) {
    for (int i = 0; i < WAYS; i++) {
        size_t bytes = LARGEST;
        unsigned char *block = ways[i].take(bytes);
        memset(block, 0xff, bytes);
        block = ways[i].resize(block, bytes / 2 + 5);
        expect_zero(block, bytes / 2 + 5, ash_usable_size(block), ways[i].name);
        block = ways[i].resize(block, bytes);
        expect_ones(block, bytes / 2 + 5);
        expect_zero(block, bytes / 2 + 5, ash_usable_size(block), ways[i].name);
        ash_free(block);
    }
}

CLAIM(what_was_written_behind_the_size_is_kept) {
    unsigned char *block = ash_zalloc(1000);
    size_t usable = ash_usable_size(block);
    memset(block, 0xff, usable);
    block = ash_rezalloc(block, 100000);
    expect_ones(block, usable);
    expect_zero(block, usable, ash_usable_size(block), "behind it");
    ash_free(block);
}

CLAIM(any_block_may_be_given) {
    unsigned char *block = ash_malloc(100);
    size_t usable = ash_usable_size(block);
    memset(block, 0xff, usable);
    block = ash_rezalloc(block, 5000);
    expect_ones(block, usable);
    expect_zero(block, usable, ash_usable_size(block), "behind the old usable size");
    ash_free(block);
}

// The planted failure: these checks would find the faults that are easy to make.
CLAIM(planted_dirt_is_found) {
    size_t dirty = 0;
    for (size_t bytes = 100; bytes < 5000; bytes += 100) {
        soil(bytes);
        unsigned char *block = ash_malloc(bytes);
        memset(block, 0, bytes);  // as calloc of the C library: what was asked for, and no more
        dirty += first_dirt(block, 0, ash_usable_size(block)) < ash_usable_size(block);
        ash_free(block);
        soil(bytes * 4);
        block = ash_realloc(ash_zalloc(bytes), bytes * 4);
        dirty += first_dirt(block, 0, bytes * 4) < bytes * 4;
        ash_free(block);
    }
    expect(dirty > 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_usable_bytes_are_zero),
        cmocka_unit_test(what_grows_shows_zeroes_also_after_it_shrank),
        cmocka_unit_test(each_size_follows_the_one_before),
        cmocka_unit_test(a_huge_block_grows_with_zeroes),
        cmocka_unit_test(what_was_written_behind_the_size_is_kept),
        cmocka_unit_test(any_block_may_be_given),
        cmocka_unit_test(planted_dirt_is_found),
    };
    return RUN_TESTS(tests);
}
