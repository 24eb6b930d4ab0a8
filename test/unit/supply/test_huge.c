#include "supply/huge.h"
#include <string.h>

#include "base/bits.h"
#include "heap/realm.h"
#include "os_fake.h"
#include "platform/os.h"
#include "support.h"

// The index begins with one page. As many blocks as fit into the largest page there is are more
// than it takes before it has to grow.
enum { MANY = 1500, PAGE_MOST = 65536, ROOM = PAGE_MOST / (2 * sizeof(void *)) };
_Static_assert(MANY <= ROOM, "the larger number gives the arrays their size");
#define PAGE ash_os_page_bytes()

static char *blocks[ROOM];
static size_t sizes[ROOM];

static size_t index_bytes(void) {
    size_t count;
    return os_fake_tally().mapped_bytes - ash_huge_total(&count);
}

static void take(size_t i, size_t bytes, size_t align) {
    blocks[i] = ash_huge_take(&ash_realm_main, bytes, align);
    expect(blocks[i] != NULL);
    expect_equal((uintptr_t)blocks[i] % align, 0);
    sizes[i] = ash_round_up(bytes, ash_os_page_bytes());
    blocks[i][0] = (char)i;
    blocks[i][sizes[i] - 1] = (char)i;
}

static void expect_known(size_t i) {
    expect_equal(ash_huge_find(blocks[i]).bytes, sizes[i]);
    expect_equal(blocks[i][0], (char)i);
    expect_equal(blocks[i][sizes[i] - 1], (char)i);
}

static void give(size_t i) {
    expect_known(i);
    expect(ash_huge_give(blocks[i]).bytes != 0);
    expect_equal(ash_huge_find(blocks[i]).bytes, 0);
    blocks[i] = NULL;
    sizes[i] = 0;
}

CLAIM(nothing_is_huge_at_first) {
    size_t count = 1;
    char local = 0;
    expect_equal(ash_huge_find(&local).bytes, 0);
    expect_equal(ash_huge_give(&local).bytes, 0);
    expect_equal(ash_huge_total(&count), 0);
    expect_equal(count, 0);
}

CLAIM(a_block_is_known_by_its_start_alone) {
    take(0, 3 * PAGE - 5, 64 * PAGE);
    expect_known(0);
    expect_equal(ash_huge_find(blocks[0] + 1).bytes, 0);
    expect_equal(ash_huge_find(blocks[0] + PAGE).bytes, 0);
    expect_equal(ash_huge_give(blocks[0] + PAGE).bytes, 0);
    give(0);
    expect_equal(index_bytes(), os_fake_tally().mapped_bytes);
}

CLAIM(the_index_grows_and_forgets_nothing) {
    size_t last_index = 0, growths = 0;
    for (size_t i = 0; i < MANY; i++) {
        take(i, PAGE, PAGE);
        growths += index_bytes() != last_index;
        last_index = index_bytes();
        expect(ash_is_power_of_two(last_index));
    }
    expect(growths >= (PAGE == 4096 ? 3 : 1));  // it begins with a page
    size_t count;
    expect_equal(ash_huge_total(&count), (size_t)MANY * PAGE);
    expect_equal(count, MANY);
    for (size_t i = 0; i < MANY; i++) {
        give(i);
    }
    expect_equal(ash_huge_total(&count), 0);
    expect_equal(count, 0);
    expect_equal(os_fake_tally().mapped_bytes, last_index);
}

// Removals move entries of a chain, so every block is looked for after each.
CLAIM(any_order_of_removal_keeps_the_others) {
    struct sequence sequence = sequence_from(31);
    for (int step = 0; step < 6000; step++) {
        size_t i = sequence_below(&sequence, 180);
        if (blocks[i] == NULL) {
            take(i, PAGE * (1 + sequence_below(&sequence, 3)), PAGE);
        } else {
            give(i);
        }
        size_t bytes = 0;
        for (size_t k = 0; k < 180; k++) {
            bytes += sizes[k];
            expect(blocks[k] == NULL || ash_huge_find(blocks[k]).bytes == sizes[k]);
        }
        size_t count;
        expect_equal(ash_huge_total(&count), bytes);
    }
}

static void resize_to(size_t i, size_t bytes) {
    char kept = blocks[i][0];
    char *moved = ash_huge_resize(blocks[i], bytes, NULL);
    expect(moved != NULL);
    expect(moved == blocks[i] || ash_huge_find(blocks[i]).bytes == 0);
    expect_equal(moved[0], kept);
    blocks[i] = moved;
    sizes[i] = ash_round_up(bytes, ash_os_page_bytes());
    moved[sizes[i] - 1] = kept;
    expect_known(i);
}

CLAIM(resizing_keeps_contents_and_the_books) {
    take(1, 4 * PAGE, PAGE);
    take(2, PAGE, PAGE);
    for (int moves = 0; moves < 2; moves++) {
        os_fake_set_remap_moves(moves != 0);
        char *before = blocks[1];
        resize_to(1, 40 * PAGE - 1);
        expect(!moves || blocks[1] != before);
        resize_to(1, 2 * PAGE);
    }
    expect_known(2);
    size_t count;
    expect_equal(ash_huge_total(&count), 3 * PAGE);
    expect_equal(count, 2);
    give(1);
    give(2);
    expect_equal(ash_huge_total(&count), 0);
}

CLAIM(a_refused_resize_leaves_the_block_as_it_was) {
    take(1, 4 * PAGE, PAGE);
    os_fake_fail_from(1 << OS_FAKE_REMAP, 1);
    expect(ash_huge_resize(blocks[1], 8 * PAGE, NULL) == NULL);
    expect(ash_huge_resize(blocks[1], PAGE, NULL) == NULL);
    expect_known(1);
    give(1);
}

CLAIM(without_memory_no_block_and_no_leak) {
    os_fake_fail_once(1 << OS_FAKE_MAP, 1);
    expect(ash_huge_take(&ash_realm_main, PAGE, PAGE) == NULL);
    os_fake_fail_once(1 << OS_FAKE_MAP, 2);  // the index
    expect(ash_huge_take(&ash_realm_main, PAGE, PAGE) == NULL);
    expect_equal(os_fake_tally().mapped_bytes, 0);
    take(0, PAGE, PAGE);
    give(0);
}

CLAIM(an_index_that_cannot_grow_refuses_the_block) {
    size_t count = 0;
    take(count++, PAGE, PAGE);
    size_t index = index_bytes();
    os_fake_fail_above(PAGE);  // blocks are to be had, a larger index is not
    while ((blocks[count] = ash_huge_take(&ash_realm_main, PAGE, PAGE)) != NULL) {
        sizes[count] = PAGE;
        blocks[count][0] = blocks[count][PAGE - 1] = (char)count;
        count++;
        expect(count < ROOM);
    }
    expect_equal(index_bytes(), index);
    expect_equal(os_fake_tally().mapped_bytes, count * PAGE + index);
    os_fake_fail_above(0);
    take(count++, PAGE, PAGE);
    expect_equal(index_bytes(), 2 * index);
    for (size_t i = 0; i < count; i++) {
        give(i);
    }
}

CLAIM(large_pages_are_kept_to) {
    os_fake_set_page_bytes(65536);
    take(0, 70000, 65536);
    expect_equal(sizes[0], 131072);
    resize_to(0, 200000);
    expect_equal(sizes[0], 262144);
    give(0);
}

DEATH(resizing_what_another_thread_resizes_is_seen) {
    last_words("ASH112: two threads resize or free one huge block...");
    take(1, 4 * PAGE, PAGE);
    char *block = blocks[1];
    give(1);
    (void)ash_huge_resize(block, PAGE, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_huge_at_first),
        cmocka_unit_test(a_block_is_known_by_its_start_alone),
        cmocka_unit_test(the_index_grows_and_forgets_nothing),
        cmocka_unit_test(any_order_of_removal_keeps_the_others),
        cmocka_unit_test(resizing_keeps_contents_and_the_books),
        cmocka_unit_test(a_refused_resize_leaves_the_block_as_it_was),
        cmocka_unit_test(without_memory_no_block_and_no_leak),
        cmocka_unit_test(an_index_that_cannot_grow_refuses_the_block),
        cmocka_unit_test(large_pages_are_kept_to),
        cmocka_unit_test(resizing_what_another_thread_resizes_is_seen),
    };
    return RUN_TESTS(tests);
}
