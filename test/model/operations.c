// The random operations: allocate, change, free, exchange, and requests that must
// be refused.

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "ashlar/ashlar.h"
#include "model.h"
#include "sizes.h"
#include "subject.h"

// How long the number of blocks tends to one target before another is drawn.
#define PHASE_STEPS 2048

static size_t draw_bytes(struct model *model) {
    size_t bytes = sizes_any(&model->random);
    size_t room = model->live_limit - model->live_bytes;
    return bytes <= room ? bytes : bytes % 64;
}

static void note(struct model *model, const char *name, const void *block, size_t bytes,
                 size_t detail) {
    journal_note(&model->journal, name, block, bytes, detail);
    model_arm_errno();
}

// ash_good_size() promises what a plain block's usable size will be.
static void allocate_plain(struct model *model) {
    size_t bytes = draw_bytes(model);
    note(model, "malloc", NULL, bytes, 0);
    void *start = subject_malloc(bytes);
    if (start != NULL && ash_usable_size(start) < ash_good_size(bytes)) {
        journal_fail(&model->journal, "malloc: usable size %zu of %p is below good size %zu",
                     ash_usable_size(start), start, ash_good_size(bytes));
    }
    model_adopt(model, "malloc", start, bytes, 0);
}

static void allocate_zeroed(struct model *model) {
    size_t bytes = draw_bytes(model);
    size_t count = random_below(&model->random, 4) == 0 ? 1 + random_below(&model->random, 9) : 1;
    bytes /= count;
    note(model, "calloc", NULL, bytes, count);
    unsigned char *start = subject_calloc(count, bytes);
    if (start != NULL) {
        size_t wrong = pattern_check_zero(start, count * bytes);
        if (wrong != PATTERN_INTACT) {
            journal_fail(&model->journal, "calloc: block %p of %zu bytes is not zero at offset %zu",
                         (void *)start, count * bytes, wrong);
        }
    }
    model_adopt(model, "calloc", start, count * bytes, 0);
}

static void allocate_aligned(struct model *model) {
    size_t bytes = draw_bytes(model);
    size_t align = sizes_align(&model->random);
    note(model, "aligned_alloc", NULL, bytes, align);
    model_adopt(model, "aligned_alloc", subject_aligned_alloc(align, bytes), bytes, align);
}

static void allocate_posix(struct model *model) {
    size_t bytes = draw_bytes(model);
    size_t align = sizeof(void *) * sizes_align(&model->random);
    void *start = NULL;
    note(model, "posix_memalign", NULL, bytes, align);
    int error = subject_posix_memalign(&start, align, bytes);
    model_expect_errno(model, 0, "posix_memalign");
    if (error != 0 && error != ENOMEM) {
        journal_fail(&model->journal, "posix_memalign: error %d for %zu bytes", error, bytes);
    }
    model_adopt(model, "posix_memalign", start, bytes, align);
}

static void allocate_old(struct model *model) {
    size_t bytes = draw_bytes(model);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t dice = random_below(&model->random, 3);
    note(model, "memalign, valloc or pvalloc", NULL, bytes, dice);
    if (dice == 0) {
        model_adopt(model, "memalign", ash_memalign(256, bytes), bytes, 256);
    } else if (dice == 1) {
        model_adopt(model, "valloc", ash_valloc(bytes), bytes, page);
    } else {
        size_t rounded = (bytes + page - 1) / page * page;
        model_adopt(model, "pvalloc", ash_pvalloc(bytes), rounded, page);
    }
}

static void allocate(struct model *model) {
    size_t dice = random_below(&model->random, 100);
    if (dice < 58) {
        allocate_plain(model);
    } else if (dice < 78) {
        allocate_zeroed(model);
    } else if (dice < 88) {
        allocate_aligned(model);
    } else if (dice < 97) {
        allocate_posix(model);
    } else {
        allocate_old(model);
    }
}

static void release(struct model *model) {
    size_t index = random_below(&model->random, model->count);
    model_verify(model, index, "before free");
    struct block block = model_forget(model, index);
    bool sized = random_below(&model->random, 4) == 0;
    note(model, sized ? "free with size" : "free", block.start, block.bytes, block.align);
    if (!sized) {
        subject_free(block.start);
    } else if (block.align != 0) {
        ash_free_aligned_sized(block.start, block.align, block.bytes);
    } else {
        ash_free_sized(block.start, block.bytes);
    }
    model_expect_errno(model, 0, "free");
}

static size_t draw_new_bytes(struct model *model, size_t bytes) {
    size_t dice = random_below(&model->random, 10);
    if (dice < 3) {
        return bytes + sizes_below(&model->random, 256);
    }
    if (dice < 6) {
        return bytes - random_below(&model->random, bytes + 1);
    }
    return dice < 8 ? bytes + bytes / 2 + 1 : sizes_any(&model->random);
}

static void check_moved(const struct model *model, const struct block *old,
                        const unsigned char *start, size_t bytes) {
    size_t kept = old->bytes < bytes ? old->bytes : bytes;
    size_t wrong = pattern_check(old, start, kept);
    if (wrong != PATTERN_INTACT) {
        journal_fail(&model->journal,
                     "realloc: contents lost from %zu to %zu bytes (%p to %p) at offset %zu",
                     old->bytes, bytes, (void *)old->start, (const void *)start, wrong);
    }
}

static void resize_to_zero(struct model *model, size_t index) {
    struct block block = model_forget(model, index);
    note(model, "realloc", block.start, 0, 0);
    void *start = subject_realloc(block.start, 0);
    model_expect_errno(model, 0, "realloc to 0");
    if (start != NULL) {
        journal_fail(&model->journal, "realloc to 0: %p, not NULL", start);
    }
}

static void resize(struct model *model) {
    size_t index = random_below(&model->random, model->count);
    model_verify(model, index, "before realloc");
    size_t bytes = draw_new_bytes(model, model->blocks[index].bytes);
    if (bytes > model->blocks[index].bytes &&
        bytes - model->blocks[index].bytes > model->live_limit - model->live_bytes) {
        bytes = 100;
    }
    if (bytes == 0) {
        resize_to_zero(model, index);
        return;
    }
    struct block old = model_forget(model, index);
    bool array = random_below(&model->random, 8) == 0;
    note(model, array ? "reallocarray" : "realloc", old.start, bytes, old.bytes);
    unsigned char *start =
        array ? ash_reallocarray(old.start, bytes, 1) : subject_realloc(old.start, bytes);
    if (start == NULL && bytes >= (size_t)8 << 20 && sizeof(void *) == 4) {
        ash_free(old.start);
        return;
    }
    if (start != NULL) {
        check_moved(model, &old, start, bytes);
    }
    model_adopt(model, "realloc", start, bytes, 0);
}

static void refuse_null(const struct model *model, const char *name, const void *start, int error) {
    if (start != NULL) {
        journal_fail(&model->journal, "%s: %p for a request that must fail", name, start);
    }
    model_expect_errno(model, error, name);
}

static void refuse_bad_alignment(struct model *model) {
    void *start = model;
    note(model, "posix_memalign with a bad alignment", NULL, 64, sizeof(void *) / 2);
    int error = ash_posix_memalign(&start, sizeof(void *) / 2, 64);
    if (error != EINVAL || start != model) {
        journal_fail(&model->journal, "posix_memalign: %d, stored %p; EINVAL and nothing wanted",
                     error, start);
    }
    model_expect_errno(model, 0, "posix_memalign with a bad alignment");
    note(model, "aligned_alloc with a bad alignment", NULL, 64, 24);
    refuse_null(model, "aligned_alloc with alignment 24", ash_aligned_alloc(24, 64), EINVAL);
}

// Requests beyond PTRDIFF_MAX, products that overflow, alignments that are none.
static void refuse(struct model *model) {
    // volatile: the compiler warns of sizes it can see to be too large.
    volatile size_t huge = (size_t)PTRDIFF_MAX + 1 + random_below(&model->random, PTRDIFF_MAX);
    volatile size_t half = SIZE_MAX / 2 + 1;
    note(model, "malloc of too much", NULL, huge, 0);
    refuse_null(model, "malloc beyond PTRDIFF_MAX", ash_malloc(huge), ENOMEM);
    note(model, "calloc of too much", NULL, half, 2);
    refuse_null(model, "calloc with overflow", ash_calloc(half, 2), ENOMEM);
    note(model, "aligned_alloc of too much", NULL, huge, 64);
    refuse_null(model, "aligned_alloc beyond PTRDIFF_MAX", ash_aligned_alloc(64, huge), ENOMEM);
    refuse_bad_alignment(model);
    if (model->count == 0) {
        return;
    }
    size_t index = random_below(&model->random, model->count);
    void *start = model->blocks[index].start;
    note(model, "realloc to too much", start, huge, 0);
    refuse_null(model, "realloc beyond PTRDIFF_MAX", ash_realloc(start, huge), ENOMEM);
    note(model, "reallocarray with overflow", start, half, 2);
    refuse_null(model, "reallocarray with overflow", ash_reallocarray(start, half, 2), ENOMEM);
    model_verify(model, index, "after a refused realloc");
}

static void ask(struct model *model) {
    note(model, "free(NULL)", NULL, 0, 0);
    subject_free(NULL);
    model_expect_errno(model, 0, "free(NULL)");
    if (ash_usable_size(NULL) != 0) {
        journal_fail(&model->journal, "usable_size(NULL) is not 0");
    }
    if (model->count == 0) {
        return;
    }
    size_t index = random_below(&model->random, model->count);
    const struct block *block = &model->blocks[index];
    note(model, "usable_size", block->start, block->bytes, block->usable);
    if (ash_usable_size(block->start) != block->usable) {
        journal_fail(&model->journal, "usable_size of %p changed from %zu to %zu",
                     (void *)block->start, block->usable, ash_usable_size(block->start));
    }
    model_verify(model, index, "at random");
}

static void give(struct model *model) {
    size_t index = random_below(&model->random, model->count);
    struct mailbox *mailbox = &model->mailboxes[random_below(&model->random, model->mailbox_count)];
    // After a give the receiver may free the block at once, so it leaves first.
    struct block block = model_forget(model, index);
    note(model, "give to another thread", block.start, block.bytes, 0);
    if (!mailbox_give(mailbox, &block)) {
        subject_free(block.start);
    }
}

static void take(struct model *model) {
    struct block block;
    struct mailbox *mailbox = &model->mailboxes[random_below(&model->random, model->mailbox_count)];
    if (!mailbox_take(mailbox, &block)) {
        return;
    }
    note(model, "take from another thread", block.start, block.bytes, 0);
    struct interval other;
    size_t occupied = block.usable > 0 ? block.usable : 1;
    uintptr_t start = (uintptr_t)block.start;
    if (!order_add(&model->order, start, start + occupied, &other)) {
        journal_fail(&model->journal, "take: block %p overlaps %p to %p", (void *)block.start,
                     (void *)other.start, (void *)other.end);
    }
    model->blocks[model->count++] = block;
    model->live_bytes += block.bytes;
    model_verify(model, model->count - 1, "received");
}

// The blocks breathe: their number tends to a target that changes by phase, so
// spans fill up, empty out and are given back.
static void breathe(struct model *model) {
    bool below = model->count < model->target;
    bool grow = random_below(&model->random, 10) < (below ? 7U : 3U);
    if (model->count == 0 || (grow && model->count < model->capacity)) {
        allocate(model);
    } else {
        release(model);
    }
}

void operations_step(struct model *model) {
    if (model->journal.step % PHASE_STEPS == 1) {
        model->target = random_below(&model->random, model->capacity);
    }
    size_t dice = random_below(&model->random, 2000);
    if (dice < 1) {
        note(model, "collect", NULL, 0, 0);
        (void)ash_collect();
    } else if (dice < 10) {
        refuse(model);
    } else if (dice < 60) {
        ask(model);
    } else if (dice < 360 && model->count > 0) {
        resize(model);
    } else if (dice < 560 && model->mailboxes != NULL && model->count > 0) {
        give(model);
    } else if (dice < 760 && model->mailboxes != NULL && model->count < model->capacity) {
        take(model);
    } else {
        breathe(model);
    }
}
