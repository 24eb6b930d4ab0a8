#include "model.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>

#include "ashlar/ashlar.h"
#include "subject.h"

// No function of the allocator sets this one.
#define ERRNO_ARMED EXDEV

// Blocks of 100 MiB are counted here too, though hardly touched. 32-bit systems
// have about 3 GiB of addresses, which fragment.
#define LIVE_LIMIT_64 ((size_t)768 << 20)
#define LIVE_LIMIT_32 ((size_t)256 << 20)

void model_create(struct model *model, const struct model_options *options, unsigned thread,
                  struct mailbox *mailboxes, size_t mailbox_count) {
    *model = (struct model){
        .journal = {.program = "model", .seed = options->seed, .thread = thread},
        .random = {.state = random_mix(options->seed + ((uint64_t)thread << 32))},
        .blocks = own_memory(options->live * sizeof(struct block)),
        .capacity = options->live,
        .live_limit = (sizeof(void *) == 4 ? LIVE_LIMIT_32 : LIVE_LIMIT_64) / options->threads,
        .mailboxes = mailboxes,
        .mailbox_count = mailbox_count,
    };
    order_create(&model->order, options->live);
}

void model_destroy(struct model *model) {
    order_destroy(&model->order);
    own_memory_free(model->blocks, model->capacity * sizeof(struct block));
}

void model_arm_errno(void) {
    errno = ERRNO_ARMED;
}

void model_expect_errno(const struct model *model, int expected, const char *name) {
    int found = errno;
    int wanted = expected == 0 ? ERRNO_ARMED : expected;
    if (found != wanted) {
        journal_fail(&model->journal, "%s: errno is %d, not %d%s", name, found, wanted,
                     expected == 0 ? " (it must be kept)" : "");
    }
}

static bool may_be_short(size_t bytes) {
    return sizeof(void *) == 4 && bytes >= (size_t)8 << 20;
}

static void check_alignment(const struct model *model, const char *name,
                            const struct block *block) {
    size_t align = block->align > ASH_MIN_ALIGN ? block->align : ASH_MIN_ALIGN;
    if ((uintptr_t)block->start % align != 0) {
        journal_fail(&model->journal, "%s: block %p of %zu bytes is misaligned, %zu wanted", name,
                     (void *)block->start, block->bytes, align);
    }
}

void model_adopt(struct model *model, const char *name, void *start, size_t bytes, size_t align) {
    if (start == NULL && may_be_short(bytes)) {
        return;
    }
    if (start == NULL) {
        journal_fail(&model->journal, "%s: NULL (errno %d) for %zu bytes", name, errno, bytes);
    }
    struct block block = {
        .start = start,
        .bytes = bytes,
        .align = align,
        .seed = random_next(&model->random),
    };
    check_alignment(model, name, &block);
    block.usable = subject_usable_size(start);
    if (block.usable < bytes) {
        journal_fail(&model->journal, "%s: block %p has only %zu of %zu bytes usable", name, start,
                     block.usable, bytes);
    }
    size_t occupied = block.usable > 0 ? block.usable : 1;
    struct interval other;
    if (!order_add(&model->order, (uintptr_t)start, (uintptr_t)start + occupied, &other)) {
        journal_fail(&model->journal, "%s: block %p of %zu usable bytes overlaps %p to %p", name,
                     start, block.usable, (void *)other.start, (void *)other.end);
    }
    pattern_fill(&block);
    model->blocks[model->count++] = block;
    model->live_bytes += bytes;
}

void model_verify(const struct model *model, size_t index, const char *name) {
    const struct block *block = &model->blocks[index];
    size_t wrong = pattern_check(block, block->start, block->usable);
    if (wrong != PATTERN_INTACT) {
        journal_fail(&model->journal,
                     "%s: contents of block %p (%zu bytes, %zu usable) changed at offset %zu", name,
                     (void *)block->start, block->bytes, block->usable, wrong);
    }
}

struct block model_forget(struct model *model, size_t index) {
    struct block block = model->blocks[index];
    if (!order_remove(&model->order, (uintptr_t)block.start)) {
        journal_fail(&model->journal, "the model lost block %p", (void *)block.start);
    }
    model->blocks[index] = model->blocks[--model->count];
    model->live_bytes -= block.bytes;
    return block;
}

void model_run(struct model *model, uint64_t steps) {
    for (uint64_t step = 1; step <= steps; step++) {
        model->journal.step = step;
        operations_step(model);
    }
}

void model_drain(struct model *model) {
    while (model->count > 0) {
        model_verify(model, model->count - 1, "drain");
        struct block block = model_forget(model, model->count - 1);
        journal_note(&model->journal, "free", block.start, block.bytes, 0);
        subject_free(block.start);
    }
}
