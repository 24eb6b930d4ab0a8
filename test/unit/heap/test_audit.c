// The audits find what they are there to find: each invariant is broken once, on purpose.

#include "heap/audit.h"

#include "heap/fast.h"
#include "heap/refill.h"
#include "heap/span.h"
#include "players.h"
#include "supply/store.h"
#include "support.h"

enum { CLASS = 3 };

static struct ash_heap *heap;
static struct ash_bin *bin;
static struct ash_block *block;
static struct ash_record *span;

static void start(void) {
    player_enter(0);
    heap = player_heap();
    expect(heap != NULL);
    bin = &heap->bins[CLASS];
    block = ash_refill(heap, CLASS);
    expect(block != NULL);
    span = ash_record_first(block);
    ash_heap_audit(heap);
    ash_store_audit();
}

static void broken(const char *condition) {
    last_words("ASH901: assertion failed: %s...", condition);
}

CLAIM(sound_heaps_pass) {
    start();
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        expect(ash_refill(heap, i) != NULL);
        ash_heap_audit(heap);
    }
    for (int i = 0; i < 300; i++) {
        ash_heap_audit_some(heap);
    }
}

static void broken_ends(void) {
    broken("bottom <= bin->top && bin->top <= bin->end");
}

DEATH(a_bin_without_a_bottom_is_seen) {
    start();
    broken("*bottom == NULL");
    *ash_bin_bottom(heap, CLASS) = block;
    ash_heap_audit(heap);
}

DEATH(a_bin_that_ends_below_its_bottom_is_seen) {
    start();
    broken_ends();
    bin->top = ash_bin_bottom(heap, CLASS) - 1;
    ash_heap_audit(heap);
}

DEATH(a_bin_that_holds_too_much_is_seen) {
    start();
    broken_ends();
    bin->top = bin->end + 1;
    ash_heap_audit(heap);
}

DEATH(a_block_of_another_class_in_a_bin_is_seen) {
    start();
    broken("audit_owned(heap, span, class_index)");
    ash_fast_push(bin, ash_refill(heap, CLASS + 1));
    ash_heap_audit(heap);
}

DEATH(a_bin_that_points_into_a_block_is_seen) {
    start();
    broken("offset % ash_span_class(span)->block_bytes == 0");
    ash_fast_push(bin, (struct ash_block *)(void *)((char *)block + 16));
    ash_heap_audit(heap);
}

DEATH(a_wrong_count_of_blocks_out_is_seen) {
    start();
    broken("ash_span_used(span) + audit_marks(span) == span->carved");
    ash_span_set_used(span, ash_span_used(span) - 1);
    ash_heap_audit(heap);
}

DEATH(a_span_of_another_heap_is_seen) {
    start();
    broken("audit_owned(heap, span, class_index)");
    span->owner = ash_store_owner;
    ash_heap_audit(heap);
}

DEATH(a_listed_span_in_the_wrong_place_is_seen) {
    start();
    broken("span->place == place && span->prev == before");
    struct ash_record *listed = ash_span_cut(heap, CLASS);
    ash_span_put(heap, listed, ASH_PLACE_ROOMY);
    listed->place = ASH_PLACE_FULL;
    ash_heap_audit(heap);
}

DEATH(a_listed_span_without_room_is_seen) {
    start();
    broken("ash_span_has_room(span) == (place == ASH_PLACE_ROOMY)");
    struct ash_record *listed = ash_span_cut(heap, CLASS);
    listed->carved = ash_span_class(listed)->blocks;
    ash_span_set_used(listed, listed->carved);
    ash_span_put(heap, listed, ASH_PLACE_ROOMY);
    ash_heap_audit(heap);
}

DEATH(a_free_slice_with_an_owner_is_seen) {
    start();
    broken("atomic_load_explicit(&record->owner, memory_order_relaxed) == ash_store_owner");
    span[span->slices].owner = heap;
    ash_store_audit();
}

DEATH(a_free_slice_of_a_kind_is_seen) {
    start();
    broken("record->kind == ASH_KIND_FREE");
    span[span->slices].kind = ASH_KIND_RUN;
    ash_store_audit();
}

DEATH(a_stale_index_of_the_longest_is_seen) {
    start();
    broken("ash_region.best[unit] == ash_bits_longest(u->free)");
    ash_region.best[0]--;
    ash_store_audit();
}

DEATH(a_dirty_slice_that_is_in_use_is_seen) {
    start();
    broken("(u->dirty & ~u->free) == 0");
    ash_region.units[0].dirty |= 1;
    ash_store_audit();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_heaps_pass),
    };
    const struct CMUnitTest debug_tests[] = {
        cmocka_unit_test(a_bin_without_a_bottom_is_seen),
        cmocka_unit_test(a_bin_that_ends_below_its_bottom_is_seen),
        cmocka_unit_test(a_bin_that_holds_too_much_is_seen),
        cmocka_unit_test(a_block_of_another_class_in_a_bin_is_seen),
        cmocka_unit_test(a_bin_that_points_into_a_block_is_seen),
        cmocka_unit_test(a_wrong_count_of_blocks_out_is_seen),
        cmocka_unit_test(a_span_of_another_heap_is_seen),
        cmocka_unit_test(a_listed_span_in_the_wrong_place_is_seen),
        cmocka_unit_test(a_listed_span_without_room_is_seen),
        cmocka_unit_test(a_free_slice_with_an_owner_is_seen),
        cmocka_unit_test(a_free_slice_of_a_kind_is_seen),
        cmocka_unit_test(a_stale_index_of_the_longest_is_seen),
        cmocka_unit_test(a_dirty_slice_that_is_in_use_is_seen),
    };
    return RUN_TESTS(tests) + (ASH_DEBUG ? RUN_TESTS(debug_tests) : 0);
}
