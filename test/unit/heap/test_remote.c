#include "heap/remote.h"

#include <string.h>

#include "heap/audit.h"
#include "heap/registry.h"
#include "heap/release.h"
#include "heap/span.h"
#include "heap/two_heaps.h"
#include "os_fake.h"
#include "supply/meta.h"
#include "support.h"

enum { CLASS = 4, OTHER_CLASS = 9 };

static const uint32_t queued = (uint32_t)1 << 31;

static uint32_t remote_count(const struct ash_record *span) {
    return span->remote >> 16 & 0x7fff;
}

static const char *remote_head(const struct ash_record *span) {
    return ash_record_start(span) + (size_t)(span->remote & 0xffff) * 16;
}

static bool is_marked(const struct ash_record *span, const struct ash_block *block) {
    size_t offset = (size_t)((const char *)block - ash_record_start(span));
    uint32_t index = ash_class_index(ash_span_class(span), offset);
    return (ash_record_marks(span)[index / 64] >> index % 64 & 1) != 0;
}

CLAIM(one_block_is_published_and_drained) {
    start();
    struct ash_block *block = owners_block(CLASS);
    struct ash_record *span = ash_record_first(block);
    uint32_t used = ash_span_used(span);
    ash_remote_free_now(span, block);
    expect_equal(span->remote & queued, queued);
    expect_equal(remote_count(span), 1);
    expect(remote_head(span) == (const char *)block);
    expect_equal(owner->inbox, ash_record_ticket(span));
    expect_equal(ash_span_used(span), used);  // INV-RECORD-4
    ash_remote_drain(owner);
    expect_equal(span->remote, 0);
    expect_equal(owner->inbox, 0);
    expect_equal(ash_span_used(span), used - 1);
    expect(is_marked(span, block));
    ash_heap_audit(owner);
}

CLAIM(a_chain_is_published_when_it_is_full) {
    start();
    struct ash_block *first = owners_block(CLASS);
    struct ash_record *span = ash_record_first(first);
    uint32_t gather = ash_classes[CLASS].gather;
    ash_remote_free(other, span, first);
    for (uint32_t i = 1; i < gather; i++) {
        expect_equal(span->remote, 0);
        expect_equal(other->gathered_bytes, i * ash_classes[CLASS].block_bytes);
        struct ash_block *block = owners_block(CLASS);
        expect(ash_record_first(block) == span);
        ash_remote_free(other, span, block);
    }
    expect(!ash_remote_gathers(other));
    expect_equal(remote_count(span), gather);
    uint32_t used = ash_span_used(span);
    ash_remote_drain(owner);
    expect_equal(ash_span_used(span), used - gather);
    ash_heap_audit(owner);
}

CLAIM(chains_add_up_before_the_owner_looks) {
    start();
    struct ash_block *blocks[6];
    for (int i = 0; i < 6; i++) {
        blocks[i] = owners_block(CLASS);
    }
    struct ash_record *span = ash_record_first(blocks[0]);
    for (int i = 0; i < 6; i++) {
        ash_remote_free_now(span, blocks[i]);
        expect_equal(remote_count(span), i + 1);
        expect_equal(owner->inbox, ash_record_ticket(span));
        expect_equal(span->inbox_next, 0);  // queued once
    }
    uint32_t used = ash_span_used(span);
    ash_remote_drain(owner);
    expect_equal(ash_span_used(span), used - 6);
    for (int i = 0; i < 6; i++) {
        expect(is_marked(span, blocks[i]));
    }
}

// A block of another span than `before`, whose chain is one of the same two as `span`'s.
static struct ash_block *clashing_block(const struct ash_record *span,
                                        const struct ash_record *before) {
    struct ash_block *block;
    do {
        block = owners_block(ash_class_of(2048));  // a few fill a span
    } while (ash_record_first(block) == before ||
             ash_remote_chains(other, ash_record_first(block)) != ash_remote_chains(other, span));
    return block;
}

CLAIM(a_chain_gives_way_to_the_second_that_is_in_its_way) {
    start();
    struct ash_block *first = owners_block(ash_class_of(2048));
    struct ash_record *span = ash_record_first(first);
    expect(ash_span_class(span)->gather > 2);
    ash_remote_free(other, span, first);
    ash_remote_free(other, span, owners_block(ash_class_of(2048)));
    struct ash_block *second = clashing_block(span, span);
    ash_remote_free(other, ash_record_first(second), second);
    expect_equal(span->remote, 0);
    struct ash_block *third = clashing_block(span, ash_record_first(second));
    ash_remote_free(other, ash_record_first(third), third);
    expect_equal(remote_count(span), 2);  // it was the fuller one
    expect_equal(ash_record_first(second)->remote, 0);
    ash_remote_flush(other);
    expect_equal(remote_count(ash_record_first(second)), 1);
    expect_equal(remote_count(ash_record_first(third)), 1);
    expect(!ash_remote_gathers(other));
    ash_remote_drain(owner);
    expect(is_marked(span, first) && is_marked(ash_record_first(third), third));
}

CLAIM(many_spans_wait_on_one_inbox) {
    start();
    struct ash_block *blocks[12];
    for (unsigned i = 0; i < 12; i++) {
        blocks[i] = owners_block(i);
        ash_remote_free_now(ash_record_first(blocks[i]), blocks[i]);
    }
    ash_remote_drain(owner);
    for (unsigned i = 0; i < 12; i++) {
        struct ash_record *span = ash_record_first(blocks[i]);
        expect_equal(span->remote, 0);
        expect(is_marked(span, blocks[i]));
    }
    ash_heap_audit(owner);
    ash_remote_drain(owner);  // nothing left to do
}

CLAIM(a_drained_span_that_falls_empty_is_retired) {
    start();
    struct ash_record *span = ash_span_cut(owner, CLASS);
    expect(span != NULL && ash_span_stock(owner, span));
    ash_span_put(owner, span, ASH_PLACE_ROOMY);
    struct ash_block **taken = ash_bin_blocks(owner, CLASS);
    uint32_t count = ash_span_used(span);
    ash_bin_set_count(owner, CLASS, 0);
    for (uint32_t i = 0; i < count; i++) {
        ash_remote_free(other, span, taken[i]);
    }
    ash_remote_flush(other);
    expect_equal(span->kind, ASH_KIND_SPAN);
    ash_remote_drain(owner);
    expect_equal(span->kind, ASH_KIND_FREE);
    expect_equal(owner->span_count, 0);
    expect_equal(owner->out_bytes, 0);
}

// By hand: the span changes hands between the push on the inbox and the drain.
CLAIM(a_span_that_changed_hands_is_passed_on) {
    start();
    struct ash_record *span = ash_span_cut(owner, CLASS);
    expect(ash_span_stock(owner, span));
    struct ash_block *block = owner->bins[CLASS].head;
    ash_bin_set_count(owner, CLASS, 0);
    ash_remote_free_now(span, block);
    expect_equal(owner->inbox, ash_record_ticket(span));
    uint32_t used = ash_span_used(span);
    ash_span_set_owner(span, other);
    ash_heap_count(other, ash_span_class(span), (ptrdiff_t)used);
    other->span_count++;
    ash_span_put(other, span, ASH_PLACE_FULL);
    ash_remote_drain(owner);
    expect_equal(owner->inbox, 0);
    expect_equal(other->inbox, ash_record_ticket(span));
    expect_equal(ash_span_used(span), used);
    ash_remote_drain(other);
    expect_equal(other->inbox, 0);
    expect_equal(ash_span_used(span), used - 1);
    expect_equal(span->place, ASH_PLACE_ROOMY);
    expect_equal(other->shelves[CLASS].lists[ASH_PLACE_ROOMY], ash_record_ticket(span));
    ash_heap_audit(other);
}

CLAIM(a_full_spans_worth_of_blocks_fits_the_count) {
    start();
    static struct ash_block *taken[ASH_SLICE_BYTES / 16];
    uint32_t blocks = ash_classes[0].blocks;
    for (uint32_t i = 0; i < blocks; i++) {
        taken[i] = owners_block(0);
    }
    struct ash_record *span = ash_record_first(taken[0]);
    for (uint32_t i = 0; i < blocks; i++) {
        ash_remote_free_now(span, taken[i]);
    }
    expect_equal(remote_count(span), blocks);
    expect_equal(span->remote & queued, queued);
    ash_remote_drain(owner);
    expect_equal(ash_span_used(span), 0);
    ash_heap_audit(owner);
}

// Takes the owner's bin out of sight.
static void empty_bin(unsigned class_index) {
    ash_bin_set_count(owner, class_index, 0);
}

// `count` blocks of one span, newest last, which `other` has freed; the owner's bin is empty.
static struct ash_record *free_remotely(unsigned class_index, struct ash_block **blocks,
                                        uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        blocks[i] = owners_block(class_index);
    }
    struct ash_record *span = ash_record_first(blocks[0]);
    for (uint32_t i = 0; i < count; i++) {
        expect(ash_record_first(blocks[i]) == span);
        ash_remote_free(other, span, blocks[i]);
    }
    ash_remote_flush(other);
    empty_bin(class_index);
    return span;
}

CLAIM(a_chain_becomes_the_list_of_an_empty_bin) {
    start();
    struct ash_block *taken[3];
    struct ash_record *span = free_remotely(CLASS, taken, 3);
    uint32_t used = ash_span_used(span);
    for (int i = 3; i-- > 0;) {
        expect(ash_refill(owner, CLASS) == taken[i]);
    }
    expect_equal(span->remote, 0);
    expect_equal(ash_span_used(span), used);  // they were never back
    expect_equal(owner->events.returned, 3);
    ash_heap_audit(owner);
}

CLAIM(news_of_a_class_waits_and_grows_until_the_class_needs_blocks) {
    start();
    struct ash_block *taken[2], *more = owners_block(OTHER_CLASS);
    (void)owners_block(CLASS);  // its current span has more
    struct ash_record *span = free_remotely(OTHER_CLASS, taken, 2);
    empty_bin(CLASS);
    expect(ash_refill(owner, CLASS) != NULL);
    expect(!ash_remote_has_news(owner));
    expect_equal(owner->shelves[OTHER_CLASS].news, ash_record_ticket(span));
    expect_equal(remote_count(span), 2);
    expect(ash_record_first(more) == span);
    ash_remote_free_now(span, more);
    expect(!ash_remote_has_news(owner));      // the span is queued already
    if (ash_classes[OTHER_CLASS].cap >= 3) {  // what came last lies at the bottom
        expect(ash_refill(owner, OTHER_CLASS) == taken[1]);
        expect(ash_refill(owner, OTHER_CLASS) == taken[0]);
    }
    expect(ash_refill(owner, OTHER_CLASS) == more);
    expect_equal(owner->shelves[OTHER_CLASS].news, 0);
    ash_heap_audit(owner);
}

CLAIM(a_chain_longer_than_a_bin_goes_back_to_its_span_in_part) {
    start();
    static struct ash_block *taken[ASH_BIN_BLOCKS + 5];
    uint32_t count = (uint32_t)ash_classes[0].cap + 5;
    struct ash_record *span = free_remotely(0, taken, count);
    uint32_t used = ash_span_used(span);
    expect(!is_marked(span, ash_refill(owner, 0)));
    expect(ash_bin_count(owner, 0) < (uint32_t)ash_classes[0].cap);
    expect(*ash_bin_bottom(owner, 0) == NULL);
    expect_equal(used - ash_span_used(span), count - ash_bin_count(owner, 0) - 1);
    expect(owner->shelves[0].current == span);
    ash_heap_audit(owner);
}

// All blocks of a span of the owner's, freed by nobody yet; the next block is another span's.
static struct ash_record *fill_span(unsigned class_index, struct ash_block **blocks) {
    blocks[0] = owners_block(class_index);
    struct ash_record *span = ash_record_first(blocks[0]);
    for (uint32_t i = 1; i < ash_classes[class_index].blocks; i++) {
        blocks[i] = owners_block(class_index);
        expect(ash_record_first(blocks[i]) == span);
    }
    return span;
}

static void free_some(struct ash_record *span, struct ash_block **blocks, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        ash_remote_free(other, span, blocks[i]);
    }
    ash_remote_flush(other);
}

CLAIM(marked_blocks_go_before_the_next_long_chain) {
    start();
    static struct ash_block *first[ASH_SLICE_BYTES / 16], *second[ASH_SLICE_BYTES / 16];
    struct ash_record *spans[2] = {fill_span(0, first), fill_span(0, second)};
    uint32_t count = ash_classes[0].blocks;
    free_some(spans[0], first, count - 1);
    free_some(spans[1], second, count - 1);
    struct ash_record *taken = ash_record_first(owners_block(0));
    struct ash_record *waits = spans[taken == spans[0]];
    expect(owner->shelves[0].current == taken);
    for (uint32_t i = 1; i < count - 1; i++) {
        expect(ash_record_first(owners_block(0)) == taken);
    }
    expect_equal(remote_count(waits), count - 1);
    expect(ash_record_first(owners_block(0)) == waits);
    expect_equal(taken->place, ASH_PLACE_FULL);
    ash_heap_audit(owner);
}

CLAIM(a_chain_that_the_bin_has_room_for_does_not_wait) {
    start();
    static struct ash_block *first[ASH_SLICE_BYTES / 16], *second[ASH_SLICE_BYTES / 16];
    struct ash_record *span = fill_span(0, first);
    struct ash_record *next = fill_span(0, second);
    free_some(span, first, ash_classes[0].blocks - 1);
    expect(ash_record_first(owners_block(0)) == span);
    empty_bin(0);
    expect(ash_span_used(span) < span->carved);
    free_some(next, second, (uint32_t)ash_classes[0].cap);
    expect(ash_record_first(owners_block(0)) == next);
    expect_equal(ash_bin_count(owner, 0), ash_classes[0].cap - 1);
}

CLAIM(a_current_span_without_blocks_gives_way_to_a_long_chain) {
    start();
    static struct ash_block *first[ASH_SLICE_BYTES / 16];
    struct ash_record *span = fill_span(0, first);
    struct ash_block *block = owners_block(0);
    struct ash_record *current = ash_record_first(block);
    expect(current != span && owner->shelves[0].current == current);
    ash_release_bin(owner, 0);
    ash_remote_free_now(current, block);
    ash_remote_drain(owner);
    expect_equal(ash_span_used(current), 0);
    free_some(span, first, ash_classes[0].blocks);
    current->carved = 0;  // as if none were marked: else they go first
    memset(ash_record_marks(current), 0, ASH_SLICE_BYTES / ASH_CLASS_STEP / 8);
    expect(ash_record_first(owners_block(0)) == span);
    expect_equal(current->kind, ASH_KIND_FREE);
    expect(owner->shelves[0].current == span);
    ash_heap_audit(owner);
}

CLAIM(a_bin_for_one_block_takes_one_of_a_chain) {
    start();
    unsigned class_index = ASH_CLASS_COUNT - 1;
    expect_equal(ash_classes[class_index].cap, 1);
    struct ash_block *taken[3];
    struct ash_record *span = free_remotely(class_index, taken, 3);
    struct ash_block *one = ash_refill(owner, class_index);
    expect(one != NULL && ash_bin_count(owner, class_index) == 0);
    for (int i = 0; i < 3; i++) {
        expect(is_marked(span, taken[i]) == (taken[i] != one));
    }
    ash_heap_audit(owner);
}

CLAIM(news_of_other_classes_is_returned_before_a_span_is_cut) {
    start();
    struct ash_block *taken[2];
    struct ash_record *span = free_remotely(OTHER_CLASS, taken, 2);
    ash_remote_sort(owner);
    expect_equal(owner->shelves[OTHER_CLASS].news, ash_record_ticket(span));
    expect(owners_block(CLASS) != NULL);
    expect_equal(owner->shelves[OTHER_CLASS].news, 0);
    expect(is_marked(span, taken[0]) && is_marked(span, taken[1]));
    ash_heap_audit(owner);
}

CLAIM(a_block_joins_a_chain_that_is_begun_but_never_as_its_last) {
    start();
    uint32_t gather = ash_classes[CLASS].gather;
    struct ash_block *block = owners_block(CLASS);
    struct ash_record *span = ash_record_first(block);
    expect(!ash_remote_join(other, span, block));
    ash_remote_free(other, span, block);
    for (uint32_t i = 1; i < gather; i++) {
        block = owners_block(CLASS);
        expect(ash_remote_join(other, span, block) == (i + 1 < gather));
    }
    expect_equal(span->remote, 0);
    ash_remote_free(other, span, block);
    expect_equal(remote_count(span), gather);
}

CLAIM(a_thread_has_no_chains_until_it_frees_for_others) {
    start();
    struct ash_block *block = owners_block(CLASS);
    expect(other->chains == ash_remote_none);
    ash_remote_free(other, ash_record_first(block), block);
    expect(other->chains != ash_remote_none && other->chains != NULL);
    expect(ash_remote_none[0].span == NULL);
}

CLAIM(without_memory_for_chains_a_block_is_published_at_once) {
    start();
    struct ash_block *block = owners_block(CLASS);
    struct ash_record *span = ash_record_first(block);
    os_fake_fail_from(OS_FAKE_ANY, 1);
    while (ash_meta_take(1) != NULL) {
    }
    ash_remote_free(other, span, block);
    expect(other->chains == ash_remote_none);
    expect_equal(remote_count(span), 1);
    os_fake_fail_never();
}

DEATH(a_block_that_is_freed_twice_in_a_row_is_seen) {
    start();
    struct ash_block *block = owners_block(CLASS);
    last_words("ASH101: double free of %#jx: it is free already...", (uintmax_t)(uintptr_t)block);
    ash_remote_free(other, ash_record_first(block), block);
    expect(!ash_remote_join(other, ash_record_first(block), block));
    ash_remote_free(other, ash_record_first(block), block);
}

DEATH(two_threads_that_free_one_block_are_seen) {
    start();
    struct ash_block *block = owners_block(CLASS);
    last_words("ASH101: double free of %#jx: it is free already...", (uintmax_t)(uintptr_t)block);
    ash_remote_free_now(ash_record_first(block), block);
    ash_remote_drain(owner);
    ash_remote_free_now(ash_record_first(block), block);
    ash_remote_drain(owner);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_block_is_published_and_drained),
        cmocka_unit_test(a_chain_is_published_when_it_is_full),
        cmocka_unit_test(chains_add_up_before_the_owner_looks),
        cmocka_unit_test(a_chain_gives_way_to_the_second_that_is_in_its_way),
        cmocka_unit_test(many_spans_wait_on_one_inbox),
        cmocka_unit_test(a_thread_has_no_chains_until_it_frees_for_others),
        cmocka_unit_test(without_memory_for_chains_a_block_is_published_at_once),
        cmocka_unit_test(a_block_that_is_freed_twice_in_a_row_is_seen),
        cmocka_unit_test(a_chain_becomes_the_list_of_an_empty_bin),
        cmocka_unit_test(news_of_a_class_waits_and_grows_until_the_class_needs_blocks),
        cmocka_unit_test(a_chain_longer_than_a_bin_goes_back_to_its_span_in_part),
        cmocka_unit_test(marked_blocks_go_before_the_next_long_chain),
        cmocka_unit_test(a_chain_that_the_bin_has_room_for_does_not_wait),
        cmocka_unit_test(a_current_span_without_blocks_gives_way_to_a_long_chain),
        cmocka_unit_test(a_bin_for_one_block_takes_one_of_a_chain),
        cmocka_unit_test(news_of_other_classes_is_returned_before_a_span_is_cut),
        cmocka_unit_test(a_block_joins_a_chain_that_is_begun_but_never_as_its_last),
        cmocka_unit_test(a_drained_span_that_falls_empty_is_retired),
        cmocka_unit_test(a_span_that_changed_hands_is_passed_on),
        cmocka_unit_test(a_full_spans_worth_of_blocks_fits_the_count),
        cmocka_unit_test(two_threads_that_free_one_block_are_seen),
    };
    return RUN_TESTS(tests);
}
