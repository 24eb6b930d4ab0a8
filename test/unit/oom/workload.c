#include "workload.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "ashlar/ashlar.h"
#include "base/config.h"
#include "os_fake.h"
#include "players.h"
#include "support.h"

enum { HELD_MAX = 512, EDGE = 24, UNTOUCHED = 77 };

struct held {
    unsigned char *block;
    size_t bytes;
    unsigned char mark;
};

static struct held held[HELD_MAX];
static size_t held_count;
static size_t failures;
static unsigned char next_mark;

// Both ends of a block carry its mark.
static void write_mark(const struct held *h) {
    size_t edge = h->bytes < EDGE ? h->bytes : EDGE;
    memset(h->block, h->mark, edge);
    memset(h->block + h->bytes - edge, h->mark, edge);
}

static void expect_mark(const struct held *h, size_t bytes) {
    for (size_t i = 0; i < bytes && i < EDGE; i++) {
        expect_equal(h->block[i], h->mark);
    }
}

static void expect_marks(const struct held *h) {
    expect_mark(h, h->bytes);
    for (size_t i = 0; i < h->bytes && i < EDGE; i++) {
        expect_equal(h->block[h->bytes - 1 - i], h->mark);
    }
    expect(ash_usable_size(h->block) >= h->bytes);
}

// The two ways a call may end.
static bool judge(const void *block, size_t align) {
    if (block == NULL) {
        expect_equal(errno, ENOMEM);
        failures++;
        return false;
    }
    expect_equal(errno, UNTOUCHED);
    expect_equal((uintptr_t)block % align, 0);
    return true;
}

static void hold(void *block, size_t bytes, size_t align) {
    if (judge(block, align)) {
        expect(held_count < HELD_MAX);
        held[held_count] = (struct held){block, bytes, ++next_mark};
        write_mark(&held[held_count++]);
    }
}

static void take(size_t bytes) {
    errno = UNTOUCHED;
    hold(ash_malloc(bytes), bytes, bytes < 16 ? 1 : ASH_MIN_ALIGN);
}

static void take_zero(size_t count, size_t bytes) {
    errno = UNTOUCHED;
    unsigned char *block = ash_calloc(count, bytes);
    size_t step = 1 + count * bytes / 256;
    for (size_t i = 0; block != NULL && i < count * bytes; i += i < EDGE ? 1 : step) {
        expect_equal(block[i], 0);
    }
    hold(block, count * bytes, ASH_MIN_ALIGN);
}

static void take_aligned(size_t align, size_t bytes) {
    errno = UNTOUCHED;
    hold(ash_aligned_alloc(align, bytes), bytes, align);
    errno = UNTOUCHED;
    void *block = NULL;
    int error = ash_posix_memalign(&block, align, bytes);
    expect(error == 0 || (error == ENOMEM && block == NULL));
    errno = error == 0 ? UNTOUCHED : ENOMEM;
    hold(block, bytes, align);
}

static void give(size_t i) {
    expect_marks(&held[i]);
    errno = UNTOUCHED;
    ash_free(held[i].block);
    expect_equal(errno, UNTOUCHED);
    held[i] = held[--held_count];
}

static void resize(size_t i, size_t bytes) {
    struct held *h = &held[i];
    errno = UNTOUCHED;
    unsigned char *moved = ash_realloc(h->block, bytes);
    if (judge(moved, bytes < 16 ? 1 : ASH_MIN_ALIGN)) {
        h->block = moved;
        expect_mark(h, h->bytes < bytes ? h->bytes : bytes);
        h->bytes = bytes;
        write_mark(h);
    } else {
        expect_marks(h);
    }
}

static void give_every(size_t nth) {
    for (size_t i = held_count; i > 0; i--) {
        if (i % nth == 0) {
            give(i - 1);
        }
    }
}

static void take_all_kinds(void) {
    for (size_t bytes = 0; bytes <= 2048; bytes = bytes * 3 / 2 + 8) {
        take(bytes);
        take_zero(3, bytes / 3 + 1);
    }
    for (size_t bytes = 4096; bytes <= ASH_BLOCK_MAX; bytes *= 2) {
        take(bytes - 100);
        take_zero(1, bytes);
    }
    take(ASH_BLOCK_MAX + 1);
    take_zero(5, ASH_SLICE_BYTES);
    take(ASH_UNIT_BYTES + 1);
    take(3 * (size_t)ASH_UNIT_BYTES);
    take_zero(1, ASH_UNIT_BYTES);
    take(ASH_RUN_MAX);
    take(ASH_RUN_MAX + 1);
    for (size_t align = 32; align <= 4 * (size_t)ASH_UNIT_BYTES; align *= 8) {
        take_aligned(align, align / 2 + 1);
        take_aligned(align, 100);
    }
}

// One block through all the ways of growing and shrinking.
static void grow_and_shrink(void) {
    take(10);
    if (held_count == 0) {
        return;
    }
    size_t i = held_count - 1;
    for (size_t bytes = 20; bytes <= 2 * (size_t)ASH_MOVE_MIN; bytes = bytes * 5 / 2) {
        resize(i, bytes);
    }
    const size_t then[] = {2 * (size_t)ASH_RUN_MAX, ASH_RUN_MAX,       ASH_MOVE_MIN - 1,
                           ASH_BLOCK_MAX + 1,       ASH_BLOCK_MAX / 4, 1};
    for (size_t k = 0; k < sizeof then / sizeof then[0]; k++) {
        resize(i, then[k]);
    }
}

// A thread that starts, uses others' blocks and its own, and leaves some behind.
static void visit_by(unsigned player) {
    player_start(player);
    give_every(3);
    for (size_t bytes = 16; bytes <= ASH_BLOCK_MAX; bytes *= 2) {
        take(bytes);
        take(bytes);
        give_every(17);
    }
    grow_and_shrink();
    player_end();
    take(40);  // as the C library does after the last handler
    take(ASH_SLICE_BYTES);
    give_every(11);
    player_enter(0);
}

size_t workload_run(int leak) {
    failures = 0;
    player_enter(0);
    take_all_kinds();
    grow_and_shrink();
    os_fake_pass_ms(200);
    visit_by(1);
    os_fake_pass_ms(400);
    give_every(2);
    (void)ash_collect();
    take_all_kinds();
    visit_by(2);
    os_fake_pass_ms(1000);
    give_every(2);
    for (size_t i = 0; i < 40 && i < held_count; i += 3) {
        resize(i, held[i].bytes * 2 + 1);
    }
    held_count -= leak != 0 && held_count > 0 ? 1 : 0;
    while (held_count > 0) {
        give(held_count - 1);
    }
    return failures;
}
