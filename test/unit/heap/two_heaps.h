// Player 0's heap owns spans, player 1 frees their blocks. Nobody allocates before their time.

#ifndef ASHLAR_TEST_TWO_HEAPS_H
#define ASHLAR_TEST_TWO_HEAPS_H

#include "heap/refill.h"
#include "players.h"
#include "support.h"

static struct ash_heap *owner, *other;

static void start(void) {
    player_enter(0);
    owner = player_heap();
    player_enter(1);
    other = player_heap();
    expect(owner != NULL && other != NULL && owner != other);
}

static struct ash_block *owners_block(unsigned class_index) {
    struct ash_block *block = ash_refill(owner, class_index);
    expect(block != NULL);
    return block;
}

#endif
