#include <errno.h>
#include <string.h>

#include "api/stats.h"
#include "ashlar/ashlar.h"
#include "heap/registry.h"
#include "os_fake.h"
#include "players.h"
#include "support.h"

CLAIM(what_is_free_goes_back_to_the_system) {
    player_enter(0);
    for (int i = 0; i < 10; i++) {
        ash_free(memset(ash_malloc(ASH_SLICE_BYTES), 1, ASH_SLICE_BYTES));
        ash_free(ash_malloc(100));
    }
    expect(ash_figures_take().dirty > 0);
    errno = 77;
    expect(ash_collect());
    expect_equal(errno, 77);
    expect_equal(ash_figures_take().dirty, 0);
    expect(!ash_collect());
    players_expect_all_free();
}

CLAIM(what_is_in_use_stays) {
    player_enter(0);
    char *small = memset(ash_malloc(100), 1, 100);
    char *run = memset(ash_malloc(ASH_SLICE_BYTES), 2, ASH_SLICE_BYTES);
    ash_free(ash_malloc(3 * ASH_SLICE_BYTES));
    expect(ash_collect());
    expect_equal(small[99], 1);
    expect_equal(run[ASH_SLICE_BYTES - 1], 2);
}

CLAIM(orphans_are_tended) {
    player_enter(0);
    expect(player_heap() != NULL);
    player_enter(1);
    void *block = ash_malloc(100);
    struct ash_heap *heap = player_heap();
    player_end();
    heap->state = ASH_HEAP_TENDED;  // so that the free below is not taken in at once
    player_enter(0);
    ash_free(block);
    (void)ash_collect();
    expect(heap->inbox != 0);
    heap->state = ASH_HEAP_ORPHAN;
    expect(ash_collect());
    expect_equal(heap->inbox, 0);
    players_expect_all_free();
}

CLAIM(without_memory_nothing_is_collected) {
    player_enter(0);
    os_fake_fail_from(OS_FAKE_ANY, 1);
    expect(!ash_collect());
}

CLAIM(a_system_that_refuses_is_believed) {
    player_enter(0);
    ash_free(ash_malloc(ASH_SLICE_BYTES));
    os_fake_fail_from(1 << OS_FAKE_PURGE, 1);
    expect(!ash_collect());
    expect_equal(ash_figures_take().dirty, ASH_SLICE_BYTES);
    os_fake_fail_never();
    expect(ash_collect());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_free_goes_back_to_the_system),
        cmocka_unit_test(what_is_in_use_stays),
        cmocka_unit_test(orphans_are_tended),
        cmocka_unit_test(without_memory_nothing_is_collected),
        cmocka_unit_test(a_system_that_refuses_is_believed),
    };
    return RUN_TESTS(tests);
}
