// A trivially correct model of an allocator, and random operations against both.
//
// The model is a table of the blocks in use, each with its size, alignment and
// the pattern written into it, and the sorted intervals they occupy. After every
// operation: aligned, inside no other block, contents as written, zero where
// calloc says so, usable size at least as requested and all of it writable, errno
// as documented. One model belongs to one thread; threads exchange blocks through
// mailboxes, and the receiver checks what it receives.

#ifndef ASHLAR_TEST_MODEL_MODEL_H
#define ASHLAR_TEST_MODEL_MODEL_H

#include "journal.h"
#include "mailbox.h"
#include "order.h"
#include "pattern.h"
#include "random.h"

struct model_options {
    uint64_t seed;
    uint64_t steps;
    unsigned threads;
    size_t live;  // blocks of one thread at most
};

struct model {
    struct journal journal;
    struct random random;
    struct order order;
    struct block *blocks;
    size_t count;
    size_t target;    // the number of blocks this phase tends to
    size_t capacity;  // at most so many
    size_t live_bytes;
    size_t live_limit;
    struct mailbox *mailboxes;  // NULL in a single thread
    size_t mailbox_count;
};

void model_create(struct model *model, const struct model_options *options, unsigned thread,
                  struct mailbox *mailboxes, size_t mailbox_count);

// Runs options->steps random operations. Ends the process at the first failure.
void model_run(struct model *model, uint64_t steps);

// Checks and frees every block; the model is empty then.
void model_drain(struct model *model);

void model_destroy(struct model *model);

// What model.c offers to operations.c. `name` is the operation's, for the report.

// Sets errno to a value no call sets, so that a change shows.
void model_arm_errno(void);
void model_expect_errno(const struct model *model, int expected, const char *name);

// Takes a block that an allocation returned into the model and fills it. NULL is
// accepted only where memory may really be short (32-bit, large blocks).
void model_adopt(struct model *model, const char *name, void *start, size_t bytes, size_t align);

// Checks that nobody changed the block at `index`.
void model_verify(const struct model *model, size_t index, const char *name);

// Takes the block at `index` out of the model, without freeing it.
struct block model_forget(struct model *model, size_t index);

// One random operation.
void operations_step(struct model *model);

#endif
