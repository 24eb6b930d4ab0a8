#include "api/hard.h"

#include <stdint.h>
#include <string.h>

#include "api/thread.h"
#include "ashlar/ashlar.h"
#include "heap/hard.h"
#include "heap/node.h"
#include "heap/slots.h"
#include "heap/state.h"
#include "os_fake.h"
#include "players.h"
#include "support.h"

enum { SMALL = 48, MANY = 500 };

static unsigned char *many[MANY];

static void enter(const char *tier) {
    os_fake_set_env("ASHLAR_HARDEN", tier);
    player_enter(0);
}

static ash_state *state_of(const void *block) {
    struct ash_record *first = ash_record_find(block);
    return ash_state_at(first, (size_t)((const char *)block - ash_record_start(first)));
}

// INV-STATE-1
CLAIM(a_state_says_what_was_asked_for) {
    enter("1");
    for (size_t bytes = 0; bytes <= ASH_BLOCK_MAX; bytes += 1 + bytes / 9) {
        void *block = ash_malloc(bytes);
        expect(ash_state_is_live(state_of(block)));
        expect_equal(ash_usable_size(block), bytes == 0 ? 1 : bytes);
        ash_free(block);
        expect(!ash_state_is_live(state_of(block)));
    }
}

// INV-STATE-2, with blocks whose slack takes one byte and several.
CLAIM(only_starts_say_that_a_block_is_out) {
    enter("2");
    for (size_t align = 16; align <= ASH_BLOCK_MAX / 2; align *= 2) {
        const char *block = ash_aligned_alloc(align, 3);
        expect(ash_state_is_live(state_of(block)));
        size_t held = ash_usable_size(block) + ash_state_slack(state_of(block));
        for (size_t at = 16; at < held; at += 16) {
            expect(!ash_state_is_live(state_of(block + at)));
        }
    }
}

// A class of 4096 bytes for 10: more slack than a byte counts.
CLAIM(a_wide_slack_is_known) {
    enter("1");
    void *block = ash_aligned_alloc(2048, 10);
    expect_equal(ash_usable_size(block), 10);
    expect_equal(ash_state_slack(state_of(block)), 2048 - 10);
    ash_free_aligned_sized(block, 2048, 10);
}

// INV-SLOTS-1, INV-SLOTS-2: what is at hand is what was freed, and each block comes once.
static void count_at(const char *tier) {
    enter(tier);
    struct ash_heap *heap = ash_thread_attach();
    unsigned class_index = ash_class_of(SMALL + 1);
    for (int i = 0; i < MANY; i++) {
        many[i] = ash_malloc(SMALL);
        memset(many[i], i & 255, SMALL);
    }
    for (int i = 0; i < MANY; i++) {
        expect(many[i][0] == (i & 255) && many[i][SMALL - 1] == (i & 255));
    }
    uint32_t before = ash_slots_ready(heap, class_index);
    ash_free(many[0]);
    expect_equal(ash_slots_ready(heap, class_index), before + 1);
    for (int i = 1; i < MANY; i++) {
        ash_free(many[i]);
    }
    ash_heap_collect(ash_heap_main());
    expect_equal(ash_slots_ready(heap, class_index), 0);
}

CLAIM(slots_and_freed_blocks_are_counted) {
    count_at("1");
}

CLAIM(slots_and_ring_count_what_they_hold) {
    count_at("3");
}

// For as many blocks as the heap takes from its spans at a time, wherever it stands among them.
static void wait_at(const char *tier) {
    enter(tier);
    uint32_t stock = ash_classes[ash_class_of(SMALL + 1)].stock;
    for (uint32_t i = 0; i < stock; i++) {
        void *block = ash_malloc(SMALL);
        ash_free(block);
        for (uint32_t k = 0; k < stock; k++) {
            expect(ash_malloc(SMALL) != block);
        }
        expect(ash_malloc(SMALL) != NULL);
    }
}

CLAIM(a_freed_block_waits) {
    wait_at("1");
}

CLAIM(a_freed_block_waits_before_it_is_drawn) {
    wait_at("2");
}

CLAIM(what_waits_is_the_last_resort) {
    enter("1");
    void *block = ash_malloc(SMALL);
    ash_free(block);
    os_fake_fail_from(OS_FAKE_ANY, 1);
    bool met = false;
    for (void *other; (other = ash_malloc(SMALL)) != NULL;) {
        expect(!met);
        met = other == block;
    }
    expect(met);
    os_fake_fail_never();
}

CLAIM(freed_memory_is_clear) {
    enter("3");
    for (int i = 0; i < MANY; i++) {
        unsigned char *block = ash_malloc(SMALL);
        for (int at = 0; at < SMALL; at++) {
            expect_equal(block[at], 0);
        }
        memset(block, 255, SMALL);
        ash_free(block);
        expect_equal(block[SMALL - 1], 0);
    }
}

// Fresh blocks, which nobody has freed.
CLAIM(what_was_in_a_run_is_not_seen_in_blocks) {
    enter("3");
    unsigned char *run = ash_malloc(16 * (size_t)ASH_SLICE_BYTES);
    memset(run, 255, 16 * (size_t)ASH_SLICE_BYTES);
    ash_free(run);
    bool met = false;
    for (int i = 0; i < MANY; i++) {
        unsigned char *block = ash_malloc(SMALL);
        met |= block >= run && block < run + 16 * (size_t)ASH_SLICE_BYTES;
        for (int at = 0; at < SMALL; at++) {
            expect_equal(block[at], 0);
        }
    }
    expect(met);
}

CLAIM(a_block_resized_in_place_is_checked_at_its_new_end) {
    enter("2");
    unsigned char *block = ash_malloc(50);
    block = ash_realloc(block, 60);
    memset(block, 1, 60);
    expect_equal(ash_usable_size(block), 60);
    block = ash_realloc(block, 40);
    expect_equal(ash_usable_size(block), 40);
    ash_free(block);
}

CLAIM(tier_0_has_none_of_it) {
    enter("0");
    ash_free(ash_malloc(SMALL));
    expect(ash_thread_attach()->slots == NULL);
    expect_equal(ash_hard.tier, 0);
    expect(!ash_hard_detours());
}

// The bin is as it was, and so is each block.
CLAIM(what_is_refused_is_not_done) {
    os_fake_set_env("ASHLAR_ABORT_ON_ERROR", "off");
    enter("1");
    char *block = ash_malloc(SMALL), *run = ash_malloc(3 * (size_t)ASH_SLICE_BYTES);
    int local = 0;
    struct ash_heap *heap = ash_thread_attach();
    uint32_t count = ash_bin_count(heap, ash_class_of(SMALL));
    ash_free(block + 16);
    ash_free(run + 16);
    ash_free(&local);
    ash_free_sized(block, SMALL + 1);
    ash_free_sized(run, SMALL);
    ash_free_aligned_sized(block, 3, SMALL);
    expect(ash_realloc(block + 16, 2) == NULL && ash_realloc_aligned(block + 16, 2, 32) == NULL);
    expect_equal(ash_bin_count(heap, ash_class_of(SMALL)), count);
    expect(ash_state_is_live(state_of(block)) && ash_usable_size(block) >= SMALL);
    expect_equal(ash_usable_size(run), 3 * (size_t)ASH_SLICE_BYTES);
    ash_free_sized(block, SMALL);
    ash_free_sized(run, 3 * (size_t)ASH_SLICE_BYTES);
    expect(ash_realloc(block, 2) == NULL);
    const char *codes[] = {"ASH103: free", "ASH106: free",    "ASH107: free",
                           "ASH108: free", "ASH103: realloc", "ASH102: realloc"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        expect(strstr(os_fake_text(), codes[i]) != NULL);
    }
}

// Where its class has no byte to spare, it gets the next one.
CLAIM(an_aligned_block_has_a_canary_too) {
    enter("2");
    for (size_t align = 32; align <= ASH_BLOCK_MAX; align *= 2) {
        void *block = ash_aligned_alloc(align, align);
        expect((uintptr_t)block % align == 0);
        expect_equal(ash_usable_size(block), align);
        ash_state *says = state_of(block);
        expect(says != NULL && ash_state_slack(says) > 0);
        ash_free(block);
        char *odd = ash_malloc_aligned_at(align, align, 8);
        expect_equal(ash_usable_size(odd), align);
        ash_free(odd);
    }
}

CLAIM(tier_4_says_that_it_is_tier_3) {
    enter("4");
    ash_free(ash_malloc(SMALL));
    expect_equal(ash_hard.tier, ASH_HARD_CLEARS);
    expect_text(os_fake_text(),
                "ashlar: ASH302: harden=4 needs memory tags (MTE on AArch64), which "
                "this system does not have; going on with harden=3\n");
}

DEATH(a_second_free_is_seen_at_once) {
    enter("1");
    void *block = ash_malloc(SMALL);
    ash_free(block);
    last_words("ASH101: double free of %#jx: it is free already; valgrind shows both frees",
               (uintmax_t)(uintptr_t)block);
    ash_free(block);
}

DEATH(a_write_after_free_is_seen) {
    enter("3");
    many[0] = ash_malloc(SMALL);  // keeps the span, which would be clear when it is cut anew
    unsigned char *block = ash_malloc(SMALL);
    ash_free(block);
    block[20] = 1;
    last_words("ASH114: write after free of %#jx: the block was written to after it was freed...",
               (uintmax_t)(uintptr_t)block);
    (void)ash_collect();
    for (int i = 0; i < 20 * MANY; i++) {
        many[i % MANY] = ash_malloc(SMALL);
    }
}

DEATH(an_overflow_after_a_resize_is_seen) {
    enter("1");
    unsigned char *block = ash_realloc(ash_malloc(60), 50);
    block[50] = 0;
    last_words("ASH113: overflow of %#jx: what lies behind the block was written to; valgrind...",
               (uintmax_t)(uintptr_t)block);
    ash_free(block);
}

DEATH(a_run_that_overflows_is_seen) {
    enter("1");
    volatile size_t end = 3 * (size_t)ASH_SLICE_BYTES + 1;
    unsigned char *block = ash_malloc(3 * (size_t)ASH_SLICE_BYTES);
    memset(block, 1, end);
    last_words("ASH113: overflow of %#jx: what lies behind the block was written to; valgrind...",
               (uintmax_t)(uintptr_t)block);
    ash_free(block);
}

DEATH(a_wrong_size_is_named) {
    enter("1");
    void *block = ash_malloc(SMALL);
    last_words(
        "ASH107: free with a wrong size of %#jx: 48 bytes were asked for, and it is freed as "
        "one of 47; free it...",
        (uintmax_t)(uintptr_t)block);
    ash_free_sized(block, SMALL - 1);
}

// Of two blocks on their way home the first holds where the second is.
DEATH(a_list_that_was_overwritten_is_seen) {
    enter("1");
    void *first = ash_malloc(SMALL), *second = ash_malloc(SMALL), *aim = ash_malloc(SMALL);
    last_words("ASH111: a list of freed blocks was overwritten (write after free?); valgrind...");
    player_enter(1);
    expect(player_heap() != NULL);
    ash_free(first);
    ash_free(second);
    ash_thread_idle();
    ash_node_of(first)->blocks[0] = aim;
    player_enter(0);
    (void)ash_collect();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_says_what_was_asked_for),
        cmocka_unit_test(only_starts_say_that_a_block_is_out),
        cmocka_unit_test(a_wide_slack_is_known),
        cmocka_unit_test(slots_and_freed_blocks_are_counted),
        cmocka_unit_test(slots_and_ring_count_what_they_hold),
        cmocka_unit_test(a_freed_block_waits),
        cmocka_unit_test(a_freed_block_waits_before_it_is_drawn),
        cmocka_unit_test(what_waits_is_the_last_resort),
        cmocka_unit_test(freed_memory_is_clear),
        cmocka_unit_test(what_was_in_a_run_is_not_seen_in_blocks),
        cmocka_unit_test(a_block_resized_in_place_is_checked_at_its_new_end),
        cmocka_unit_test(tier_0_has_none_of_it),
        cmocka_unit_test(what_is_refused_is_not_done),
        cmocka_unit_test(an_aligned_block_has_a_canary_too),
        cmocka_unit_test(tier_4_says_that_it_is_tier_3),
        cmocka_unit_test(a_second_free_is_seen_at_once),
        cmocka_unit_test(a_write_after_free_is_seen),
        cmocka_unit_test(an_overflow_after_a_resize_is_seen),
        cmocka_unit_test(a_run_that_overflows_is_seen),
        cmocka_unit_test(a_wrong_size_is_named),
        cmocka_unit_test(a_list_that_was_overwritten_is_seen),
    };
    return RUN_TESTS(tests);
}
