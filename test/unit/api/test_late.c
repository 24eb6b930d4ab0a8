#include "api/late.h"

#include <string.h>

#include "api/stats.h"
#include "ashlar/ashlar.h"
#include "os_fake.h"
#include "platform/thread.h"
#include "players.h"
#include "support.h"

// Player 1 has run its last exit handler.
static void start(void) {
    player_enter(0);
    expect(player_heap() != NULL);
    player_enter(1);
    expect(player_heap() != NULL);
    player_end();
    expect(ash_thread_heap() == &ash_heap_done);
}

CLAIM(an_ended_thread_still_allocates) {
    start();
    for (size_t bytes = 0; bytes <= 2 * ASH_BLOCK_MAX; bytes = bytes * 2 + 40) {
        char *block = ash_malloc(bytes);
        expect(block != NULL);
        expect(ash_usable_size(block) >= bytes);
        memset(block, 1, bytes);
        block = ash_realloc(block, bytes + 100);
        expect(block != NULL);
        ash_free(block);
    }
    expect(ash_thread_heap() == &ash_heap_done);
}

CLAIM(late_threads_share_one_heap) {
    start();
    char *first = ash_malloc(64);
    player_enter(2);
    expect(player_heap() != NULL);
    player_end();
    char *second = ash_malloc(64);
    expect(second != NULL && second != first);
    expect(ash_record_first(first)->owner == ash_record_first(second)->owner);
}

CLAIM(a_late_block_may_be_freed_by_anyone) {
    start();
    void *first = ash_malloc(64), *second = ash_malloc(64);
    ash_free(first);
    player_enter(0);
    ash_free(second);
    players_expect_all_free();
}

CLAIM(without_memory_a_late_thread_gets_null) {
    start();
    os_fake_fail_from(OS_FAKE_ANY, 1);
    size_t count = 0;
    while (ash_malloc(ASH_BLOCK_MAX) != NULL) {
        expect(++count < 100000);
    }
    os_fake_fail_never();
    expect(ash_malloc(ASH_BLOCK_MAX) != NULL);
}

CLAIM(late_blocks_count_as_allocated) {
    start();
    size_t before = ash_figures_take().allocated;
    expect(ash_malloc(ASH_BLOCK_MAX) != NULL);
    expect(ash_figures_take().allocated >= before + ASH_BLOCK_MAX);
}

CLAIM(stripping_before_the_first_use_is_nothing) {
    player_enter(0);
    expect(player_heap() != NULL);
    ash_late_strip();
    players_expect_all_free();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ended_thread_still_allocates),
        cmocka_unit_test(late_threads_share_one_heap),
        cmocka_unit_test(a_late_block_may_be_freed_by_anyone),
        cmocka_unit_test(without_memory_a_late_thread_gets_null),
        cmocka_unit_test(late_blocks_count_as_allocated),
        cmocka_unit_test(stripping_before_the_first_use_is_nothing),
    };
    return RUN_TESTS(tests);
}
