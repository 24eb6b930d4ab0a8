// Places where threads leave blocks for each other.
//
// A slot is EMPTY, BUSY (one thread writes or reads it) or FULL. The only ordering
// between giver and taker is the release and acquire on the slot's state: weaker
// than a lock, so a thread sanitizer sees what the allocator itself orders.

#ifndef ASHLAR_TEST_MODEL_MAILBOX_H
#define ASHLAR_TEST_MODEL_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>

#include "pattern.h"

struct mailbox {
    _Atomic unsigned state;
    struct block block;
};

// Leaves `block` in the slot; false if the slot is not empty.
bool mailbox_give(struct mailbox *mailbox, const struct block *block);

// Takes the block in the slot; false if there is none.
bool mailbox_take(struct mailbox *mailbox, struct block *block);

#endif
