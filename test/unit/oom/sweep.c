// Out of memory at any single call of the system, from any call on, and for large claims: each in
// a process of its own. Afterwards everything is freed, the audits pass, nothing has leaked, and
// the same workload succeeds.

#include <stdio.h>

#include "ashlar/ashlar.h"
#include "base/config.h"
#include "os_fake.h"
#include "players.h"
#include "supply/region.h"
#include "support.h"
#include "workload.h"

static uint64_t fail_at;
static size_t limit_bytes;
static unsigned fail_kinds;

// A thread that got no exit hook leaves its heap as it is, for the next thread with its id. Two
// rounds, since what one thread sends home in the first has to be taken in by the other.
static void expect_all_free(void) {
    for (unsigned visit = 0; visit < 6; visit++) {
        player_start(visit % 3);
        (void)ash_collect();
    }
    player_enter(0);
    players_expect_all_free();
}

static void expect_recovery(void) {
    os_fake_fail_never();
    os_fake_fail_above(0);
    expect_all_free();
    expect_equal(workload_run(0), 0);
    expect_all_free();
}

static void body_nothing_fails(void) {
    expect_equal(workload_run(0), 0);
    expect_recovery();
}

static void body_one_fails(void) {
    os_fake_fail_once(fail_kinds, fail_at);
    (void)workload_run(0);
    expect_recovery();
}

static void body_all_fail_from(void) {
    os_fake_fail_from(fail_kinds, fail_at);
    (void)workload_run(0);
    expect_recovery();
}

static void body_every_nth_fails(void) {
    os_fake_fail_every(fail_kinds, fail_at);
    (void)workload_run(0);
    expect_recovery();
}

static void body_large_claims_fail(void) {
    os_fake_fail_above(limit_bytes);
    (void)workload_run(0);
    expect_recovery();
}

// As under a strict overcommit limit: mappings of one unit are granted, larger steps are not, so
// all that fits a unit must still succeed.
static void body_unit_claims_suffice(void) {
    player_enter(0);
    os_fake_fail_above(ASH_UNIT_BYTES);
    void *blocks[64];
    for (int i = 0; i < 64; i++) {
        blocks[i] = ash_malloc((size_t)ASH_UNIT_BYTES / 4 * (1 + (size_t)i % 4));
        expect(blocks[i] != NULL);
    }
    for (int i = 0; i < 64; i++) {
        ash_free(blocks[i]);
    }
    expect_recovery();
}

static void body_a_unit_is_taken(void) {
    player_enter(0);
    void *first = ash_malloc(1);
    os_fake_occupy((char *)ash_region.base + ((size_t)fail_at << ASH_UNIT_SHIFT), 1);
    ash_free(first);
    expect_equal(workload_run(0), 0);
    expect_recovery();
}

static void body_planted_leak(void) {
    (void)workload_run(1);
    expect_all_free();
}

static void body_count_calls(void) {
    (void)workload_run(0);
    (void)fprintf(stderr, "%ju", (uintmax_t)os_fake_calls());
}

// Failable calls of an undisturbed workload; its process tells on standard error.
static uint64_t calls_of_workload(void) {
    assert_true(support_passes(body_count_calls));
    unsigned calls = 0;
    assert_int_equal(sscanf(support_text(), "%u", &calls), 1);
    assert_true(calls > 30);
    return calls;
}

// Whether `body` passes for every n, 1 to `last`.
static bool passes_for_each(void (*body)(void), uint64_t last) {
    unsigned bad = 0;
    for (fail_at = 1; fail_at <= last && bad < 3; fail_at++) {
        if (!support_passes(body)) {
            print_error("... with n = %u\n", (unsigned)fail_at);
            bad++;
        }
    }
    return bad == 0;
}

static void the_workload_succeeds_where_nothing_fails(void **state) {
    (void)state;
    assert_true(support_passes(body_nothing_fails));
}

static void any_one_call_may_fail(void **state) {
    (void)state;
    fail_kinds = OS_FAKE_ANY;
    assert_true(passes_for_each(body_one_fails, calls_of_workload()));
}

static void all_calls_may_fail_from_any_on(void **state) {
    (void)state;
    fail_kinds = OS_FAKE_ANY;
    assert_true(passes_for_each(body_all_fail_from, calls_of_workload()));
}

static void every_nth_call_may_fail(void **state) {
    (void)state;
    fail_kinds = OS_FAKE_ANY;
    assert_true(passes_for_each(body_every_nth_fails, 16));
}

static void each_kind_of_call_may_fail_always(void **state) {
    (void)state;
    bool good = true;
    for (int kind = 0; kind < OS_FAKE_KINDS; kind++) {
        fail_kinds = 1u << kind;
        good &= passes_for_each(body_all_fail_from, 3);
    }
    assert_true(good);
}

static void claims_above_any_size_may_fail(void **state) {
    (void)state;
    bool good = true;
    for (limit_bytes = 4096; limit_bytes <= (size_t)64 * ASH_UNIT_BYTES; limit_bytes *= 2) {
        good &= support_passes(body_large_claims_fail);
    }
    assert_true(good);
}

static void claims_of_one_unit_suffice(void **state) {
    (void)state;
    assert_true(support_passes(body_unit_claims_suffice));
}

static void somebodys_mapping_may_lie_in_any_unit(void **state) {
    (void)state;
    assert_true(passes_for_each(body_a_unit_is_taken, 24));
}

static void a_planted_leak_is_seen(void **state) {
    (void)state;
    support_set_silent(true);
    bool passes = support_passes(body_planted_leak);
    support_set_silent(false);
    assert_true(!passes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_workload_succeeds_where_nothing_fails),
        cmocka_unit_test(a_planted_leak_is_seen),
        cmocka_unit_test(any_one_call_may_fail),
        cmocka_unit_test(all_calls_may_fail_from_any_on),
        cmocka_unit_test(every_nth_call_may_fail),
        cmocka_unit_test(each_kind_of_call_may_fail_always),
        cmocka_unit_test(claims_above_any_size_may_fail),
        cmocka_unit_test(claims_of_one_unit_suffice),
        cmocka_unit_test(somebodys_mapping_may_lie_in_any_unit),
    };
    return RUN_TESTS(tests);
}
