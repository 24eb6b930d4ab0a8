#include "heap/look.h"

#include "ashlar/ashlar.h"
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
static struct ash_block *live;  // allocated all the time, and linked like a list by the program
static struct ash_block *taken;

// Player 0's bin has some blocks.
static void start(void) {
    player_enter(0);
    live = ash_malloc(BYTES);
    ash_free(ash_malloc(BYTES));
    owner = player_heap();
    live->next = NULL;
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
    uint32_t length = 0;
    for (struct ash_block *block = owner->bins[CLASS].head; block != NULL; block = block->next) {
        length++;
    }
    return length;
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

// The allocation that had begun before the heap was shut: its block has the program's words by the
// time the link is read. `steps` says at which barriers it happens.
static void take_one(void) {
    struct ash_bin *bin = &owner->bins[CLASS];
    taken = bin->head;
    bin->head = taken->next;
    bin->room++;
    taken->next = live;
}

static void take_while_read(unsigned count) {
    if (count == 1) {  // the heads of the first pass have been read
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

// And freed again, before the second pass: the head is what it was.
static void take_and_free_while_read(unsigned count) {
    struct ash_bin *bin = &owner->bins[CLASS];
    if (count == 1) {
        take_one();
    } else if (count == 2) {
        taken->next = bin->head;
        bin->head = taken;
        bin->room--;
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

DEATH(a_list_that_was_overwritten_ends_the_process) {
    start();
    owner->bins[CLASS].head->next = (struct ash_block *)(void *)lists;
    last_words("ASH111: a list of freed blocks was overwritten (write after free?)...");
    (void)look();
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
        cmocka_unit_test(a_block_taken_while_it_is_read_misleads_nobody),
        cmocka_unit_test(a_block_taken_and_freed_while_it_is_read_misleads_nobody),
        cmocka_unit_test(a_heap_that_is_looked_at_is_shut),
        cmocka_unit_test(a_list_that_was_overwritten_ends_the_process),
        cmocka_unit_test(a_gathered_block_is_seen),
        cmocka_unit_test(a_published_block_is_seen_once),
        cmocka_unit_test(what_is_on_its_way_to_several_spans_is_added_up),
        cmocka_unit_test(a_heap_is_held_as_it_is_found),
        cmocka_unit_test(a_lost_heap_is_read_as_it_is),
    };
    return RUN_TESTS(tests);
}
