// What is written to blocks on their way home: by the library to few of them, and by a program that
// writes after free, which is seen.

#include <string.h>

#include "heap/node.h"
#include "heap/release.h"
#include "heap/remote.h"
#include "heap/two_heaps.h"
#include "support.h"

enum { CLASS = 4 };

// What a block holds, and from where on that is what the program left there.
static void expect_untouched(const struct ash_block *block, size_t from) {
    const volatile unsigned char *left = (const volatile unsigned char *)block;
    for (size_t i = from; i < ash_classes[CLASS].block_bytes; i++) {
        expect_equal(left[i], 0xA5);
    }
}

CLAIM(gathered_blocks_are_not_written_to_and_of_published_ones_only_nodes) {
    start();
    static struct ash_block *taken[ASH_GATHER_BLOCKS];
    uint32_t gather = ash_classes[CLASS].gather;
    for (uint32_t i = 0; i < gather; i++) {
        taken[i] = owners_block(CLASS);
        memset((void *)taken[i], 0xA5, ash_classes[CLASS].block_bytes);
    }
    struct ash_record *span = ash_record_first(taken[0]);
    for (uint32_t i = 0; i + 1 < gather; i++) {
        ash_remote_free(other, span, taken[i]);
    }
    for (uint32_t i = 0; i < gather; i++) {
        expect_untouched(taken[i], 0);
    }
    ash_remote_free(other, span, taken[gather - 1]);
    expect(span->remote != 0);
    for (uint32_t i = 0; i < gather;) {
        uint32_t held = ash_node_count(ash_node_of(taken[i]));
        expect(held > 0 || i + 1 == gather);
        expect_untouched(taken[i], (held + 1) * sizeof(void *));
        for (uint32_t k = 1; k <= held; k++) {
            expect_untouched(taken[i + k], 0);
        }
        i += held + 1;
    }
}

DEATH(a_chain_that_was_written_to_is_seen) {
    last_words("ASH111: a list of freed blocks was overwritten (write after free?)...");
    start();
    struct ash_block *first = owners_block(CLASS), *second = owners_block(CLASS);
    ash_remote_free_now(ash_record_first(first), first);
    ash_remote_free_now(ash_record_first(first), second);
    ash_node_of(second)->next = 0;
    ash_remote_drain(owner);
}

// A chain of two blocks, the first a node that holds the second, on its way to the owner.
static struct ash_node *overwritten(void) {
    last_words("ASH111: a list of freed blocks was overwritten (write after free?)...");
    start();
    struct ash_block *first = owners_block(CLASS), *second = owners_block(CLASS);
    expect(ash_record_first(first) == ash_record_first(second));
    ash_remote_free(other, ash_record_first(first), first);
    ash_remote_free(other, ash_record_first(first), second);
    ash_remote_flush(other);
    ash_release_bin(owner, CLASS);
    expect_equal(ash_node_count(ash_node_of(first)), 1);
    return ash_node_of(first);
}

// Where nothing is, though it is a multiple of what blocks start at: who reads there has not tested
// whether it lies in the span.
static struct ash_block *elsewhere(void) {
    return (struct ash_block *)(uintptr_t)ASH_CLASS_STEP;
}

DEATH(a_chain_that_leads_out_of_its_span_is_seen) {
    ash_node_set_next(overwritten(), elsewhere());
    ash_remote_drain(owner);
}

DEATH(a_chain_that_leads_in_a_circle_is_seen) {
    struct ash_node *node = overwritten();
    ash_node_set_next(node, node);
    ash_remote_drain(owner);
}

DEATH(a_node_that_claims_to_hold_more_than_it_can_is_seen) {
    struct ash_node *node = overwritten();
    node->next = ash_node_room(ash_classes[CLASS].block_bytes) + 1;
    ash_remote_drain(owner);
}

DEATH(a_node_that_holds_a_block_of_another_span_is_seen) {
    overwritten()->blocks[0] = elsewhere();
    ash_remote_drain(owner);
}

DEATH(a_node_that_holds_what_starts_no_block_is_seen) {
    struct ash_node *node = overwritten();
    node->blocks[0] = (struct ash_block *)(void *)((char *)node->blocks[0] + ASH_CLASS_STEP / 2);
    ash_remote_drain(owner);
}

DEATH(a_node_that_holds_less_than_was_counted_is_seen) {
    overwritten()->next = 0;
    ash_remote_drain(owner);
}

DEATH(a_chain_that_leads_out_of_its_span_fills_no_bin) {
    ash_node_set_next(overwritten(), elsewhere());
    (void)ash_refill(owner, CLASS);
}

DEATH(a_chain_that_leads_in_a_circle_fills_no_bin) {
    struct ash_node *node = overwritten();
    ash_node_set_next(node, node);
    (void)ash_refill(owner, CLASS);
}

DEATH(a_node_that_claims_to_hold_more_than_it_can_fills_no_bin) {
    struct ash_node *node = overwritten();
    node->next = ash_node_room(ash_classes[CLASS].block_bytes) + 1;
    (void)ash_refill(owner, CLASS);
}

DEATH(a_node_that_holds_a_block_of_another_span_fills_no_bin) {
    overwritten()->blocks[0] = elsewhere();
    (void)ash_refill(owner, CLASS);
}

DEATH(a_node_that_holds_less_than_was_counted_fills_no_bin) {
    overwritten()->next = 0;
    (void)ash_refill(owner, CLASS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gathered_blocks_are_not_written_to_and_of_published_ones_only_nodes),
        cmocka_unit_test(a_chain_that_was_written_to_is_seen),
        cmocka_unit_test(a_chain_that_leads_out_of_its_span_is_seen),
        cmocka_unit_test(a_chain_that_leads_in_a_circle_is_seen),
        cmocka_unit_test(a_node_that_claims_to_hold_more_than_it_can_is_seen),
        cmocka_unit_test(a_node_that_holds_a_block_of_another_span_is_seen),
        cmocka_unit_test(a_node_that_holds_what_starts_no_block_is_seen),
        cmocka_unit_test(a_node_that_holds_less_than_was_counted_is_seen),
        cmocka_unit_test(a_chain_that_leads_out_of_its_span_fills_no_bin),
        cmocka_unit_test(a_chain_that_leads_in_a_circle_fills_no_bin),
        cmocka_unit_test(a_node_that_claims_to_hold_more_than_it_can_fills_no_bin),
        cmocka_unit_test(a_node_that_holds_a_block_of_another_span_fills_no_bin),
        cmocka_unit_test(a_node_that_holds_less_than_was_counted_fills_no_bin),
    };
    return RUN_TESTS(tests);
}
