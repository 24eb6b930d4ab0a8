// Every way to change a block: where it stays, where it goes, what it still holds.

#include <errno.h>

#include "fault.h"
#include "shim.h"
#include "supply/region.h"
#include "world.h"

enum trait {
    TAKES_ALIGN = 1,
    TAKES_OFFSET = 2,
    TAKES_HEAP = 4,
    CLEARS = 8,
    FREES_ON_FAILURE = 16,
};

struct change {
    const struct live *old;
    size_t bytes, count, align, offset;
    ash_heap_t *heap;
};

struct changer {
    const char *name;
    void *(*change)(const struct change *change);
    unsigned traits;
};

static void *change_realloc(const struct change *c) {
    return shim_realloc(c->old->block.start, c->bytes);
}

static void *change_reallocarray(const struct change *c) {
    return ash_reallocarray(c->old->block.start, c->count, c->bytes / c->count);
}

static void *change_reallocn(const struct change *c) {
    return ash_reallocn(c->old->block.start, c->count, c->bytes / c->count);
}

static void *change_reallocf(const struct change *c) {
    return ash_reallocf(c->old->block.start, c->bytes);
}

static void *change_rezalloc(const struct change *c) {
    return ash_rezalloc(c->old->block.start, c->bytes);
}

static void *change_recalloc(const struct change *c) {
    return ash_recalloc(c->old->block.start, c->count, c->bytes / c->count);
}

static void *change_urealloc(const struct change *c) {
    size_t before, after;
    size_t held = c->old->block.usable;
    void *block = ash_urealloc(c->old->block.start, c->bytes, &before, &after);
    if (before != held || after != ash_usable_size(block)) {
        fuzz_fail("it told %zu and %zu usable bytes, not %zu and %zu", before, after, held,
                  ash_usable_size(block));
    }
    return block;
}

static void *change_realloc_aligned(const struct change *c) {
    return ash_realloc_aligned(c->old->block.start, c->bytes, c->align);
}

static void *change_reallocn_aligned(const struct change *c) {
    return ash_reallocn_aligned(c->old->block.start, c->count, c->bytes / c->count, c->align);
}

static void *change_realloc_aligned_at(const struct change *c) {
    return ash_realloc_aligned_at(c->old->block.start, c->bytes, c->align, c->offset);
}

static void *change_rezalloc_aligned(const struct change *c) {
    return ash_rezalloc_aligned(c->old->block.start, c->bytes, c->align);
}

static void *change_rezalloc_aligned_at(const struct change *c) {
    return ash_rezalloc_aligned_at(c->old->block.start, c->bytes, c->align, c->offset);
}

static void *change_recalloc_aligned(const struct change *c) {
    return ash_recalloc_aligned(c->old->block.start, c->count, c->bytes / c->count, c->align);
}

static void *change_recalloc_aligned_at(const struct change *c) {
    return ash_recalloc_aligned_at(c->old->block.start, c->count, c->bytes / c->count, c->align,
                                   c->offset);
}

static void *change_heap_realloc(const struct change *c) {
    return ash_heap_realloc(c->heap, c->old->block.start, c->bytes);
}

static void *change_heap_reallocarray(const struct change *c) {
    return ash_heap_reallocarray(c->heap, c->old->block.start, c->count, c->bytes / c->count);
}

static const struct changer changers[] = {
    {"realloc", change_realloc, 0},
    {"reallocarray", change_reallocarray, 0},
    {"reallocn", change_reallocn, 0},
    {"reallocf", change_reallocf, FREES_ON_FAILURE},
    {"rezalloc", change_rezalloc, CLEARS},
    {"recalloc", change_recalloc, CLEARS},
    {"urealloc", change_urealloc, 0},
    {"realloc_aligned", change_realloc_aligned, TAKES_ALIGN},
    {"reallocn_aligned", change_reallocn_aligned, TAKES_ALIGN},
    {"realloc_aligned_at", change_realloc_aligned_at, TAKES_ALIGN | TAKES_OFFSET},
    {"rezalloc_aligned", change_rezalloc_aligned, TAKES_ALIGN | CLEARS},
    {"rezalloc_aligned_at", change_rezalloc_aligned_at, TAKES_ALIGN | TAKES_OFFSET | CLEARS},
    {"recalloc_aligned", change_recalloc_aligned, TAKES_ALIGN | CLEARS},
    {"recalloc_aligned_at", change_recalloc_aligned_at, TAKES_ALIGN | TAKES_OFFSET | CLEARS},
    {"heap_realloc", change_heap_realloc, TAKES_HEAP},
    {"heap_reallocarray", change_heap_reallocarray, TAKES_HEAP},
};

static struct change draw_change(struct world *w, const struct changer *changer,
                                 const struct live *old) {
    struct change c = {.old = old, .bytes = world_draw_bytes(w), .count = 1};
    unsigned how = input_byte(&w->in);
    if (how % 4 == 0) {  // near where it was
        c.bytes = old->block.bytes + how / 4 < 8 ? 8 : old->block.bytes + how / 4 - 8;
    }
    c.count = 1 + how / 64;
    c.bytes -= c.bytes % c.count;
    c.align = (changer->traits & TAKES_ALIGN) != 0 ? input_align(&w->in) : 0;
    c.offset = (changer->traits & TAKES_OFFSET) != 0 ? input_size(&w->in) : 0;
    c.heap = (changer->traits & TAKES_HEAP) != 0 ? world_draw_heap(w) : old->heap;
    return c;
}

// The contents that must have survived, and the zeroes that must follow.
static void check_contents(const struct changer *changer, const struct live *old, void *start,
                           size_t bytes) {
    bool clears = (changer->traits & CLEARS) != 0;
    size_t promised = clears ? old->block.usable : old->block.bytes;
    size_t kept = promised < bytes ? promised : bytes;
    size_t wrong = world_check(old, start, kept);
    if (wrong != PATTERN_INTACT) {
        fuzz_fail("contents lost at offset %zu, from %zu to %zu bytes", wrong, old->block.bytes,
                  bytes);
    }
    if (clears) {
        struct live now = {.block = {.start = start, .bytes = bytes}};
        now.block.usable = ash_usable_size(start);
        world_expect_zero(&now, kept);
    }
}

static void put_back(struct world *w, const struct changer *changer, const struct live *old,
                     const struct change *c) {
    struct want want = {.bytes = c->bytes, .align = c->align};
    if (errno != ENOMEM || !world_may_fail(w, &want)) {
        fuzz_fail("NULL with errno %d from %zu to %zu bytes", errno, old->block.bytes, c->bytes);
    }
    if ((changer->traits & FREES_ON_FAILURE) != 0) {
        return;
    }
    struct interval other;
    uintptr_t start = (uintptr_t)old->block.start;
    size_t occupied = old->block.usable > 0 ? old->block.usable : 1;
    (void)order_add(&w->order, start, start + occupied, &other);
    w->lives[w->count++] = *old;
    w->bytes += old->block.bytes;
    world_verify(old);
}

static void settle(struct world *w, const struct changer *changer, const struct live *old,
                   const struct change *c, void *start) {
    bool stayed = start == old->block.start;
    bool aligned = (changer->traits & TAKES_ALIGN) != 0;
    struct want want = {
        .bytes = c->bytes,
        .align = c->align,
        .offset = c->offset,
        .heap = stayed ? old->heap : c->heap,
        // A huge block keeps its place in its page wherever it goes.
        .odd = old->odd,
        .sized = aligned || old->odd ? SIZED_NOT : SIZED_PLAIN,
    };
    check_contents(changer, old, start, c->bytes);
    world_adopt(w, start, &want);
}

static void expand(struct world *w, struct live *live) {
    size_t bytes = world_draw_bytes(w);
    size_t held = live->block.usable;
    world_note(w, "expand");
    void *block = ash_expand(live->block.start, bytes);
    world_expect_errno_kept();
    if (block == NULL) {
        world_verify(live);
        if (bytes <= held || ash_usable_size(live->block.start) != held) {
            fuzz_fail("refused %zu bytes, %zu are usable", bytes, held);
        }
        return;
    }
    struct live old = world_forget(w, live);
    size_t now = ash_usable_size(block);
    if (block != old.block.start || now < bytes || now < held ||
        world_check(&old, block, held) != PATTERN_INTACT) {
        fuzz_fail("from %zu to %zu bytes: %zu usable, or the contents changed", held, bytes, now);
    }
    struct want want = {.bytes = bytes > old.block.bytes ? bytes : old.block.bytes,
                        .heap = old.heap,
                        .odd = old.odd};
    world_adopt(w, block, &want);
}

void world_resize(struct world *w) {
    struct live *live = world_draw_live(w);
    unsigned kind = input_below(&w->in, sizeof changers / sizeof changers[0] + 1);
    if (live == NULL) {
        return;
    }
    world_verify(live);
    if (kind == sizeof changers / sizeof changers[0]) {
        expand(w, live);
        return;
    }
    const struct changer *changer = &changers[kind];
    struct live old = world_forget(w, live);
    struct change c = draw_change(w, changer, &old);
    c.old = &old;
    world_note(w, changer->name);
    void *start = changer->change(&c);
    w->players[w->player].allocated = true;
    if (start == NULL && c.bytes == 0) {
        world_expect_errno_kept();
    } else if (start == NULL) {
        put_back(w, changer, &old, &c);
    } else {
        settle(w, changer, &old, &c, start);
    }
}
