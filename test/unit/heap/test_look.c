#include "heap/look.h"

#include <string.h>

#include "ashlar/ashlar.h"
#include "heap/fast.h"
#include "heap/node.h"
#include "heap/refill.h"
#include "heap/registry.h"
#include "heap/remote.h"
#include "heap/span.h"
#include "os_fake.h"
#include "players.h"
#include "support.h"

enum { CLASS = 4, BYTES = 80 };

static struct ash_look_list lists[2];
static struct ash_heap *owner;
static struct ash_block *live;  // allocated all the time
static struct ash_block *taken;

// Player 0's bin has some blocks.
static void start(void) {
    player_enter(0);
    live = ash_malloc(BYTES);
    ash_free(ash_malloc(BYTES));
    owner = player_heap();
    player_enter(1);
    expect(player_heap() != owner);
}

static bool lists_block(const struct ash_look_list *list, const struct ash_block *block) {
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->blocks[i] == block) {
            return true;
        }
    }
    return false;
}

static uint32_t bin_length(void) {
    return ash_bin_count(owner, CLASS);
}

static const struct ash_look_list *look(void) {
    enum ash_look held = ash_look_try(owner);
    expect_equal(held, ASH_LOOK_ACTIVE);
    const struct ash_look_list *list = ash_look_bins(owner, (uint64_t)1 << CLASS, true, lists);
    ash_look_end(owner, held);
    return list;
}

CLAIM(a_bin_at_rest_is_listed_whole) {
    start();
    const struct ash_look_list *list = look();
    expect(list->count > 0);
    expect_equal(list->count, bin_length());
    expect(!lists_block(list, live));
    expect_equal(ash_look_ready(owner, CLASS), (size_t)list->count * BYTES);
}

// What the program writes to blocks that it has freed is none of the bin's.
CLAIM(a_freed_block_that_was_written_to_misleads_nobody) {
    start();
    expect(bin_length() > 0);
    memset((void *)owner->bins[CLASS].head, 0xA5, BYTES);
    const struct ash_look_list *list = look();
    expect_equal(list->count, bin_length());
    expect_equal(memcmp(list->blocks, ash_bin_blocks(owner, CLASS), list->count * sizeof taken), 0);
}

// The allocation that had begun before the heap was shut.
static void take_one(void) {
    taken = ash_bin_pop(owner, CLASS);
}

static void take_while_read(unsigned count) {
    if (count == 1) {  // the tops of the first pass have been read
        take_one();
    }
}

CLAIM(a_block_taken_while_it_is_read_misleads_nobody) {
    start();
    os_fake_at_barrier = take_while_read;
    const struct ash_look_list *list = look();
    expect(taken != NULL);
    expect(!lists_block(list, live));
    expect(!lists_block(list, taken));
    expect_equal(list->count, bin_length());
}

// And freed again, before the second pass: the top is what it was.
static void take_and_free_while_read(unsigned count) {
    if (count == 1) {
        take_one();
    } else if (count == 2) {
        ash_fast_push(&owner->bins[CLASS], taken);
    }
}

CLAIM(a_block_taken_and_freed_while_it_is_read_misleads_nobody) {
    start();
    os_fake_at_barrier = take_and_free_while_read;
    const struct ash_look_list *list = look();
    expect(!lists_block(list, live));
    expect(lists_block(list, taken));
    expect_equal(list->count, bin_length());
}

// Another block lies in its place.
static void take_one_and_free_another(unsigned count) {
    if (count == 1) {
        take_one();
    } else if (count == 2) {
        ash_fast_push(&owner->bins[CLASS], live);
    }
}

CLAIM(a_block_in_the_place_of_one_that_was_taken_is_seen) {
    start();
    os_fake_at_barrier = take_one_and_free_another;
    const struct ash_look_list *list = look();
    expect(lists_block(list, live));
    expect(!lists_block(list, taken));
    expect_equal(list->count, bin_length());
}

static void expect_each_once(size_t count) {
    const struct ash_look_list *list = look();
    expect_equal(list->count, count);
    for (uint32_t i = 0; i < list->count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            expect(list->blocks[i] != list->blocks[k]);
        }
    }
}

// It has raised the top, and not written the head.
CLAIM(a_thread_that_stands_still_in_free_loses_no_block) {
    start();
    struct ash_bin *bin = &owner->bins[CLASS];
    size_t count = bin_length();
    *bin->top++ = bin->head;
    expect_each_once(count);
    bin->head = live;
    expect_each_once(count + 1);
}

// It has written the head, and not lowered the top.
CLAIM(a_thread_that_stands_still_in_malloc_loses_no_block) {
    start();
    struct ash_bin *bin = &owner->bins[CLASS];
    size_t count = bin_length();
    taken = bin->head;
    bin->head = bin->top[-1];
    expect_each_once(count - 1);
    bin->top--;
    expect_each_once(count - 1);
}

static void expect_shut(unsigned count) {
    (void)count;
    for (size_t slot = 0; slot < ASH_FAST_SLOTS; slot++) {
        const char *bin = (const char *)owner + (size_t)owner->bin_at[slot] * ASH_BIN_UNIT;
        expect(bin == (const char *)&owner->none);
    }
    expect(owner->none.head == NULL);
}

CLAIM(a_heap_that_is_looked_at_is_shut) {
    start();
    os_fake_at_barrier = expect_shut;
    (void)look();
    for (size_t slot = 0; slot < ASH_FAST_SLOTS; slot++) {
        const struct ash_bin *bin = &owner->bins[ash_class_of(slot * ASH_CLASS_STEP)];
        expect((const char *)owner + (size_t)owner->bin_at[slot] * ASH_BIN_UNIT ==
               (const char *)bin);
    }
    player_enter(0);
    expect(ash_malloc(BYTES) != NULL);
}

static unsigned seen;

static void see(void *argument, const struct ash_record *span, struct ash_block *block) {
    expect(argument == &seen);
    expect(block == live && span == ash_record_first(live));
    seen++;
}

CLAIM(a_gathered_block_is_seen) {
    start();
    ash_free(live);  // player 1's chain
    struct ash_heap *gatherer = player_heap();
    ash_look_gathered(gatherer, owner, see, &seen);
    expect_equal(seen, 1);
    ash_look_gathered(owner, owner, see, &seen);
    ash_look_gathered(gatherer, gatherer, see, &seen);
    expect_equal(seen, 1);
    expect_equal(gatherer->gathered_bytes, BYTES);
}

CLAIM(a_published_block_is_seen_once) {
    start();
    ash_free(live);
    struct ash_heap *gatherer = player_heap();
    ash_remote_flush(gatherer);
    ash_look_gathered(gatherer, owner, see, &seen);
    expect_equal(seen, 0);
    ash_look_remote(ash_record_first(live), see, &seen);
    expect_equal(seen, 1);
    size_t blocks[ASH_CLASS_COUNT] = {0};
    ash_look_returning(owner, blocks);
    expect_equal(blocks[CLASS], 1);
    expect_equal(gatherer->gathered_bytes, 0);
    expect_equal(gatherer->publishing % 2, 0);
}

static void see_any(void *argument, const struct ash_record *span, struct ash_block *block) {
    expect(argument == &seen);
    expect(span == ash_record_first(block));
    seen++;
}

// Player 1 has freed two blocks of player 0's and published them as one chain.
static struct ash_node *publish_two(void) {
    start();
    player_enter(0);
    struct ash_block *second = ash_malloc(BYTES);
    expect(ash_record_first(second) == ash_record_first(live));
    player_enter(1);
    ash_free(live);
    ash_free(second);
    ash_remote_flush(player_heap());
    last_words("ASH111: a list of freed blocks was overwritten (write after free?)...");
    return ash_node_of(live);
}

CLAIM(every_block_of_a_published_chain_is_seen) {
    (void)publish_two();
    ash_look_remote(ash_record_first(live), see_any, &seen);
    expect_equal(seen, 2);
}

DEATH(a_published_chain_that_leads_elsewhere_ends_the_process) {
    struct ash_node *node = publish_two();
    node->next = (uintptr_t)lists / ASH_CLASS_STEP * ASH_CLASS_STEP;  // and holds none
    ash_look_remote(ash_record_first(live), see_any, &seen);
}

DEATH(a_published_node_that_holds_too_many_ends_the_process) {
    struct ash_node *node = publish_two();
    node->next |= 2;
    ash_look_remote(ash_record_first(live), see_any, &seen);
}

DEATH(a_published_node_that_holds_what_is_no_block_ends_the_process) {
    struct ash_node *node = publish_two();
    node->blocks[0] = (struct ash_block *)(void *)lists;
    ash_look_remote(ash_record_first(live), see_any, &seen);
}

CLAIM(what_is_on_its_way_to_several_spans_is_added_up) {
    start();
    player_enter(0);
    struct ash_block *other;
    do {
        other = ash_malloc(BYTES);
    } while (ash_record_first(other) == ash_record_first(live));
    player_enter(1);
    ash_free(live);
    ash_free(other);
    ash_remote_flush(player_heap());
    size_t blocks[ASH_CLASS_COUNT] = {0};
    ash_look_returning(owner, blocks);
    expect_equal(blocks[CLASS], 2);
}

CLAIM(a_heap_is_held_as_it_is_found) {
    start();
    enum ash_look held = ash_look_try(owner);
    expect_equal(ash_look_try(owner), ASH_LOOK_NONE);
    ash_look_end(owner, held);
    player_enter(2);
    struct ash_heap *orphan = player_heap();
    player_end();
    held = ash_look_try(orphan);
    expect_equal(held, ASH_LOOK_ORPHAN);
    expect_equal(ash_look_try(orphan), ASH_LOOK_NONE);
    ash_look_end(orphan, held);
    expect_equal(ash_look_try(orphan), ASH_LOOK_ORPHAN);
}

// What a child of fork has of other threads: nobody waits for them.
CLAIM(a_lost_heap_is_read_as_it_is) {
    start();
    player_enter(0);
    ash_free(ash_malloc(BYTES));
    atomic_store(&owner->state, ASH_HEAP_LOST);
    atomic_store(&owner->publishing, 1);
    expect_equal(ash_look_try(owner), ASH_LOOK_LOST);
    ash_look_gathered(owner, owner, see, &seen);
    const struct ash_look_list *list = ash_look_bins(owner, UINT64_MAX, false, lists);
    expect_equal(list->count, bin_length());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bin_at_rest_is_listed_whole),
        cmocka_unit_test(a_freed_block_that_was_written_to_misleads_nobody),
        cmocka_unit_test(a_block_taken_while_it_is_read_misleads_nobody),
        cmocka_unit_test(a_block_taken_and_freed_while_it_is_read_misleads_nobody),
        cmocka_unit_test(a_block_in_the_place_of_one_that_was_taken_is_seen),
        cmocka_unit_test(a_thread_that_stands_still_in_free_loses_no_block),
        cmocka_unit_test(a_thread_that_stands_still_in_malloc_loses_no_block),
        cmocka_unit_test(a_heap_that_is_looked_at_is_shut),
        cmocka_unit_test(a_gathered_block_is_seen),
        cmocka_unit_test(a_published_block_is_seen_once),
        cmocka_unit_test(every_block_of_a_published_chain_is_seen),
        cmocka_unit_test(a_published_chain_that_leads_elsewhere_ends_the_process),
        cmocka_unit_test(a_published_node_that_holds_too_many_ends_the_process),
        cmocka_unit_test(a_published_node_that_holds_what_is_no_block_ends_the_process),
        cmocka_unit_test(what_is_on_its_way_to_several_spans_is_added_up),
        cmocka_unit_test(a_heap_is_held_as_it_is_found),
        cmocka_unit_test(a_lost_heap_is_read_as_it_is),
    };
    return RUN_TESTS(tests);
}
