#include "mailbox.h"

enum { EMPTY, BUSY, FULL };

static bool mailbox_enter(struct mailbox *mailbox, unsigned from) {
    // acquire: pairs with the release in mailbox_leave().
    return atomic_compare_exchange_strong_explicit(&mailbox->state, &from, BUSY,
                                                   memory_order_acquire, memory_order_relaxed);
}

static void mailbox_leave(struct mailbox *mailbox, unsigned to) {
    // release: pairs with the acquire in mailbox_enter().
    atomic_store_explicit(&mailbox->state, to, memory_order_release);
}

bool mailbox_give(struct mailbox *mailbox, const struct block *block) {
    if (!mailbox_enter(mailbox, EMPTY)) {
        return false;
    }
    mailbox->block = *block;
    mailbox_leave(mailbox, FULL);
    return true;
}

bool mailbox_take(struct mailbox *mailbox, struct block *block) {
    if (!mailbox_enter(mailbox, FULL)) {
        return false;
    }
    *block = mailbox->block;
    mailbox_leave(mailbox, EMPTY);
    return true;
}
