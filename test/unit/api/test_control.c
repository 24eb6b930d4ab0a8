#include "ashlar/control.h"

#include <errno.h>
#include <string.h>

#include "ashlar/arena.h"
#include "ashlar/options.h"
#include "ashlar/stats.h"
#include "base/bits.h"
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

// Now and then ------------------------------------------------------------------------------

struct deferring {
    int calls, forced, within;
    size_t heartbeat;
    void *put_off[100];
    int count;
};

static void free_later(bool force, size_t heartbeat, void *argument) {
    struct deferring *d = argument;
    expect_equal(d->within, 0);
    d->within++;
    d->calls++;
    d->forced += force ? 1 : 0;
    expect(heartbeat > d->heartbeat);
    d->heartbeat = heartbeat;
    while (d->count > 0) {
        ash_free(d->put_off[--d->count]);
    }
    for (int i = 0; i < 200; i++) {  // takes slow paths itself
        ash_free(ash_malloc(100000));
    }
    errno = 7;
    d->within--;
}

CLAIM(the_deferred_function_is_called_now_and_then) {
    struct deferring d = {0};
    start();
    ash_set_deferred_free(free_later, &d);
    errno = 3;
    for (int i = 0; i < 160; i++) {
        void *large = ash_malloc(100000);
        void *odd = ash_malloc_aligned_at(100, 64, 8);
        d.put_off[d.count++] = large;
        ash_free(odd);
        expect(d.count < 20);
    }
    expect_equal(errno, 3);
    expect_equal(d.calls, 20);
    expect_equal(d.forced, 0);
    for (int i = 0; i < 100000; i++) {
        d.put_off[0] = ash_malloc(200);  // from here on small ones
        expect(d.put_off[0] != NULL);
    }
    expect(d.calls > 100);
    ash_set_deferred_free(NULL, NULL);
    int calls = d.calls;
    for (int i = 0; i < 100; i++) {
        ash_free(ash_malloc(100000));
    }
    expect_equal(d.calls, calls);
}

CLAIM(collecting_forces_the_deferred_function) {
    struct deferring d = {0};
    start();
    ash_set_deferred_free(free_later, &d);
    d.put_off[d.count++] = ash_malloc(100);
    (void)ash_collect();
    expect(d.calls == 1 && d.forced == 1 && d.count == 0);
    (void)ash_heap_collect(ash_heap_main());
    expect(d.calls == 2 && d.forced == 2);
}

// Limits ----------------------------------------------------------------------------------

enum { MIB = 1 << 20 };

static void expect_counted(void) {
    struct ash_stats stats = {.bytes = sizeof stats};
    expect(ash_stats_get(&stats));
    expect_equal(ash_limit_used(), stats.active);
}

CLAIM(what_counts_is_what_is_active) {
    start();
    expect_equal(ash_limit_used(), 0);
    void *small = ash_malloc(10);
    expect_equal(ash_limit_used(), ASH_SLICE_BYTES);
    void *large = ash_malloc(100000);
    expect_equal(ash_limit_used(), ASH_SLICE_BYTES + ash_round_up(100000, ASH_SLICE_BYTES));
    void *huge = ash_malloc((size_t)64 * MIB);
    void *odd = ash_malloc_aligned_at((size_t)64 * MIB, 64, 8);
    expect_counted();
    huge = ash_realloc(huge, (size_t)100 * MIB);
    large = ash_realloc(large, 900000);
    expect_counted();
    huge = ash_realloc(huge, (size_t)50 * MIB);
    large = ash_realloc(large, 90000);
    expect_counted();
    ash_free(odd);
    ash_free(huge);
    ash_free(large);
    expect_counted();
    ash_free(small);
    (void)ash_collect();
    expect_equal(ash_limit_used(), 0);
}

static void fill(ash_heap_t *heap) {
    expect(ash_heap_malloc(heap, 10) != NULL);
    expect(ash_heap_malloc(heap, 100000) != NULL);
    expect(ash_heap_malloc(heap, (size_t)64 * MIB) != NULL);
    expect(ash_heap_malloc_aligned_at(heap, (size_t)64 * MIB, 64, 8) != NULL);
}

CLAIM(heaps_that_end_count_no_more) {
    start();
    ash_heap_t *destroyed = ash_heap_new();
    fill(destroyed);
    expect_counted();
    ash_heap_destroy(destroyed);
    expect_equal(ash_limit_used(), 0);
    ash_heap_t *deleted = ash_heap_new();
    fill(deleted);
    size_t used = ash_limit_used();
    ash_heap_delete(deleted);
    expect_equal(ash_limit_used(), used);
    expect_counted();
}

CLAIM(nothing_goes_above_the_hard_limit) {
    start();
    void *keep = ash_malloc((size_t)10 * MIB);
    expect_equal(ash_limit_set(0, (size_t)20 * MIB), 0);
    const size_t sizes[] = {(size_t)11 * MIB, (size_t)33 * MIB, (size_t)1 << 30};
    for (int i = 0; i < 3; i++) {
        errno = 0;
        expect(ash_malloc(sizes[i]) == NULL && errno == ENOMEM);
        errno = 0;
        expect(ash_realloc(keep, sizes[i] + (size_t)10 * MIB) == NULL && errno == ENOMEM);
        expect(ash_malloc_aligned_at(sizes[i], 64, 8) == NULL);
    }
    expect_equal(ash_limit_used(), (size_t)10 * MIB);
    size_t blocks = 0;
    while (ash_malloc(30000) != NULL) {
        blocks++;
    }
    expect(blocks > 250 && ash_limit_used() <= (size_t)20 * MIB);
    expect(ash_limit_used() > (size_t)19 * MIB);
    expect_counted();
    ash_free(keep);
    expect(ash_malloc((size_t)9 * MIB) != NULL);
    expect_equal(ash_limit_set(0, 0), 0);
    expect(ash_malloc((size_t)100 * MIB) != NULL);
    players_audit();
}

CLAIM(below_what_is_in_use_a_limit_refuses_all_more) {
    start();
    void *keep = ash_malloc((size_t)10 * MIB);
    expect_equal(ash_limit_set(0, (size_t)4 * MIB), 0);
    errno = 0;
    expect(ash_malloc(MIB) == NULL && errno == ENOMEM);
    expect_equal(ash_limit_used(), (size_t)10 * MIB);
    ash_free(keep);
    expect(ash_malloc(MIB) != NULL);
}

// What the deferred function frees, and what lies free in spans, makes room.
CLAIM(what_is_free_is_collected_before_a_request_is_refused) {
    struct deferring d = {0};
    start();
    void *blocks[64];
    for (int i = 0; i < 64; i++) {
        blocks[i] = ash_malloc(32000);
    }
    ash_set_deferred_free(free_later, &d);
    expect_equal(ash_limit_set(0, ash_limit_used() + 200000), 0);
    for (int i = 0; i < 32; i++) {
        ash_free(blocks[i]);
        d.put_off[d.count++] = blocks[32 + i];
    }
    expect(ash_malloc(1500000) != NULL);
    expect(d.forced == 1 && d.count == 0);
}

CLAIM(a_huge_block_to_be_freed_makes_room_for_another) {
    struct deferring d = {0};
    start();
    d.put_off[d.count++] = ash_malloc((size_t)40 * MIB);
    ash_set_deferred_free(free_later, &d);
    expect_equal(ash_limit_set(0, (size_t)64 * MIB), 0);
    void *block = ash_malloc((size_t)50 * MIB);
    expect(block != NULL && d.forced == 1 && d.count == 0);
    d.put_off[d.count++] = block;
    block = ash_malloc_aligned_at((size_t)55 * MIB, 64, 8);
    expect(block != NULL && d.forced == 2 && d.count == 0);
    expect(ash_malloc((size_t)65 * MIB) == NULL && d.forced == 2);
    ash_free(block);
}

static size_t told_used, told_soft;
static int told;

static void be_told(size_t used, size_t soft, void *argument) {
    told++;
    told_used = used;
    told_soft = soft;
    ash_free(*(void **)argument);
    *(void **)argument = NULL;
    ash_free(ash_malloc(100));
}

CLAIM(the_soft_limit_is_told_once_for_each_crossing) {
    start();
    void *cache = ash_malloc((size_t)3 * MIB);
    ash_set_limit_handler(be_told, &cache);
    expect_equal(ash_limit_set((size_t)8 * MIB, 0), 0);
    void *block = ash_malloc((size_t)5 * MIB);
    expect_equal(told, 0);
    void *more = ash_malloc(100000);
    expect(told == 1 && told_soft == (size_t)8 * MIB && told_used > told_soft && cache == NULL);
    void *over = ash_malloc((size_t)4 * MIB);  // below seven eighths before: crossed again
    expect_equal(told, 2);
    ash_free(more);
    more = ash_malloc((size_t)2 * MIB);
    ash_free(more);  // above seven eighths all the time
    more = ash_malloc((size_t)2 * MIB);
    expect_equal(told, 2);
    ash_free(over);
    ash_free(block);
    ash_free(more);
    expect(ash_malloc((size_t)9 * MIB) != NULL);
    expect_equal(told, 3);
}

CLAIM(just_below_the_soft_limit_it_counts_as_crossed) {
    start();
    void *cache = NULL;
    ash_set_limit_handler(be_told, &cache);
    expect_equal(ash_limit_set((size_t)8 * MIB, 0), 0);
    void *block = ash_malloc((size_t)15 * MIB / 2);
    for (int i = 0; i < 3; i++) {
        ash_free(ash_malloc(MIB));
        expect_equal(told, 1);
    }
    ash_free(block);
    expect(ash_malloc((size_t)9 * MIB) != NULL);
    expect_equal(told, 2);
}

CLAIM(without_a_handler_the_soft_limit_is_a_warning) {
    start();
    expect_equal(ash_limit_set(100000, 0), 0);
    expect(ash_malloc(200000) != NULL);
    expect(ash_malloc(200000) != NULL);
    expect_text(os_fake_text(), "ashlar: ASH204: more memory is in use than limit_soft says; "
                                "ashlar stat shows what for\n");
    expect_equal(heard[ASH_E_LIMIT_SOFT], 1);
}

CLAIM(limits_that_are_none_are_refused) {
    start();
    errno = 3;
    expect_equal(ash_limit_set(2, 1), EINVAL);
    expect_equal(ash_limit_set(SIZE_MAX, 0), EINVAL);
    expect_equal(ash_limit_set(0, SIZE_MAX), EINVAL);
    expect_equal(ash_option_get(ASH_OPTION_LIMIT_HARD), 0);
    expect_equal(ash_limit_set(5, 5), 0);
    expect_equal(ash_option_get(ASH_OPTION_LIMIT_SOFT), 5);
    expect_equal(ash_option_get(ASH_OPTION_LIMIT_HARD), 5);
    expect_equal(errno, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_free_where_no_block_lives_can_be_survived),
        cmocka_unit_test(a_free_of_a_large_blocks_inside_can_be_survived),
        cmocka_unit_test(a_resize_of_what_is_no_block_can_be_survived),
        cmocka_unit_test(what_is_found_too_late_ends_the_process_all_the_same),
        cmocka_unit_test(all_that_is_printed_goes_where_the_program_says),
        cmocka_unit_test(the_deferred_function_is_called_now_and_then),
        cmocka_unit_test(collecting_forces_the_deferred_function),
        cmocka_unit_test(what_counts_is_what_is_active),
        cmocka_unit_test(heaps_that_end_count_no_more),
        cmocka_unit_test(nothing_goes_above_the_hard_limit),
        cmocka_unit_test(a_huge_block_to_be_freed_makes_room_for_another),
        cmocka_unit_test(below_what_is_in_use_a_limit_refuses_all_more),
        cmocka_unit_test(what_is_free_is_collected_before_a_request_is_refused),
        cmocka_unit_test(the_soft_limit_is_told_once_for_each_crossing),
        cmocka_unit_test(just_below_the_soft_limit_it_counts_as_crossed),
        cmocka_unit_test(without_a_handler_the_soft_limit_is_a_warning),
        cmocka_unit_test(limits_that_are_none_are_refused),
    };
    return RUN_TESTS(tests);
}
