#include "heap/orphan.h"

#include "heap/audit.h"
#include "heap/realm.h"
#include "heap/refill.h"
#include "heap/registry.h"
#include "heap/release.h"
#include "heap/remote.h"
#include "heap/span.h"
#include "players.h"
#include "supply/store.h"
#include "support.h"

enum { CLASS = 6 };

static struct ash_heap *orphan, *other;

// Gives one block back to its span.
static void give(struct ash_heap *heap, struct ash_block *block) {
    ash_span_return(heap, ash_record_first(block)->class_index, &block, 1);
}

// Player 1 will leave; player 0 stays.
static void start(void) {
    player_enter(0);
    other = player_heap();
    player_enter(1);
    orphan = player_heap();
    expect(orphan != NULL && other != NULL);
}

static struct ash_block *take(void) {
    struct ash_block *block = ash_refill(orphan, CLASS);
    expect(block != NULL);
    return block;
}

static size_t free_slices(void) {
    return ash_store_measure().free_bytes / ASH_SLICE_BYTES;
}

// What a pusher has done when it was stopped between its two steps: the block is published, the
// span is on no inbox yet. pusher_goes_on is the second step.
static void pusher_stops(struct ash_record *span, struct ash_block *block) {
    expect_equal(span->remote, 0);
    size_t offset = (size_t)((char *)block - ash_record_start(span));
    ash_node_of(block)->next = 0;
    span->remote = (uint32_t)1 << 31 | 1u << 16 | (uint32_t)(offset / 16);
}

static void pusher_goes_on(struct ash_record *span) {
    struct ash_heap *owner = span->owner;
    span->inbox_next = owner->inbox;
    owner->inbox = ash_record_ticket(span);
    if (owner->state == ASH_HEAP_ORPHAN) {
        ash_orphan_tend(owner);
    }
}

CLAIM(abandoning_gives_back_all_but_what_is_in_use) {
    start();
    struct ash_block *block = take();
    size_t before = free_slices();
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        struct ash_block *unused = i == CLASS ? NULL : ash_refill(orphan, i);
        if (unused != NULL) {
            give(orphan, unused);
        }
    }
    size_t grown = ash_region.active;
    ash_orphan_abandon(orphan);
    expect_equal(ash_region.active, grown);
    expect_equal(orphan->state, ASH_HEAP_ORPHAN);
    expect_equal(orphan->tid, 0);
    ash_heap_audit(orphan);
    struct ash_record *span = ash_record_first(block);
    expect_equal(ash_span_used(span), 1);
    expect_equal(orphan->out_bytes, ash_classes[CLASS].block_bytes);
    expect_equal(orphan->span_count, 1);
    expect_equal(free_slices() % ASH_UNIT_SLICES, before % ASH_UNIT_SLICES);
}

CLAIM(stripping_retires_the_empty_current_span) {
    start();
    struct ash_block *block = take();
    give(orphan, block);
    ash_release_all(orphan);
    expect_equal(orphan->span_count, 0);
    expect_equal(orphan->out_bytes, 0);
    expect(orphan->shelves[CLASS].current == NULL);
    ash_heap_audit(orphan);
    ash_store_audit();
}

CLAIM(what_was_gathered_goes_home_with_the_thread) {
    start();
    struct ash_block *block = ash_refill(other, CLASS);
    ash_remote_free(orphan, ash_record_first(block), block);
    ash_orphan_abandon(orphan);
    expect(!ash_remote_gathers(orphan));
    expect(ash_remote_has_news(other));
    ash_remote_drain(other);
    ash_heap_audit(other);
}

CLAIM(who_frees_to_an_orphan_tends_it) {
    start();
    struct ash_block *block = take();
    struct ash_record *span = ash_record_first(block);
    ash_orphan_abandon(orphan);
    ash_remote_free_now(span, block);
    expect_equal(orphan->inbox, 0);
    expect_equal(orphan->state, ASH_HEAP_ORPHAN);
    expect_equal(span->kind, ASH_KIND_FREE);
    expect_equal(orphan->span_count, 0);
    ash_heap_audit(orphan);
}

CLAIM(a_tended_heap_is_let_alone) {
    start();
    struct ash_block *block = take();
    struct ash_record *span = ash_record_first(block);
    ash_orphan_abandon(orphan);
    orphan->state = ASH_HEAP_TENDED;  // somebody is at it
    ash_remote_free_now(span, block);
    expect_equal(orphan->inbox, ash_record_ticket(span));
    ash_orphan_tend(orphan);
    expect_equal(orphan->inbox, ash_record_ticket(span));
    ash_orphan_leave(orphan);  // and sees the news when it leaves
    expect_equal(orphan->inbox, 0);
    expect_equal(span->kind, ASH_KIND_FREE);
}

CLAIM(an_active_heap_is_not_tended) {
    start();
    struct ash_block *block = take();
    ash_remote_free_now(ash_record_first(block), block);
    ash_orphan_tend(orphan);
    expect(ash_remote_has_news(orphan));
}

CLAIM(spans_with_room_are_adopted) {
    start();
    struct ash_block *block = take();
    struct ash_record *span = ash_record_first(block);
    ash_orphan_abandon(orphan);
    expect(ash_orphan_adopt(other, CLASS + 1) == NULL);
    size_t bytes = ash_classes[CLASS].block_bytes;
    expect(ash_orphan_adopt(other, CLASS) == span);
    expect(span->owner == other && span->bin == &other->bins[CLASS]);
    expect_equal(orphan->span_count, 0);
    expect_equal(other->span_count, 1);
    expect_equal(orphan->out_bytes, 0);
    expect_equal(other->out_bytes, bytes);
    expect_equal(orphan->state, ASH_HEAP_ORPHAN);
    ash_heap_audit(orphan);
}

CLAIM(a_refill_prefers_an_orphans_span) {
    start();
    struct ash_block *block = take();
    ash_orphan_abandon(orphan);
    struct ash_block *mine = ash_refill(other, CLASS);
    expect(mine != NULL && mine != block);
    expect(ash_record_first(mine) == ash_record_first(block));
    expect_equal(other->span_count, 1);
    ash_heap_audit(other);
    ash_heap_audit(orphan);
}

CLAIM(full_spans_stay_and_the_rest_of_many_is_listed) {
    start();
    struct ash_record *spans[4];
    for (uint32_t i = 0; i < 4; i++) {
        spans[i] = ash_record_first(take());
        for (uint32_t k = 1; i < 3 && k < ash_classes[CLASS].blocks; k++) {
            (void)take();
        }
    }
    for (int i = 0; i < 2; i++) {  // of four spans one is current, one full, two have room
        give(orphan, (struct ash_block *)(void *)ash_record_start(spans[i]));
    }
    ash_orphan_abandon(orphan);
    expect_equal(orphan->span_count, 4);
    struct ash_record *adopted = ash_orphan_adopt(other, CLASS);
    expect(adopted != NULL && ash_span_has_room(adopted));
    expect_equal(adopted->place, ASH_PLACE_NONE);  // the caller places it
    expect_equal(other->span_count, 3);
    expect_equal(orphan->span_count, 1);
    expect(spans[2]->owner == orphan);
    struct ash_record *listed = ash_record_by_ticket(other->shelves[CLASS].lists[ASH_PLACE_ROOMY]);
    expect(listed != adopted && listed->next != 0);
    expect_equal(ash_record_by_ticket(listed->next)->next, 0);
    expect_equal(orphan->shelves[CLASS].lists[ASH_PLACE_ROOMY], 0);
    ash_heap_audit(other);
    ash_heap_audit(orphan);
}

CLAIM(a_span_with_a_push_on_the_way_is_not_adopted) {
    start();
    struct ash_block *block = take();
    struct ash_record *span = ash_record_first(block);
    ash_orphan_abandon(orphan);
    pusher_stops(span, block);
    expect(ash_orphan_adopt(other, CLASS) == NULL);
    expect(span->owner == orphan);
    expect_equal(other->span_count, 0);
    ash_heap_audit(orphan);
    pusher_goes_on(span);  // finds an orphan and tends it
    expect_equal(span->kind, ASH_KIND_FREE);
    expect_equal(orphan->span_count, 0);
}

// The pusher read the owner while the adopter had already written itself there, and put back.
CLAIM(a_push_to_the_adopter_comes_back_to_the_orphan) {
    start();
    struct ash_block *block = take();
    struct ash_record *span = ash_record_first(block);
    ash_orphan_abandon(orphan);
    pusher_stops(span, block);
    expect(ash_orphan_adopt(other, CLASS) == NULL);
    span->inbox_next = other->inbox;
    other->inbox = ash_record_ticket(span);
    ash_remote_drain(other);
    expect_equal(other->inbox, 0);
    expect_equal(orphan->inbox, 0);
    expect_equal(span->kind, ASH_KIND_FREE);
    expect_equal(other->span_count, 0);
    ash_heap_audit(other);
}

CLAIM(a_new_thread_takes_the_whole_heap_over) {
    start();
    struct ash_block *block = take();
    player_end();
    player_start(2);
    expect(player_heap() == orphan);
    expect_equal(orphan->state, ASH_HEAP_ACTIVE);
    expect_equal(orphan->tid, PLAYER_TID + 2);
    expect_equal(orphan->shelves[CLASS].lists[ASH_PLACE_ROOMY] != 0 ||
                     orphan->shelves[CLASS].current != NULL,
                 1);
    expect(take() != block);
    ash_heap_audit(orphan);
    expect(ash_orphan_adopt(other, CLASS) == NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(abandoning_gives_back_all_but_what_is_in_use),
        cmocka_unit_test(stripping_retires_the_empty_current_span),
        cmocka_unit_test(what_was_gathered_goes_home_with_the_thread),
        cmocka_unit_test(who_frees_to_an_orphan_tends_it),
        cmocka_unit_test(a_tended_heap_is_let_alone),
        cmocka_unit_test(an_active_heap_is_not_tended),
        cmocka_unit_test(spans_with_room_are_adopted),
        cmocka_unit_test(a_refill_prefers_an_orphans_span),
        cmocka_unit_test(full_spans_stay_and_the_rest_of_many_is_listed),
        cmocka_unit_test(a_span_with_a_push_on_the_way_is_not_adopted),
        cmocka_unit_test(a_push_to_the_adopter_comes_back_to_the_orphan),
        cmocka_unit_test(a_new_thread_takes_the_whole_heap_over),
    };
    return RUN_TESTS(tests);
}
