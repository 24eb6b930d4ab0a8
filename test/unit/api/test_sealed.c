// What is read-only from tier 3 on, and what nobody can unmap: base/sealed.h, supply/meta.h.

#define _GNU_SOURCE

#include "base/sealed.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ashlar/arena.h"
#include "ashlar/ashlar.h"
#include "ashlar/options.h"
#include "base/config.h"
#include "heap/hard.h"
#include "os_fake.h"
#include "platform/os.h"
#include "players.h"
#include "supply/meta.h"
#include "supply/region.h"
#include "support.h"

static void enter(const char *tier) {
    os_fake_set_env("ASHLAR_HARDEN", tier);
    player_enter(0);
    ash_free(ash_malloc(1));
}

// The kernel is asked to write there what is there, and says whether it can.
static bool is_open(void *at) {
    static int ends[2];
    if (ends[1] == 0) {
        expect(pipe(ends) == 0);
    }
    expect(write(ends[1], at, 1) == 1);
    bool wrote = read(ends[0], at, 1) == 1;
    if (!wrote) {
        char rest;
        expect(errno == EFAULT && read(ends[0], &rest, 1) == 1);
    }
    return wrote;
}

static void expect_parts_open(bool open) {
    void *const parts[] = {&ash_sealed.classes[0],       &ash_sealed.classes[ASH_CLASS_COUNT - 1],
                           &ash_sealed.hard.tier,        &ash_sealed.hard.secret,
                           &ash_sealed.fence.rounding,   &ash_sealed.detour,
                           &ash_sealed.realloc_reach,    &ash_sealed.tag_bits,
                           &ash_sealed.fault_told,       &ash_sealed.keeps_tables,
                           (char *)(&ash_sealed + 1) - 1};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        expect_equal(is_open(parts[i]), open);
    }
    expect(is_open((char *)(&ash_sealed + 1)));
}

static void work(void) {
    for (size_t bytes = 1; bytes < 4 * (size_t)ASH_UNIT_BYTES; bytes += 7 + bytes / 3) {
        char *block = ash_malloc(bytes);
        expect(block != NULL);
        memset(block, 1, bytes);
        block = ash_realloc(block, 2 * bytes);
        expect(block != NULL && block[bytes - 1] == 1);
        ash_free(block);
    }
    expect_equal(ash_option_set(ASH_OPTION_PURGE_DELAY, 5), 0);
    players_expect_all_free();
}

static size_t bookkeeping_bytes(void) {
    return ash_region_table_bytes() + ash_meta_bytes();
}

CLAIM(what_boot_decided_is_read_only) {
    expect(is_open(&ash_sealed.hard.tier));
    enter("3");
    expect_equal(os_fake_tally().frozen_bytes, sizeof ash_sealed);
    expect_parts_open(false);
    work();
    expect_parts_open(false);
}

CLAIM(below_tier_3_nobody_asks_for_it) {
    enter("2");
    work();
    expect_parts_open(true);
    expect_equal(os_fake_tally().calls[OS_FAKE_FREEZE] + os_fake_tally().calls[OS_FAKE_SEAL], 0);
}

// INV-REGION-3: also those that are made while the heap grows.
CLAIM(bookkeeping_is_sealed_as_it_grows) {
    enter("3");
    expect_equal(os_fake_tally().sealed_bytes, bookkeeping_bytes());
    size_t before = bookkeeping_bytes();
    work();
    void *block = ash_malloc(ASH_RUN_MAX);
    ash_heap_t *heaps[40];
    for (size_t i = 0; i < sizeof heaps / sizeof heaps[0]; i++) {
        heaps[i] = ash_heap_new();
        expect(ash_heap_malloc(heaps[i], 8) != NULL);
    }
    expect(bookkeeping_bytes() > before);
    expect_equal(os_fake_tally().sealed_bytes, bookkeeping_bytes());
    ash_free(block);
}

CLAIM(tables_of_memory_handed_in_are_sealed) {
    enter("3");
    enum { BYTES = 4 * ASH_UNIT_BYTES };
    static _Alignas(65536) char memory[BYTES];
    os_fake_hand_in(memory, BYTES);
    size_t before = bookkeeping_bytes();
    expect(ash_arena_manage(memory, BYTES, 0, -1, NULL, NULL, NULL));
    expect(bookkeeping_bytes() > before);
    expect_equal(os_fake_tally().sealed_bytes, bookkeeping_bytes());
}

CLAIM(where_the_system_refuses_the_process_goes_on) {
    os_fake_fail_every(1u << OS_FAKE_FREEZE | 1u << OS_FAKE_SEAL, 1);
    enter("3");
    expect_equal(os_fake_tally().frozen_bytes + os_fake_tally().sealed_bytes, 0);
    expect_equal(os_fake_tally().calls[OS_FAKE_FREEZE], 1);
    expect_parts_open(true);
    expect_equal(ash_hard.tier, 3);
    work();
}

CLAIM(older_systems_make_it_read_only_and_no_more) {
    os_fake_set_seals(false);
    enter("3");
    work();
    expect_parts_open(false);
    expect_equal(os_fake_tally().sealed_bytes, 0);
}

// The last page would have something else in it.
CLAIM(larger_pages_than_thought_are_let_alone) {
    os_fake_set_page_bytes(2 * (size_t)ASH_SEALED_BYTES);
    enter("3");
    work();
    expect_parts_open(true);
    expect_equal(os_fake_tally().calls[OS_FAKE_FREEZE], 0);
}

// A boot that fails is tried again, and decides again.
CLAIM(a_failed_boot_seals_nothing) {
    os_fake_set_env("ASHLAR_HARDEN", "3");
    os_fake_fail_from(1u << OS_FAKE_CLAIM, 2);
    expect(ash_malloc(1) == NULL);
    expect_parts_open(true);
    expect_equal(os_fake_tally().sealed_bytes, 0);
    os_fake_fail_never();
    enter("3");
    expect_parts_open(false);
    expect_equal(os_fake_tally().sealed_bytes, bookkeeping_bytes());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_boot_decided_is_read_only),
        cmocka_unit_test(below_tier_3_nobody_asks_for_it),
        cmocka_unit_test(bookkeeping_is_sealed_as_it_grows),
        cmocka_unit_test(tables_of_memory_handed_in_are_sealed),
        cmocka_unit_test(where_the_system_refuses_the_process_goes_on),
        cmocka_unit_test(older_systems_make_it_read_only_and_no_more),
        cmocka_unit_test(larger_pages_than_thought_are_let_alone),
        cmocka_unit_test(a_failed_boot_seals_nothing),
    };
    return RUN_TESTS(tests);
}
