// Planted failures: the tests' own tools can fail.

#define _GNU_SOURCE

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os_fake.h"
#include "platform/os.h"
#include "support.h"

static void body_false(void) {
    expect(1 + 1 == 3);
}

static void body_unequal(void) {
    expect_equal(1, 2);
}

static void body_other_text(void) {
    expect_text("a", "b");
}

static void body_signal(void) {
    abort();
}

static void body_sanitizer(void) {
    (void)write(STDERR_FILENO, "WARNING: ThreadSanitizer: data race\n", 36);
}

static void planted_failures_of_claims_are_seen(void **state) {
    (void)state;
    void (*const bodies[])(void) = {body_false, body_unequal, body_other_text, body_signal,
                                    body_sanitizer};
    support_set_silent(true);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_true(!support_passes(bodies[i]));
    }
    support_set_silent(false);
}

static void body_lives(void) {
    last_words("the end");
}

static void body_other_words(void) {
    last_words("the end");
    ash_os_write("ashlar: the end?\n", 17);
    ash_os_abort();
}

static void body_words_without_death(void) {
    last_words("the end");
    ash_os_write("ashlar: the end\n", 16);
}

static void body_death_without_words(void) {
    ash_os_write("ashlar: \n", 9);
    ash_os_abort();
}

static void planted_failures_of_deaths_are_seen(void **state) {
    (void)state;
    void (*const bodies[])(void) = {body_lives, body_other_words, body_words_without_death,
                                    body_death_without_words};
    support_set_silent(true);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_true(!support_dies(bodies[i]));
    }
    support_set_silent(false);
}

static void breach_alignment(void) {
    (void)ash_os_claim((void *)0x10001, ash_os_page_bytes());
}

static void breach_length(void) {
    (void)ash_os_map(0, ash_os_page_bytes());
}

static void breach_unmap(void) {
    char *start = ash_os_map(ash_os_page_bytes(), ash_os_page_bytes());
    ash_os_unmap(start, 2 * ash_os_page_bytes());
}

static void breach_unmap_twice(void) {
    char *start = ash_os_map(ash_os_page_bytes(), ash_os_page_bytes());
    ash_os_unmap(start, ash_os_page_bytes());
    ash_os_unmap(start, ash_os_page_bytes());
}

static void breach_purge(void) {
    (void)ash_os_purge((void *)(16 * ash_os_page_bytes()), ash_os_page_bytes());
}

static void breach_remap(void) {
    (void)ash_os_remap((void *)(16 * ash_os_page_bytes()), ash_os_page_bytes(),
                       2 * ash_os_page_bytes(), true);
}

static void breaches_of_the_systems_contract_are_seen(void **state) {
    (void)state;
    void (*const bodies[])(void) = {breach_alignment,   breach_length, breach_unmap,
                                    breach_unmap_twice, breach_purge,  breach_remap};
    support_set_silent(true);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_true(!support_passes(bodies[i]));
        assert_true(strstr(support_text(), "os_fake: ") != NULL);
    }
    support_set_silent(false);
}

CLAIM(scripts_fail_the_calls_they_name) {
    size_t page = ash_os_page_bytes();
    os_fake_fail_once(1 << OS_FAKE_MAP, 2);
    expect(ash_os_map(page, page) != NULL);
    expect(ash_os_map(page, page) == NULL);
    expect(ash_os_map(page, page) != NULL);
    os_fake_fail_every(OS_FAKE_ANY, 2);
    char *start = ash_os_map(page, page);
    expect(start != NULL);
    expect(!ash_os_purge(start, page));
    expect(ash_os_purge(start, page));
    expect(ash_os_remap(start, page, 2 * page, true) == NULL);
    os_fake_fail_from(1 << OS_FAKE_PURGE, 2);
    expect(ash_os_purge(start, page));
    expect(!ash_os_purge(start, page));
    expect(!ash_os_purge(start, page));
    os_fake_fail_until(1 << OS_FAKE_PURGE, 2);
    expect(!ash_os_purge(start, page));
    expect(ash_os_purge(start, page));
    os_fake_fail_never();
    expect(ash_os_purge(start, page));
    os_fake_fail_above(page);
    expect(ash_os_map(2 * page, page) == NULL);
    expect(ash_os_map(page, page) != NULL);
    expect_equal(os_fake_tally().mapped_bytes, 4 * page);
    expect_equal(os_fake_tally().failures, 7);
}

CLAIM(occupied_ranges_are_taken) {
    size_t page = ash_os_page_bytes();
    char *start = ash_os_map(4 * page, page);
    ash_os_unmap(start, 4 * page);
    os_fake_occupy(start + page, page);
    expect(ash_os_claim(start, 4 * page) == ASH_OS_TAKEN);
    expect(ash_os_claim(start + page, page) == ASH_OS_TAKEN);
    expect(ash_os_claim(start, page) == ASH_OS_CLAIMED);
    expect(ash_os_claim(start + 2 * page, 2 * page) == ASH_OS_CLAIMED);
    expect_equal(os_fake_tally().claimed_bytes, 3 * page);
}

CLAIM(a_moved_mapping_keeps_its_contents_and_large_pages) {
    os_fake_set_page_bytes(65536);
    os_fake_set_remap_moves(true);
    char *start = ash_os_map(65536, 65536);
    (void)strcpy(start, "here");
    char *moved = ash_os_remap(start, 65536, 4 * 65536, true);
    expect(moved != NULL && moved != start);
    expect_equal((uintptr_t)moved % 65536, 0);
    expect_text(moved, "here");
    ash_os_unmap(moved, 4 * 65536);
    expect_equal(os_fake_tally().mapped_bytes, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_failures_of_claims_are_seen),
        cmocka_unit_test(planted_failures_of_deaths_are_seen),
        cmocka_unit_test(breaches_of_the_systems_contract_are_seen),
        cmocka_unit_test(scripts_fail_the_calls_they_name),
        cmocka_unit_test(occupied_ranges_are_taken),
        cmocka_unit_test(a_moved_mapping_keeps_its_contents_and_large_pages),
    };
    return RUN_TESTS(tests);
}
