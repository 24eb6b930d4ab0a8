// Where a heap's work is nearly right: each claim here was written for a planted fault that no
// other test caught (test/mutation).

#include <errno.h>
#include <string.h>

#include "api/boot.h"
#include "ashlar/ashlar.h"
#include "heap/hold.h"
#include "heap/realm.h"
#include "heap/refill.h"
#include "heap/release.h"
#include "heap/span.h"
#include "os_fake.h"
#include "platform/os.h"
#include "players.h"
#include "supply/store.h"
#include "support.h"

enum { UNTOUCHED = 77, BLOCKS = ASH_SLICE_BYTES / 16 };

static struct ash_heap heap;
static struct ash_block *blocks[BLOCKS];

static void start(void) {
    expect(ash_boot());
    ash_heap_init(&heap);
}

static struct ash_record *current_span(unsigned class_index) {
    struct ash_record *span = ash_span_cut(&heap, class_index);
    expect(span != NULL);
    ash_span_put(&heap, span, ASH_PLACE_CURRENT);
    return span;
}

static struct ash_block *take(struct ash_record *span) {
    if (ash_bin_count(&heap, span->class_index) == 0 && !ash_span_stock(&heap, span)) {
        return NULL;
    }
    return ash_bin_pop(&heap, span->class_index);
}

static uint32_t take_all(struct ash_record *span) {
    uint32_t count = 0;
    while (count < BLOCKS && (blocks[count] = take(span)) != NULL) {
        count++;
    }
    return count;
}

static void give(struct ash_record *span, struct ash_block *block) {
    ash_span_return(&heap, span->class_index, &block, 1);
}

CLAIM(a_block_below_all_that_came_back_is_given_again) {
    start();
    struct ash_record *span = current_span(0);
    uint32_t count = take_all(span);
    give(span, blocks[count - 1]);
    expect(take(span) == blocks[count - 1]);
    give(span, blocks[0]);
    expect(take(span) == blocks[0]);
}

DEATH(a_list_that_leads_to_another_class_is_seen) {
    last_words("ASH111: a list of freed blocks was overwritten (write after free?)...");
    start();
    struct ash_block *list[] = {take(current_span(8)), take(current_span(9))};
    ash_span_return(&heap, 8, list, 2);
}

// Blocks that begin and end within pages.
CLAIM(purging_spares_the_neighbours) {
    start();
    size_t bytes = ash_os_page_bytes() + ash_os_page_bytes() / 4;
    struct ash_record *span = current_span(ash_class_of(bytes));
    uint32_t count = take_all(span);
    expect(count >= 4 && ash_span_class(span)->block_bytes % ash_os_page_bytes() != 0);
    for (uint32_t i = 0; i < count; i++) {
        memset((void *)blocks[i], 'a' + (int)i % 26, bytes);
    }
    give(span, blocks[1]);
    give(span, blocks[2]);
    expect(ash_span_purge(span));
    for (uint32_t i = 0; i < count; i++) {
        const char *first = (const char *)blocks[i];
        bool out = i != 1 && i != 2;
        expect(!out || (first[0] == 'a' + (int)i % 26 && first[bytes - 1] == 'a' + (int)i % 26));
    }
}

CLAIM(what_comes_back_after_a_purge_is_purged_too) {
    start();
    struct ash_record *span = current_span(ash_class_of(ash_os_page_bytes()));
    uint32_t count = take_all(span);
    expect(count >= 3);
    give(span, blocks[0]);
    expect(ash_span_purge(span) && !ash_span_purge(span));
    give(span, blocks[1]);
    expect(ash_span_purge(span));
}

CLAIM(a_span_that_could_not_be_cut_is_not_charged) {
    start();
    size_t bytes;
    os_fake_fail_from(OS_FAKE_ANY, 1);
    do {
        bytes = ash_realm_main.charged;
    } while (ash_span_cut(&heap, 8) != NULL);
    expect_equal(ash_realm_main.charged, bytes);
}

CLAIM(an_empty_current_span_goes_back_when_it_is_asked_for) {
    start();
    struct ash_record *span = current_span(8);
    size_t free_bytes = ash_store_measure().free_bytes;
    give(span, take(span));
    ash_release_bin(&heap, 8);
    ash_span_stand_down(&heap, 8);
    expect(heap.shelves[8].current == NULL);
    expect(ash_store_measure().free_bytes > free_bytes);
}

CLAIM(a_current_span_that_stands_down_is_listed_by_whether_it_has_room) {
    start();
    struct ash_record *span = current_span(8);
    expect(take(span) != NULL);
    ash_span_stand_down(&heap, 8);
    expect(heap.shelves[8].current == NULL);
    expect_equal(span->place, ASH_PLACE_ROOMY);
    ash_span_lift(&heap, span);
    ash_span_put(&heap, span, ASH_PLACE_CURRENT);
    (void)take_all(span);
    ash_span_stand_down(&heap, 8);
    expect_equal(span->place, ASH_PLACE_FULL);
    ash_span_stand_down(&heap, 8);  // there is none
    expect_equal(span->place, ASH_PLACE_FULL);
}

// Neither takes nor gives slices.
CLAIM(a_program_that_only_refills_still_purges) {
    start();
    expect(ash_refill(&heap, 0) != NULL);
    bool zero;
    struct ash_record *slice = ash_store_take(NULL, 1, 1, &zero);
    ash_store_give(slice, 1);
    os_fake_pass_ms(3600000);
    expect(ash_store_dirty_bytes() > 0);
    for (int i = 0; i < 64; i++) {
        ash_release_bin(&heap, 0);
        expect(ash_refill(&heap, 0) != NULL);
    }
    expect_equal(ash_store_dirty_bytes(), 0);
}

CLAIM(purging_a_heap_stops_at_its_limit) {
    start();
    unsigned class_index = ash_class_of(ash_os_page_bytes());
    for (int i = 0; i < 3; i++) {
        struct ash_record *span = current_span(class_index);
        expect(take_all(span) >= 2);
        give(span, blocks[0]);
        ash_span_lift(&heap, span);
        ash_span_put(&heap, span, ASH_PLACE_ROOMY);
    }
    expect(ash_hold_purge(&heap, 1));
    expect(ash_hold_purge(&heap, 1));
    expect(!ash_hold_purge(&heap, 2));
}

// Of the heap, and what is on the way to it.
CLAIM(a_heap_that_ends_takes_its_news_with_it) {
    player_enter(0);
    ash_heap_t *first = ash_heap_new();
    void *block = ash_heap_malloc(first, 100);
    expect(block != NULL);
    player_enter(1);
    ash_free(block);
    player_enter(0);
    struct ash_heap *owner = ash_record_first(block)->owner;
    expect(owner->inbox != 0);
    ash_heap_destroy(first);
    expect_equal(owner->inbox, 0);  // who has it next would look for the span that is gone
    players_audit();
}

CLAIM(a_huge_block_is_charged_for_what_it_holds) {
    player_enter(0);
    ash_heap_t *own = ash_heap_new();
    size_t most = 3 * (size_t)ASH_RUN_MAX;
    void *block = ash_heap_malloc(own, most);
    expect_equal(ash_heap_bytes(own), most);
    expect(ash_realloc_aligned(block, 2 * (size_t)ASH_RUN_MAX, 16) == block);
    expect_equal(ash_heap_bytes(own), ash_usable_size(block));
    void *grown = ash_expand(block, most);
    expect(grown == block || grown == NULL);  // emulators put other mappings behind it
    expect_equal(ash_heap_bytes(own), ash_usable_size(block));
    ash_heap_set_limit(own, most);
    expect(ash_expand(block, most + 1) == NULL);
    ash_heap_destroy(own);
}

CLAIM(posix_memalign_without_memory_keeps_errno) {
    player_enter(0);
    void *block = NULL;
    int error = 0;
    expect(player_heap() != NULL);
    os_fake_fail_from(OS_FAKE_ANY, 1);
    while (error == 0) {
        errno = UNTOUCHED;
        error = ash_posix_memalign(&block, 64, ASH_BLOCK_MAX / 2);
        expect_equal(errno, UNTOUCHED);
    }
    expect_equal(error, ENOMEM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_below_all_that_came_back_is_given_again),
        cmocka_unit_test(a_list_that_leads_to_another_class_is_seen),
        cmocka_unit_test(purging_spares_the_neighbours),
        cmocka_unit_test(what_comes_back_after_a_purge_is_purged_too),
        cmocka_unit_test(a_span_that_could_not_be_cut_is_not_charged),
        cmocka_unit_test(an_empty_current_span_goes_back_when_it_is_asked_for),
        cmocka_unit_test(a_current_span_that_stands_down_is_listed_by_whether_it_has_room),
        cmocka_unit_test(a_program_that_only_refills_still_purges),
        cmocka_unit_test(purging_a_heap_stops_at_its_limit),
        cmocka_unit_test(a_heap_that_ends_takes_its_news_with_it),
        cmocka_unit_test(a_huge_block_is_charged_for_what_it_holds),
        cmocka_unit_test(posix_memalign_without_memory_keeps_errno),
    };
    return RUN_TESTS(tests);
}
