#define _GNU_SOURCE

#include "api/boot.h"

#include <pthread.h>

#include "ashlar/ashlar.h"
#include "heap/hold.h"
#include "heap/registry.h"
#include "heap/sizeclass.h"
#include "os_fake.h"
#include "players.h"
#include "supply/region.h"
#include "support.h"

enum { THREADS = 6 };

CLAIM(boot_happens_once) {
    expect(ash_boot());
    uint64_t calls = os_fake_calls();
    uintptr_t base = ash_region.base;
    expect(base != 0 && ash_classes[0].block_bytes == 16);
    for (int i = 0; i < 5; i++) {
        expect(ash_boot());
    }
    expect_equal(os_fake_calls(), calls);
    expect_equal(ash_region.base, base);
}

CLAIM(boot_without_memory_is_tried_again) {
    os_fake_fail_from(OS_FAKE_ANY, 1);
    for (int i = 0; i < 3; i++) {
        expect(!ash_boot());
        expect(ash_malloc(1) == NULL);
    }
    os_fake_fail_never();
    expect(ash_boot());
    expect(ash_malloc(1) != NULL);
    expect_equal(os_fake_tally().claimed_bytes, players_claimed_bytes());
}

// glibc sleeps on a word of a barrier, which has to be aligned to 4 bytes; m68k's ABI alone
// aligns it to 2.
static _Alignas(8) pthread_barrier_t barrier;

static void *boot_at_once(void *bases) {
    pthread_barrier_wait(&barrier);
    bool booted = ash_boot();
    *(uintptr_t *)bases = booted ? ash_region.base : 0;
    return NULL;
}

CLAIM(threads_may_boot_at_once) {
    pthread_t threads[THREADS];
    uintptr_t bases[THREADS];
    expect(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
    for (int i = 0; i < THREADS; i++) {
        expect(pthread_create(&threads[i], NULL, boot_at_once, &bases[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        expect(bases[i] != 0 && bases[i] == bases[0]);
    }
    expect_equal(os_fake_tally().calls[OS_FAKE_MAP], 1);  // the probe
}

CLAIM(a_forks_child_goes_on_with_its_own_heap_alone) {
    player_enter(0);
    void *block = ash_malloc(100);
    struct ash_heap *mine = player_heap();
    player_enter(1);
    struct ash_heap *other = player_heap();
    void *others = ash_malloc(100);
    player_enter(0);
    os_fake_fork_prepare();
    os_fake_set_thread(PLAYER_TID + 9);  // the child's ids
    os_fake_set_process(4711);
    os_fake_fork_child();
    expect_equal(mine->tid, PLAYER_TID + 9);
    expect_equal(mine->process, 4711);
    expect_equal(other->state, ASH_HEAP_LOST);
    expect(player_heap() == mine);
    ash_free(block);
    ash_free(others);  // to a heap that nobody will look into
    expect(ash_malloc(100) != NULL);
    expect(ash_malloc(ASH_RUN_MAX + 1) != NULL);
    (void)ash_collect();
}

CLAIM(a_forks_parent_finds_everything_unlocked) {
    player_enter(0);
    void *block = ash_malloc(ASH_RUN_MAX + 1);
    os_fake_fork_prepare();
    os_fake_fork_parent();
    ash_free(block);
    (void)ash_collect();
    players_expect_all_free();
}

CLAIM(the_only_thread_forks_wherever_it_is) {
    expect(!os_fake_may_fork_alone());  // it has no heap
    player_enter(0);
    void *block = ash_malloc(100);
    struct ash_heap *mine = player_heap();
    expect(os_fake_may_fork_alone());
    ash_hold(mine);  // a handler has interrupted a slow path
    os_fake_set_thread(PLAYER_TID + 9);
    os_fake_set_process(4711);
    os_fake_fork_alone_child();
    expect_equal(mine->tid, PLAYER_TID + 9);
    expect_equal(mine->process, 4711);
    ash_hold_end(mine);
    ash_free(block);
    expect(player_heap() == mine);
}

CLAIM(the_only_thread_forks_even_out_of_the_registry) {
    player_enter(0);
    void *block = ash_malloc(100);
    struct ash_heap *mine = player_heap();
    uint32_t process = mine->process;
    ash_registry_enter();
    os_fake_set_thread(PLAYER_TID + 9);
    os_fake_set_process(4711);
    os_fake_fork_alone_child();
    expect_equal(mine->tid, PLAYER_TID);
    expect_equal(mine->process, process);
    ash_registry_leave();
    ash_free(block);
    expect(player_heap() == mine);
}

CLAIM(a_fork_before_the_first_allocation_is_fine) {
    os_fake_fork_prepare();
    os_fake_fork_child();
    player_enter(0);
    expect(ash_malloc(1) != NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boot_happens_once),
        cmocka_unit_test(boot_without_memory_is_tried_again),
        cmocka_unit_test(threads_may_boot_at_once),
        cmocka_unit_test(a_forks_child_goes_on_with_its_own_heap_alone),
        cmocka_unit_test(a_forks_parent_finds_everything_unlocked),
        cmocka_unit_test(the_only_thread_forks_wherever_it_is),
        cmocka_unit_test(the_only_thread_forks_even_out_of_the_registry),
        cmocka_unit_test(a_fork_before_the_first_allocation_is_fine),
    };
    return RUN_TESTS(tests);
}
