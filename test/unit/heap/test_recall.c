#include "heap/recall.h"

#include "heap/audit.h"
#include "heap/hold.h"
#include "heap/refill.h"
#include "heap/remote.h"
#include "heap/span.h"
#include "heap/tenure.h"
#include "os_fake.h"
#include "players.h"
#include "supply/store.h"
#include "support.h"

// Large blocks, so that few make many spans.
enum { BYTES = 4096, LIVE_BYTES = 12 << 20, BLOCKS = LIVE_BYTES / BYTES, OTHER_CLASS = 3 };

static struct ash_heap *producer, *consumer, *third;
static struct ash_block *blocks[BLOCKS];

static unsigned class_index(void) {
    return ash_class_of(BYTES);
}

static void start(void) {
    player_enter(0);
    producer = player_heap();
    player_enter(1);
    consumer = player_heap();
    player_enter(2);
    third = player_heap();
    expect(producer != NULL && consumer != NULL && third != NULL);
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = ash_refill(producer, class_index());
        expect(blocks[i] != NULL);
    }
}

static void consume(size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        ash_remote_free(consumer, ash_record_first(blocks[i]), blocks[i]);
    }
    ash_remote_flush(consumer);
}

static size_t active_bytes(void) {
    return ash_store_measure().active_bytes;
}

// As many blocks as half of what the producer had.
static void third_allocates(void) {
    for (size_t i = 0; i < BLOCKS / 2; i++) {
        expect(ash_refill(third, class_index()) != NULL);
    }
}

CLAIM(what_waits_for_a_heap_is_used_before_the_process_grows) {
    start();
    consume(0, BLOCKS);
    size_t active = active_bytes();
    third_allocates();
    expect_equal(active_bytes(), active);
    expect(producer->span_count < BLOCKS / 8);
    ash_heap_audit(producer);
    ash_heap_audit(third);
}

CLAIM(blocks_that_wait_among_the_news_are_used_too) {
    start();
    consume(0, BLOCKS);
    ash_remote_sort(producer);
    expect(!ash_remote_has_news(producer) && ash_remote_waits(producer));
    size_t active = active_bytes();
    third_allocates();
    expect_equal(active_bytes(), active);
    ash_heap_audit(producer);
}

CLAIM(no_more_is_taken_back_than_is_needed) {
    start();
    consume(0, BLOCKS);
    expect(ash_refill(third, OTHER_CLASS) != NULL);
    expect(ash_remote_waits(producer));
    size_t span_bytes = (size_t)ash_classes[class_index()].slices * ASH_SLICE_BYTES;
    expect(ash_store_dirty_bytes() <= ASH_UNIT_BYTES + (16 + 1) * span_bytes);
}

CLAIM(a_small_process_recalls_nothing) {
    player_enter(0);
    producer = player_heap();
    player_enter(1);
    third = player_heap();
    struct ash_block *block = ash_refill(producer, OTHER_CLASS);
    ash_remote_free_now(ash_record_first(block), block);
    expect(ash_refill(third, OTHER_CLASS) != NULL);
    expect(ash_remote_waits(producer) == !ASH_HOSTILE);
}

CLAIM(a_heap_that_is_at_work_is_left_alone) {
    start();
    consume(0, BLOCKS);
    uint32_t spans = producer->span_count;
    ash_hold(producer);
    expect(ash_refill(third, OTHER_CLASS) != NULL);
    expect_equal(producer->span_count, spans);
    ash_hold_end(producer);
    expect(ash_refill(third, OTHER_CLASS + 1) != NULL);
    expect(producer->span_count < spans);
}

CLAIM(an_own_heap_with_news_is_not_recalled_from) {
    start();
    consume(0, BLOCKS);
    ash_recall(producer, ASH_SLICE_BYTES);
    expect(ash_remote_has_news(producer));
}

CLAIM(while_the_store_has_used_slices_nothing_is_recalled) {
    start();
    consume(0, BLOCKS);
    ash_remote_drain(producer);
    expect(ash_store_dirty_bytes() > 2 * (size_t)ASH_UNIT_BYTES);
    struct ash_block *block = ash_refill(third, OTHER_CLASS);
    ash_remote_free_now(ash_record_first(block), block);
    ash_recall(consumer, ASH_SLICE_BYTES);
    expect(ash_remote_has_news(third));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_for_a_heap_is_used_before_the_process_grows),
        cmocka_unit_test(blocks_that_wait_among_the_news_are_used_too),
        cmocka_unit_test(no_more_is_taken_back_than_is_needed),
        cmocka_unit_test(a_small_process_recalls_nothing),
        cmocka_unit_test(a_heap_that_is_at_work_is_left_alone),
        cmocka_unit_test(an_own_heap_with_news_is_not_recalled_from),
        cmocka_unit_test(while_the_store_has_used_slices_nothing_is_recalled),
    };
    return RUN_TESTS(tests);
}
