#include "ashlar/control.h"

#include <errno.h>
#include <string.h>

#include "ashlar/arena.h"
#include "ashlar/options.h"
#include "os_fake.h"
#include "players.h"
#include "support.h"

static int heard[1000];

static void hear(enum ash_error error, const char *text, const void *pointer, void *argument) {
    (void)text, (void)pointer, (void)argument;
    heard[error]++;
}

static void start(void) {
    player_enter(0);
    os_fake_set_quiet(true);
    expect_equal(ash_option_set(ASH_OPTION_ABORT_ON_ERROR, 0), 0);
    ash_set_error_handler(hear, NULL);
}

// Going on ------------------------------------------------------------------------------

CLAIM(a_free_where_no_block_lives_can_be_survived) {
    start();
    char *block = ash_malloc(100000);
    ash_free(block);
    ash_free(block);
    ash_free(block + 7);
    expect_equal(heard[ASH_E_NO_BLOCK], 2);
    players_audit();
    players_expect_all_free();
}

CLAIM(a_free_of_a_large_blocks_inside_can_be_survived) {
    start();
    char *block = ash_malloc(100000);
    memset(block, 0x5a, 100000);
    ash_free(block + 16);
    expect_equal(heard[ASH_E_NOT_A_START], 1);
    expect(ash_usable_size(block) >= 100000 && block[16] == 0x5a && block[24] == 0x5a);
    ash_free(block);
    players_audit();
    players_expect_all_free();
}

static void expect_unmoved(void *result, const char *block, size_t bytes) {
    expect(result == NULL && errno == EINVAL);
    for (size_t i = 0; i < bytes; i++) {
        expect_equal(block[i], 0x5a);
    }
    errno = 0;
}

CLAIM(a_resize_of_what_is_no_block_can_be_survived) {
    start();
    const size_t sizes[] = {100, 100000, (size_t)64 << 20};
    for (int i = 0; i < 3; i++) {
        char *block = ash_malloc(sizes[i]);
        memset(block, 0x5a, 100);
        errno = 0;
        expect_unmoved(ash_realloc(block + 8, 2 * sizes[i]), block, 100);
        expect_unmoved(ash_realloc(block + 8, 50), block, 100);
        expect_unmoved(ash_rezalloc(block + 8, sizes[i] + 1), block, 100);
        expect_unmoved(ash_realloc_aligned(block + 8, sizes[i] + 1, 64), block, 100);
        expect_unmoved(ash_rezalloc_aligned(block + 8, sizes[i] + 1, 64), block, 100);
        expect_equal(heard[ASH_E_NOT_A_START], 5 * (i + 1));
        ash_free(block);
    }
    players_audit();
    players_expect_all_free();
}

// The second free of a small block has written into it before it is found.
DEATH(what_is_found_too_late_ends_the_process_all_the_same) {
    start();
    os_fake_set_quiet(false);
    ash_free(ash_malloc(100));
    void *block = ash_malloc(100);
    ash_free(block);
    ash_free(block);
    last_words("ASH101: double free of %#jx: it is free already...", (uintmax_t)(uintptr_t)block);
    (void)ash_collect();
}

// Where text goes -------------------------------------------------------------------------

static char said[20000];

static void gather(const char *text, void *argument) {
    (void)strncat(argument, text, sizeof said - 1 - strlen(argument));
}

CLAIM(all_that_is_printed_goes_where_the_program_says) {
    start();
    ash_set_output(gather, said);
    expect(ash_stats_print(NULL, NULL));
    expect(strstr(said, "ashlar: bytes, each") == said);
    expect(strstr(said, "resident_peak") != NULL);
    said[0] = '\0';
    ash_arena_t *arena;
    expect(ash_arena_reserve((size_t)2 << 20, 0, &arena));
    ash_arenas_print(NULL, NULL);
    expect(strstr(said, "arena ") != NULL);
    said[0] = '\0';
    ash_free(said + 16);
    expect(strstr(said, "ashlar: ASH201: ") == said);
    expect_text(os_fake_text(), "");
    ash_set_output(NULL, NULL);
    ash_arenas_print(NULL, NULL);
    expect(strstr(os_fake_text(), "arena ") != NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_free_where_no_block_lives_can_be_survived),
        cmocka_unit_test(a_free_of_a_large_blocks_inside_can_be_survived),
        cmocka_unit_test(a_resize_of_what_is_no_block_can_be_survived),
        cmocka_unit_test(what_is_found_too_late_ends_the_process_all_the_same),
        cmocka_unit_test(all_that_is_printed_goes_where_the_program_says),
    };
    return RUN_TESTS(tests);
}
