// The bookkeeping: what the shadow knows, and how a block gets into it and out of it.

#include "world.h"

#include <errno.h>
#include <string.h>

#include "ashlar/options.h"
#include "base/options.h"
#include "fault.h"
#include "os_fake.h"
#include "players.h"
#include "shim.h"

// No function of the allocator sets this one.
enum { ERRNO_ARMED = EXDEV };

#define LIVE_LIMIT ((size_t)48 << 20)
#define MAY_BE_SHORT ((size_t)4 << 20)

// A block above this is written and looked at in places alone: its first and its last bytes, and a
// word now and then.
#define DENSE_BYTES ((size_t)64 << 10)
#define TAIL_BYTES ((size_t)4096)
#define SPARSE_STEP ((size_t)256 << 10)

void world_note(struct world *w, const char *name) {
    fuzz_note(name, w->step);
    errno = ERRNO_ARMED;
}

void world_expect_errno_kept(void) {
    if (errno != ERRNO_ARMED) {
        fuzz_fail("errno is %d; it must be kept", errno);
    }
}

size_t world_draw_bytes(struct world *w) {
    size_t bytes = input_size(&w->in);
    return bytes <= LIVE_LIMIT - w->bytes ? bytes : bytes % 64;
}

ash_heap_t *world_root(const struct world *w) {
    const struct player *player = &w->players[w->player];
    return player->state == PLAYER_RUNS ? player->root : w->main;
}

ash_heap_t *world_draw_heap(struct world *w) {
    unsigned at = input_below(&w->in, WORLD_HEAPS);
    return w->heaps[at].heap != NULL ? w->heaps[at].heap : world_root(w);
}

bool world_may_fail(const struct world *w, const struct want *want) {
    bool short_of_addresses = sizeof(void *) == 4 && want->bytes + want->align >= MAY_BE_SHORT;
    return w->failing || w->limited || short_of_addresses;
}

static void check_place(const struct live *live, const struct want *want) {
    uintptr_t start = (uintptr_t)live->block.start;
    size_t align = want->align > 0 ? want->align : 1;
    if ((start + want->offset) % align != 0) {
        fuzz_fail("block %#jx is misaligned: %zu wanted at offset %zu", (uintmax_t)start, align,
                  want->offset);
    }
    if (!live->odd && start % ASH_MIN_ALIGN != 0) {
        fuzz_fail("block %#jx is not aligned to 16", (uintmax_t)start);
    }
    if (ash_heap_of(live->block.start) != want->heap) {
        fuzz_fail("block %#jx is in another heap", (uintmax_t)start);
    }
}

// The `nth` piece of a block that is written, as a block of its own; false behind the last one.
static bool piece_of(const struct block *block, size_t nth, struct block *piece) {
    size_t usable = block->usable;
    *piece = *block;
    if (usable <= DENSE_BYTES + TAIL_BYTES) {
        return nth == 0;
    }
    size_t at = nth == 0 ? 0 : nth == 1 ? usable - TAIL_BYTES : (nth - 1) * SPARSE_STEP;
    piece->start += at;
    piece->usable = nth == 0 ? DENSE_BYTES : nth == 1 ? TAIL_BYTES : sizeof(uint64_t);
    piece->seed += nth;
    return nth < 2 || at + TAIL_BYTES + sizeof(uint64_t) < usable;
}

void world_fill(const struct live *live) {
    struct block piece;
    for (size_t nth = 0; piece_of(&live->block, nth, &piece); nth++) {
        pattern_fill(&piece);
    }
}

size_t world_check(const struct live *live, const unsigned char *start, size_t bytes) {
    struct block piece;
    for (size_t nth = 0; piece_of(&live->block, nth, &piece); nth++) {
        size_t at = (size_t)(piece.start - live->block.start);
        size_t held = at >= bytes ? 0 : bytes - at < piece.usable ? bytes - at : piece.usable;
        size_t wrong = pattern_check(&piece, start + at, held);
        if (wrong != PATTERN_INTACT) {
            return at + wrong;
        }
    }
    return PATTERN_INTACT;
}

void world_expect_zero(const struct live *live, size_t from) {
    const unsigned char *start = live->block.start;
    size_t usable = live->block.usable;
    size_t dense = from + DENSE_BYTES < usable ? from + DENSE_BYTES : usable;
    size_t wrong = pattern_check_zero(start + from, dense - from);
    for (size_t at = dense; wrong == PATTERN_INTACT && at < usable; at += SPARSE_STEP) {
        size_t last = usable - at < SPARSE_STEP ? usable - 1 : at;
        wrong = start[at] != 0 ? at - from : start[last] != 0 ? last - from : PATTERN_INTACT;
    }
    if (wrong != PATTERN_INTACT) {
        fuzz_fail("block of %zu bytes, %zu usable, is not zero at offset %zu", live->block.bytes,
                  usable, from + wrong);
    }
}

static void add(struct world *w, struct live *live) {
    size_t occupied = live->block.usable > 0 ? live->block.usable : 1;
    uintptr_t start = (uintptr_t)live->block.start;
    struct interval other;
    if (!order_add(&w->order, start, start + occupied, &other)) {
        fuzz_fail("block of %zu usable bytes overlaps another: %#jx and %#jx to %#jx",
                  live->block.usable, (uintmax_t)start, (uintmax_t)other.start,
                  (uintmax_t)other.end);
    }
    live->block.seed = ++w->seeds;
    world_fill(live);
    w->lives[w->count++] = *live;
    w->bytes += live->block.bytes;
}

void world_adopt(struct world *w, void *start, const struct want *want) {
    if (start == NULL) {
        if (errno != ENOMEM) {
            fuzz_fail("NULL with errno %d for %zu bytes", errno, want->bytes);
        }
        if (!world_may_fail(w, want)) {
            fuzz_fail("NULL for %zu bytes, alignment %zu, with memory left", want->bytes,
                      want->align);
        }
        return;
    }
    world_expect_errno_kept();
    struct live live = {
        .block = {.start = start, .bytes = want->bytes, .align = want->align},
        .heap = want->heap,
        .sized = want->sized,
    };
    bool odd = want->align > 0 && want->offset % want->align % ASH_MIN_ALIGN != 0;
    live.odd = (odd || want->odd) && (uintptr_t)start % ASH_MIN_ALIGN != 0;
    live.block.usable = shim_usable_size(start);
    if (live.block.usable < want->bytes) {
        fuzz_fail("%zu of %zu bytes usable", live.block.usable, want->bytes);
    }
    check_place(&live, want);
    if (want->zero) {
        world_expect_zero(&live, 0);
    }
    add(w, &live);
}

struct live *world_draw_live(struct world *w) {
    unsigned at = input_byte(&w->in);
    return w->count == 0 ? NULL : &w->lives[(w->count - 1) - at % w->count];
}

void world_verify(const struct live *live) {
    const struct block *block = &live->block;
    size_t wrong = world_check(live, block->start, block->usable);
    if (wrong != PATTERN_INTACT) {
        fuzz_fail("contents of a block of %zu bytes, %zu usable, changed at offset %zu",
                  block->bytes, block->usable, wrong);
    }
}

struct live world_forget(struct world *w, struct live *live) {
    struct live gone = *live;
    if (!order_remove(&w->order, (uintptr_t)gone.block.start)) {
        fuzz_fail("the shadow lost a block");
    }
    *live = w->lives[--w->count];
    w->bytes -= gone.block.bytes;
    return gone;
}

void world_forget_heap(struct world *w, const ash_heap_t *heap) {
    for (size_t i = w->count; i > 0; i--) {
        if (w->lives[i - 1].heap == heap) {
            world_verify(&w->lives[i - 1]);
            (void)world_forget(w, &w->lives[i - 1]);
        }
    }
}

static void reset_options(void) {
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        (void)ash_option_set((enum ash_option)i, (int64_t)ash_option_rows[i].fallback);
    }
}

void world_begin(struct world *w, const uint8_t *bytes, size_t count) {
    static struct order order;
    if (order.intervals == NULL) {
        order_create(&order, WORLD_BLOCKS);
    }
    order.count = 0;
    memset(w, 0, sizeof *w);
    w->in = (struct input){bytes, bytes + count};
    w->order = order;
    os_fake_set_quiet(true);
    os_fake_forget_text();
    player_enter(0);
    w->main = ash_heap_main();
    w->players[0] = (struct player){.state = PLAYER_RUNS, .root = w->main};
    reset_options();
}

static void end_threads(struct world *w) {
    for (unsigned i = 1; i < WORLD_PLAYERS; i++) {
        if (w->players[i].state == PLAYER_RUNS) {
            world_enter(w, i);
            ash_thread_idle();  // its exit handler may still be missing
            world_leave(w);
        }
    }
    world_enter(w, 0);
}

void world_end(struct world *w) {
    world_note(w, "the end");
    os_fake_fail_never();
    os_fake_fail_above(0);
    os_fake_set_remap_moves(false);
    ash_heap_set_limit(w->main, 0);
    end_threads(w);
    for (unsigned i = 0; i < WORLD_HEAPS; i++) {
        world_heap_end(w, &w->heaps[i], i % 2 == 0);
    }
    for (unsigned i = 0; i < WORLD_ROOTS; i++) {
        world_subproc_end(w, &w->roots[i]);
    }
    while (w->count > 0) {
        world_verify(&w->lives[w->count - 1]);
        shim_free(world_forget(w, &w->lives[w->count - 1]).block.start);
    }
    reset_options();
    players_expect_all_free();
    if (*os_fake_text() != '\0') {
        fuzz_fail("it said: %s", os_fake_text());
    }
}
