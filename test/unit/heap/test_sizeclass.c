#include "heap/sizeclass.h"

#include "base/bits.h"
#include "support.h"

CLAIM(every_size_gets_the_smallest_class_that_holds_it) {
    ash_class_boot();
    for (size_t bytes = 0; bytes <= ASH_BLOCK_MAX; bytes++) {
        unsigned i = ash_class_of(bytes);
        expect(i < ASH_CLASS_COUNT);
        expect(ash_classes[i].block_bytes >= bytes);
        expect(i == 0 || ash_classes[i - 1].block_bytes < bytes);
    }
    expect_equal(ash_classes[ASH_CLASS_COUNT - 1].block_bytes, ASH_BLOCK_MAX);
}

CLAIM(no_class_wastes_more_than_a_fifth) {
    ash_class_boot();
    for (unsigned i = ASH_CLASS_EVEN; i < ASH_CLASS_COUNT; i++) {
        size_t least = ash_classes[i - 1].block_bytes + 1;
        expect((ash_classes[i].block_bytes - least) * 5 < ash_classes[i].block_bytes);
    }
}

CLAIM(every_block_is_aligned_as_its_size_allows) {
    ash_class_boot();
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        size_t bytes = ash_classes[i].block_bytes;
        size_t align = bytes & (~bytes + 1);  // the largest power of two that divides it
        expect(align >= ASH_CLASS_STEP && align <= ASH_SLICE_BYTES);
        for (size_t k = 0; k < ash_classes[i].blocks; k++) {
            expect_equal(k * bytes % align, 0);
        }
    }
}

CLAIM(spans_hold_their_blocks) {
    ash_class_boot();
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        const struct ash_class *c = &ash_classes[i];
        size_t span = (size_t)c->slices * ASH_SLICE_BYTES;
        expect(c->blocks >= ASH_SPAN_BLOCKS_MIN);
        expect(c->slices <= ASH_UNIT_SLICES);
        expect_equal(c->blocks, span / c->block_bytes);
    }
}

CLAIM(lists_hold_one_block_at_least_and_a_bounded_number) {
    ash_class_boot();
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        const struct ash_class *c = &ash_classes[i];
        expect(c->cap >= 1 && c->cap <= ASH_BIN_BLOCKS);
        expect(c->cap == 1 || (size_t)c->cap * c->block_bytes <= ASH_BIN_BYTES);
        expect(c->gather >= 1 && c->gather <= ASH_GATHER_BLOCKS);
        expect(c->stock >= 1 && c->stock <= ASH_STOCK_BYTES);
    }
}

CLAIM(dividing_by_multiplying_is_exact) {
    ash_class_boot();
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        const struct ash_class *c = &ash_classes[i];
        size_t span = (size_t)c->slices * ASH_SLICE_BYTES;
        for (size_t offset = 0; offset < span; offset += ASH_CLASS_STEP) {
            expect_equal(ash_class_index(c, offset), offset / c->block_bytes);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_gets_the_smallest_class_that_holds_it),
        cmocka_unit_test(no_class_wastes_more_than_a_fifth),
        cmocka_unit_test(every_block_is_aligned_as_its_size_allows),
        cmocka_unit_test(spans_hold_their_blocks),
        cmocka_unit_test(lists_hold_one_block_at_least_and_a_bounded_number),
        cmocka_unit_test(dividing_by_multiplying_is_exact),
    };
    return RUN_TESTS(tests);
}
