// A thread's handle of a heap: what it allocates is the heap's, what is freed with it goes back,
// and who may not use it is told.

#include "ashlar/local.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "heap/realm.h"
#include "os_fake.h"
#include "platform/thread.h"
#include "players.h"
#include "support.h"

enum { SIZES = 5, SMALL = 24, UNTOUCHED = 4711 };

static const size_t sizes[SIZES] = {SMALL, 100, ASH_BLOCK_MAX, 100000, (size_t)ASH_RUN_MAX + 2};
static ash_heap_t *heap;

static ash_local_t *handle_of_player(unsigned player) {
    player_enter(player);
    ash_local_t *local = ash_heap_local(heap);
    expect(local != NULL);
    return local;
}

static ash_local_t *start(void) {
    player_enter(0);
    heap = ash_heap_new();
    expect(heap != NULL);
    return handle_of_player(0);
}

static void end(void) {
    ash_heap_destroy(heap);
    players_audit();
    players_expect_all_free();
}

static bool is_zero(const char *block) {
    size_t at = 0, bytes = ash_min(ash_usable_size(block), 200000);
    while (at < bytes && block[at] == 0) {
        at++;
    }
    return at == bytes;
}

static void expect_ours(ash_local_t *local, void *block, size_t bytes, bool zero) {
    expect(block != NULL && ash_heap_of(block) == heap && ash_usable_size(block) >= bytes);
    expect(!zero || is_zero(block));
    memset(block, 0x5a, ash_min(ash_usable_size(block), 200000));
    ash_local_free(local, block);
}

// Handles --------------------------------------------------------------------------------

CLAIM(a_handle_is_the_same_each_time) {
    ash_local_t *local = start();
    expect(ash_heap_local(heap) == local && ash_local_heap(local) == heap);
    ash_heap_t *other = ash_heap_new();
    expect(ash_heap_local(other) != local && ash_local_heap(ash_heap_local(other)) == other);
    ash_local_t *second = handle_of_player(1);
    expect(second != local && ash_local_heap(second) == heap);
    player_enter(0);
    expect(ash_heap_local(heap) == local);
    ash_heap_destroy(other);
    end();
}

CLAIM(the_main_heap_s_handle_is_the_thread_s_own_heap) {
    (void)start();
    ash_local_t *local = ash_heap_local(ash_heap_main());
    expect(local == player_heap());
    void *block = ash_local_malloc(local, SMALL);
    expect(ash_heap_of(block) == ash_heap_main());
    ash_free(block);
    expect(ash_malloc(SMALL) == block);
    ash_local_free(local, block);
    expect(ash_local_malloc(local, SMALL) == block);
    ash_local_free(local, block);
    end();
}

CLAIM(a_thread_of_a_sub_process_has_a_handle_of_its_main_heap) {
    (void)start();
    ash_subproc_t *subproc = ash_subproc_new();
    player_enter(1);
    expect_equal(ash_subproc_add_current_thread(subproc), 0);
    ash_local_t *local = ash_heap_local(ash_heap_main());
    expect((void *)ash_local_heap(local) == (void *)subproc);
    expect((void *)ash_heap_of(ash_local_malloc(local, SMALL)) == (void *)subproc);
    // And one of the process's main heap, in which it has no own part.
    ash_local_t *foreign = ash_heap_local(&ash_realm_main);
    void *block = ash_local_malloc(foreign, SMALL);
    expect(foreign != local && ash_heap_of(block) == &ash_realm_main);
    ash_local_free(foreign, block);
    player_end();
    player_enter(0);
    expect_equal(ash_subproc_destroy(subproc), 0);
    end();
}

CLAIM(a_handle_serves_a_thread_that_has_lost_its_slot) {
    ash_local_t *local = start();
    for (int i = 0; i < SIZES; i++) {
        ash_thread_set_heap(NULL);
        void *block = ash_local_malloc(local, sizes[i]);
        ash_thread_set_heap(NULL);
        expect_ours(local, block, sizes[i], false);
        ash_thread_set_heap(NULL);
        ash_local_free(local, ash_local_realloc(local, NULL, sizes[i]));
    }
    end();
}

CLAIM(who_can_have_no_handle_is_told_why) {
    (void)start();
    player_enter(1);
    (void)player_heap();
    player_end();
    errno = UNTOUCHED;
    expect(ash_heap_local(heap) == NULL);
    expect_equal(errno, EPERM);
    player_enter(2);
    (void)player_heap();
    os_fake_fail_from(OS_FAKE_ANY, 1);
    ash_heap_t *made[2] = {NULL, NULL};
    while ((heap = ash_heap_new()) != NULL) {  // until there is no room for these, which are small
        made[0] = made[1];
        made[1] = heap;
    }
    errno = UNTOUCHED;
    expect(ash_heap_local(made[0]) == NULL || ash_heap_local(made[1]) == NULL);  // an orphan serves
    os_fake_fail_never();
    expect_equal(errno, ENOMEM);
}

// Allocating -----------------------------------------------------------------------------

CLAIM(blocks_come_from_the_heap) {
    ash_local_t *local = start();
    expect_ours(local, ash_local_malloc(local, 0), 0, false);
    expect_ours(local, ash_local_zalloc(local, 0), 0, true);
    expect_ours(local, ash_local_malloc_small(local, ASH_SMALL_MAX), ASH_SMALL_MAX, false);
    expect_ours(local, ash_local_zalloc_small(local, ASH_SMALL_MAX), ASH_SMALL_MAX, true);
    for (int i = 0; i < SIZES; i++) {
        size_t n = sizes[i];
        for (int round = 0; round < 2; round++) {  // what was freed is used again
            expect_ours(local, ash_local_malloc(local, n), n, false);
            expect_ours(local, ash_local_zalloc(local, n), n, true);
            expect_ours(local, ash_local_calloc(local, 2, n / 2), n, true);
        }
        void *block = ash_local_malloc_aligned(local, n, 256);
        expect_equal((uintptr_t)block % 256, 0);
        expect_ours(local, block, n, false);
        block = ash_local_zalloc_aligned(local, n, 256);
        expect_equal((uintptr_t)block % 256, 0);
        expect_ours(local, block, n, true);
    }
    end();
}

CLAIM(zeroes_up_to_the_last_usable_byte_at_each_small_size) {
    ash_local_t *local = start();
    for (size_t bytes = 0; bytes <= 1024; bytes++) {
        expect_ours(local, ash_local_malloc(local, bytes), bytes, false);
        expect_ours(local, ash_local_zalloc(local, bytes), bytes, true);
    }
    end();
}

CLAIM(a_block_that_moves_moves_to_the_heap) {
    ash_local_t *local = start();
    char *block = ash_malloc(SMALL);
    memcpy(block, "contents", 9);
    block = ash_local_realloc(local, block, 1000);
    expect_text(block, "contents");
    expect_ours(local, block, 1000, false);
    expect_ours(local, ash_local_realloc(local, NULL, SMALL), SMALL, false);
    expect(ash_local_realloc(local, ash_local_malloc(local, SMALL), 0) == NULL);
    end();
}

CLAIM(what_cannot_be_had_is_refused_with_the_usual_errno) {
    ash_local_t *local = start();
    errno = UNTOUCHED;
    expect(ash_local_calloc(local, SIZE_MAX / 2, 3) == NULL && errno == ENOMEM);
    errno = UNTOUCHED;
    expect(ash_local_malloc(local, PTRDIFF_MAX) == NULL && errno == ENOMEM);
    errno = UNTOUCHED;
    expect(ash_local_malloc_aligned(local, 24, 24) == NULL && errno == EINVAL);
    ash_heap_set_limit(heap, ASH_SLICE_BYTES);
    errno = UNTOUCHED;
    expect(ash_local_malloc(local, SMALL) != NULL && errno == UNTOUCHED);
    expect(ash_local_malloc(local, 3000) == NULL && errno == ENOMEM);
    errno = UNTOUCHED;
    expect(ash_local_zalloc(local, 3000) == NULL && errno == ENOMEM);
    end();
}

// Freeing --------------------------------------------------------------------------------

CLAIM(what_was_freed_last_is_taken_first_without_a_slow_path) {
    ash_local_t *local = start();
    void *block = ash_local_malloc(local, SMALL);
    uint32_t slow_paths = ash_heap_slow_paths(player_heap());
    for (int i = 0; i < 100; i++) {
        ash_local_free(local, block);
        expect(ash_local_malloc(local, SMALL) == block);
    }
    expect_equal(ash_heap_slow_paths(player_heap()), slow_paths + 1);  // player_heap's own
    ash_local_free(local, block);
    end();
}

CLAIM(bins_that_fall_full_give_back) {
    enum { BLOCKS = 2000 };
    static void *blocks[BLOCKS];
    ash_local_t *local = start();
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = ash_local_malloc(local, SMALL);
        expect(blocks[i] != NULL);
    }
    size_t bytes = ash_heap_bytes(heap);
    for (int i = 0; i < BLOCKS; i++) {
        errno = UNTOUCHED;
        ash_local_free(local, blocks[i]);
        expect_equal(errno, UNTOUCHED);
        players_audit();
    }
    expect(local->events.releases > 0 && ash_heap_bytes(heap) <= bytes);
    end();
}

CLAIM(any_block_may_be_freed_with_a_handle) {
    ash_local_t *local = start();
    ash_heap_t *other = ash_heap_new();
    for (int i = 0; i < SIZES; i++) {
        ash_local_free(local, ash_malloc(sizes[i]));
        ash_local_free(local, ash_heap_malloc(other, sizes[i]));
        ash_local_t *second = handle_of_player(1);
        void *main_block = ash_malloc(sizes[i]);
        void *block = ash_local_malloc(second, sizes[i]);
        player_enter(0);
        ash_local_free(local, block);
        ash_local_free(local, main_block);
        block = ash_local_malloc(local, sizes[i]);
        player_enter(1);
        ash_local_free(second, block);
        player_enter(0);
    }
    static char outside[64];
    ash_local_free(local, NULL);
    ash_local_free(local, outside + 16);  // let alone, as by ash_free
    player_enter(1);
    player_end();
    player_enter(0);
    ash_heap_destroy(other);
    end();
}

// Who may not use it -----------------------------------------------------------------------

static ash_local_t *misused;
static void *misused_block;
static int misuse;

enum { MISUSES_NOTICED = 5, MISUSES = 10 };

// The first are noticed in every build, since they are not fast.
static void use_misused(void) {
    switch (misuse) {
    case 0:
        (void)!ash_local_malloc(misused, ASH_BLOCK_MAX + 1);
        break;
    case 1:
        (void)!ash_local_zalloc(misused, ASH_BLOCK_MAX + 1);
        break;
    case 2:
        (void)!ash_local_realloc(misused, misused_block, 1000);
        break;
    case 3:
        (void)!ash_local_malloc_aligned(misused, SMALL, 64);
        break;
    case 4:
        (void)ash_local_heap(misused);
        break;
    case 5:
        (void)!ash_local_malloc(misused, SMALL);
        break;
    case 6:
        (void)!ash_local_zalloc(misused, SMALL);
        break;
    case 7:
        (void)!ash_local_malloc_small(misused, SMALL);
        break;
    case 8:
        (void)!ash_local_calloc(misused, 1, SMALL);
        break;
    default:
        ash_local_free(misused, misused_block);
        break;
    }
}

static void announce(void) {
    last_words("ASH109: use of %#jx: that handle is another thread's, or of a heap that has ended;"
               " ask ash_heap_local in each thread",
               (uintmax_t)(uintptr_t)misused);
}

static void by_another_thread(void) {
    misused = start();
    misused_block = ash_local_malloc(misused, SMALL);
    (void)handle_of_player(1);
    announce();
    use_misused();
}

static void all_die(void (*body)(void)) {
    for (misuse = 0; misuse < (ASH_DEBUG ? MISUSES : MISUSES_NOTICED); misuse++) {
        if (!support_dies(body)) {
            fprintf(stderr, "misuse %d was not noticed\n", misuse);
            assert_true(false);
        }
    }
}

static void a_handle_of_another_thread_is_refused(void **state) {
    (void)state;
    all_die(by_another_thread);
}

// Its bins are empty, so that the fast path comes to where it is noticed.
static void after_the_end(void) {
    misused = start();
    misused_block = ash_malloc(SMALL);
    ash_local_free(misused, ash_local_malloc(misused, SMALL));
    ash_heap_destroy(heap);
    announce();
    use_misused();
}

static void after_the_delete(void) {
    misused = start();
    misused_block = ash_local_malloc(misused, SMALL);
    ash_local_free(misused, ash_local_malloc(misused, SMALL));
    ash_heap_delete(heap);
    announce();
    use_misused();
}

static void a_handle_of_an_ended_heap_is_refused(void **state) {
    (void)state;
    all_die(after_the_end);
    all_die(after_the_delete);
    misuse = MISUSES_NOTICED;
    assert_true(support_dies(after_the_end) && support_dies(after_the_delete));
}

DEATH(a_handle_of_an_ended_thread_is_refused) {
    (void)start();
    misused = handle_of_player(1);
    ash_local_free(misused, ash_local_malloc(misused, SMALL));
    player_end();
    announce();
    (void)!ash_local_malloc(misused, SMALL);
}

DEATH(a_handle_that_was_kept_is_refused_in_the_next_thread) {
    (void)start();
    misused = handle_of_player(1);
    player_end();
    player_start(2);
    announce();
    (void)!ash_local_malloc(misused, SMALL);
}

DEATH(an_ended_heap_gives_no_handle) {
    (void)start();
    ash_heap_destroy(heap);
    last_words("ASH104: use of %#jx: that heap has ended before...", (uintmax_t)(uintptr_t)heap);
    (void)!ash_heap_local(heap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handle_is_the_same_each_time),
        cmocka_unit_test(the_main_heap_s_handle_is_the_thread_s_own_heap),
        cmocka_unit_test(a_thread_of_a_sub_process_has_a_handle_of_its_main_heap),
        cmocka_unit_test(a_handle_serves_a_thread_that_has_lost_its_slot),
        cmocka_unit_test(who_can_have_no_handle_is_told_why),
        cmocka_unit_test(blocks_come_from_the_heap),
        cmocka_unit_test(zeroes_up_to_the_last_usable_byte_at_each_small_size),
        cmocka_unit_test(a_block_that_moves_moves_to_the_heap),
        cmocka_unit_test(what_cannot_be_had_is_refused_with_the_usual_errno),
        cmocka_unit_test(what_was_freed_last_is_taken_first_without_a_slow_path),
        cmocka_unit_test(bins_that_fall_full_give_back),
        cmocka_unit_test(any_block_may_be_freed_with_a_handle),
        cmocka_unit_test(a_handle_of_another_thread_is_refused),
        cmocka_unit_test(a_handle_of_an_ended_heap_is_refused),
        cmocka_unit_test(a_handle_of_an_ended_thread_is_refused),
        cmocka_unit_test(a_handle_that_was_kept_is_refused_in_the_next_thread),
        cmocka_unit_test(an_ended_heap_gives_no_handle),
    };
    return RUN_TESTS(tests);
}
