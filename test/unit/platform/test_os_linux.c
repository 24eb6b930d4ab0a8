// The real system's memory, clock and sleep, against the contract in platform/os.h.

#define _GNU_SOURCE

#include <errno.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"
#include "platform/os.h"
#include "platform/tally.h"
#include "support.h"

static bool all_bytes(const unsigned char *start, size_t bytes, unsigned char value) {
    for (size_t i = 0; i < bytes; i++) {
        if (start[i] != value) {
            return false;
        }
    }
    return true;
}

CLAIM(the_page_size_is_the_systems) {
    expect_equal(ash_os_page_bytes(), sysconf(_SC_PAGESIZE));
    expect(ash_is_power_of_two(ash_os_page_bytes()));
}

CLAIM(a_mapping_is_aligned_and_zero) {
    size_t page = ash_os_page_bytes();
    for (size_t align = page; align <= (size_t)16 << 20; align *= 4) {
        unsigned char *start = ash_os_map(3 * page, align);
        expect(start != NULL);
        expect_equal((uintptr_t)start % align, 0);
        expect(all_bytes(start, 3 * page, 0));
        memset(start, 1, 3 * page);
        ash_os_unmap(start, 3 * page);
    }
}

CLAIM(a_range_is_claimed_once) {
    size_t page = ash_os_page_bytes();
    unsigned char *start = ash_os_map(4 * page, page);
    expect(start != NULL);
    expect(ash_os_claim(start, page) == ASH_OS_TAKEN);
    ash_os_unmap(start + page, 2 * page);
    expect(ash_os_claim(start, 2 * page) == ASH_OS_TAKEN);
    expect(ash_os_claim(start + page, 2 * page) == ASH_OS_CLAIMED);
    expect(all_bytes(start + page, 2 * page, 0));
    memset(start + page, 2, 2 * page);
    expect(ash_os_claim(start + page, page) == ASH_OS_TAKEN);
    ash_os_unmap(start, 4 * page);
}

// qemu agrees to any advice, and does nothing about those it does not know.
static bool advice_is_looked_at(void *start) {
    int unknown = 9999;
    return madvise(start, ash_os_page_bytes(), unknown) != 0;
}

CLAIM(a_range_is_made_accessible_and_brought_in) {
    size_t bytes = 8 * ash_os_page_bytes();
    unsigned char *start = ash_os_map(bytes, ash_os_page_bytes());
    expect(start != NULL);
    expect(ash_os_populate(start, bytes));
    expect(ash_os_resident_pages(start, bytes) == 8 || !advice_is_looked_at(start));
    expect(all_bytes(start, bytes, 0));
    start[1] = 1;
    expect(mprotect(start, bytes, PROT_NONE) == 0 && ash_os_commit(start, bytes));
    expect_equal(start[1], 1);
    start[2] = 1;
    ash_os_unmap(start, bytes);
    expect(!ash_os_commit(start + 1, bytes));
}

CLAIM(memory_comes_from_the_node_that_was_named) {
    size_t page = ash_os_page_bytes();
    unsigned char *start = ash_os_map(page, page);
    uint64_t nodes = ash_os_nodes();
    expect(nodes != 0);
    unsigned node = (unsigned)ash_ctz64(nodes);
    int mode = 0;
    unsigned long mask[32] = {0};
    bool asked = syscall(SYS_get_mempolicy, &mode, mask, 1024ul, start, MPOL_F_ADDR) == 0;
    if (asked && ash_os_prefer_node(start, page, node)) {  // else the kernel knows no nodes
        expect(syscall(SYS_get_mempolicy, &mode, mask, 1024ul, start, MPOL_F_ADDR) == 0);
        expect_equal(mode, MPOL_PREFERRED);
        expect_equal(mask[0], 1ul << node);
        expect(!ash_os_prefer_node(start, page, 63));
    }
    *start = 1;
    ash_os_unmap(start, page);
}

// Elsewhere the system refuses both.
CLAIM(memory_has_tags_where_the_processor_has) {
    size_t page = ash_os_page_bytes();
    unsigned char *start = ash_os_map(page, page);
    errno = 77;
    bool has = ash_os_check_tags();
    expect(ash_os_tag(start, page) == has);
    *start = 1;
    ash_os_unmap(start, page);
    expect(!ash_os_tag(start, page));
    expect_equal(errno, 77);
}

// There may be pages of 1 GiB, or none.
CLAIM(pages_of_1_gib_are_claimed_exactly_or_not_at_all) {
    size_t page = (size_t)1 << 30;
    unsigned char *start = ash_os_map(page, page);
    if (start == NULL) {
        return;
    }
    expect(ash_os_claim_huge(start, page) != ASH_OS_CLAIMED);  // it is taken
    ash_os_unmap(start, page);
    if (ash_os_claim_huge(start, page) == ASH_OS_CLAIMED) {
        *start = 1;
        expect(ash_os_claim(start, page) == ASH_OS_TAKEN);
    } else {
        expect(ash_os_claim(start, page) == ASH_OS_CLAIMED);  // nothing is left there
    }
    ash_os_unmap(start, page);
}

CLAIM(what_the_system_has_not_is_refused) {
    size_t page = ash_os_page_bytes();
    expect(ash_os_map(ash_round_down(SIZE_MAX, page), page) == NULL);
    expect(ash_os_map(ash_round_down(SIZE_MAX, page), 16 * page) == NULL);
    unsigned char *start = ash_os_map(page, page);
    expect(start != NULL);
    start[0] = 7;
    expect(ash_os_remap(start, page, ash_round_down(SIZE_MAX, page), true) == NULL);
    expect_equal(start[0], 7);
}

CLAIM(errno_is_kept_whatever_happens) {
    size_t page = ash_os_page_bytes();
    errno = 77;
    char *start = ash_os_map(page, page);
    expect(ash_os_claim(start, page) == ASH_OS_TAKEN);
    expect(ash_os_map(ash_round_down(SIZE_MAX, page), page) == NULL);
    expect(ash_os_remap(start, page, ash_round_down(SIZE_MAX, page), true) == NULL);
    ash_os_unmap(start, page);
    (void)ash_os_purge(start, page);  // not ours any more: refused, but not by an emulator
    ash_os_advise_huge(start, page, true);
    (void)ash_os_resident_pages(start, page);
    _Atomic uint32_t word = 0;
    ash_os_wait(&word, 1);
    ash_os_wake(&word);
    expect_equal(errno, 77);
}

CLAIM(a_resized_mapping_keeps_its_contents) {
    size_t page = ash_os_page_bytes();
    unsigned char *start = ash_os_map(2 * page, page);
    expect(start != NULL);
    memset(start, 5, 2 * page);
    start = ash_os_remap(start, 2 * page, 64 * page, true);
    expect(start != NULL);
    expect(all_bytes(start, 2 * page, 5));
    expect(all_bytes(start + 2 * page, 62 * page, 0));
    expect(ash_os_remap(start, 64 * page, page, false) == start);
    expect(all_bytes(start, page, 5));
    expect(ash_os_claim(start + page, page) == ASH_OS_CLAIMED);
    expect(ash_os_remap(start, page, 2 * page, false) == NULL);
}

CLAIM(purged_pages_read_as_zero) {
    size_t page = ash_os_page_bytes();
    unsigned char *start = ash_os_map(4 * page, page);
    expect(start != NULL);
    memset(start, 9, 4 * page);
    expect(ash_os_purge(start + page, 2 * page));
    expect(all_bytes(start, page, 9));
    expect(all_bytes(start + page, 2 * page, 0));
    expect(all_bytes(start + 3 * page, page, 9));
}

CLAIM(resident_pages_are_those_that_were_touched) {
    size_t page = ash_os_page_bytes();
    size_t count = ((size_t)2 << 20) / page;
    unsigned char *start = ash_os_map(count * page, page);
    expect(start != NULL);
    ash_os_advise_huge(start, count * page, false);
    expect_equal(ash_os_resident_pages(start, count * page), 0);
    for (size_t i = 0; i < count / 2; i++) {
        start[i * page] = 1;
    }
    expect_equal(ash_os_resident_pages(start, count * page), count / 2);
    ash_os_advise_huge(start, count * page, true);
    ash_os_unmap(start, count * page);
    expect_equal(ash_os_resident_pages(start, count * page), 0);
}

CLAIM(the_clock_advances) {
    uint64_t before = ash_os_clock_ms();
    nanosleep(&(struct timespec){0, 60 * 1000 * 1000}, NULL);
    uint64_t after = ash_os_clock_ms();
    expect(after >= before + 30);
    expect(after < before + 60000);
}

static void *tell_identity(void *ids) {
    uint32_t *out = ids;
    out[0] = ash_os_thread_id();
    out[1] = ash_os_process_id();
    return NULL;
}

CLAIM(threads_have_ids_of_their_own) {
    uint32_t mine[2], others[2];
    (void)tell_identity(mine);
    pthread_t thread;
    expect(pthread_create(&thread, NULL, tell_identity, others) == 0);
    pthread_join(thread, NULL);
    expect(mine[0] != 0 && others[0] != 0 && mine[0] != others[0]);
    expect_equal(mine[1], getpid());
    expect_equal(others[1], getpid());
    expect_equal(mine[0], mine[1]);  // the first thread
    expect(others[0] != others[1]);
}

CLAIM(this_process_has_no_foreign_rights) {
    expect(!ash_os_is_privileged());
    expect(ash_os_random() != 0);
}

static _Atomic uint32_t gate;

static void *wait_at_gate(void *unused) {
    while (atomic_load(&gate) == 1) {
        ash_os_wait(&gate, 1);
    }
    return unused;
}

CLAIM(a_sleeper_is_woken) {
    ash_os_wait(&gate, 1);  // the word is 0: returns at once
    atomic_store(&gate, 1);
    pthread_t thread;
    expect(pthread_create(&thread, NULL, wait_at_gate, NULL) == 0);
    nanosleep(&(struct timespec){0, 20 * 1000 * 1000}, NULL);
    atomic_store(&gate, 0);
    ash_os_wake(&gate);
    expect(pthread_join(thread, NULL) == 0);
}

CLAIM(a_barrier_returns_and_keeps_errno) {
    errno = 77;
    for (int i = 0; i < 3; i++) {
        ash_os_barrier();
    }
    expect_equal(errno, 77);
}

// Every store of one thread before a barrier is seen by the other after it: Dekker, with a barrier
// on one side alone.
static _Atomic int dekker_mine, dekker_other;
static int dekker_missed;
static pthread_barrier_t dekker_start;

static void *dekker_run(void *argument) {
    int *saw = argument;
    pthread_barrier_wait(&dekker_start);
    atomic_store_explicit(&dekker_other, 1, memory_order_relaxed);
    *saw = atomic_load_explicit(&dekker_mine, memory_order_relaxed);
    return NULL;
}

CLAIM(a_barrier_reaches_threads_that_have_none) {
    expect(pthread_barrier_init(&dekker_start, NULL, 2) == 0);
    for (int i = 0; i < 300; i++) {
        int saw = 0;
        pthread_t thread;
        atomic_store(&dekker_mine, 0);
        atomic_store(&dekker_other, 0);
        expect(pthread_create(&thread, NULL, dekker_run, &saw) == 0);
        pthread_barrier_wait(&dekker_start);
        atomic_store_explicit(&dekker_mine, 1, memory_order_relaxed);
        ash_os_barrier();
        int other = atomic_load_explicit(&dekker_other, memory_order_relaxed);
        pthread_join(thread, NULL);
        dekker_missed += saw == 0 && other == 0;
    }
    expect_equal(dekker_missed, 0);
}

CLAIM(the_kernel_says_what_the_process_uses) {
    size_t bytes = (size_t)64 << 20;
    struct ash_os_usage before, after;
    ash_os_usage(&before);
    char *start = ash_os_map(bytes, ash_os_page_bytes());
    memset(start, 1, bytes);
    errno = 78;
    ash_os_usage(&after);
    expect_equal(errno, 78);
    expect(before.resident_bytes > 0 && after.resident_bytes >= before.resident_bytes + bytes / 2);
    expect(after.resident_peak_bytes >= after.resident_bytes);
    expect(after.minor_faults > before.minor_faults);
    expect(after.elapsed_ms >= before.elapsed_ms && after.elapsed_ms < 600000);
    expect(after.user_ms + after.system_ms >= before.user_ms + before.system_ms);
    ash_os_unmap(start, bytes);
}

// The kernel is asked to write there, and says whether it can.
static bool is_shut(void *at) {
    return syscall(SYS_getrandom, at, 1, 0) == -1 && errno == EFAULT;
}

// What is not mapped cannot be changed, and errno is kept. An emulator of 32 bits has the whole
// address space mapped.
static void expect_refused(bool refused) {
    expect(refused || sizeof(void *) == 4);
    expect_equal(errno, 77);
}

// By marks where the kernel has them (6.13; emulators say they do, and are not believed), and by
// mappings everywhere.
CLAIM(pages_are_shut_and_opened) {
    size_t page = ash_os_page_bytes();
    unsigned char *start = ash_os_map(4 * page, page);
    bool has_marks = ash_os_check_guards();
    for (int marked = 0; marked <= has_marks; marked++) {
        memset(start, 9, 4 * page);
        expect(ash_os_guard(start + page, 2 * page, marked));
        expect(is_shut(start + page) && is_shut(start + 3 * page - 1));
        expect(!is_shut(start + page - 1) && !is_shut(start + 3 * page));
        expect(ash_os_purge(start, page) && ash_os_purge(start + 3 * page, page));
        expect(is_shut(start + page));
        expect(ash_os_unguard(start + page, 2 * page, marked));
        expect(!is_shut(start + page) && !is_shut(start + 3 * page - 1));
        expect_equal(start[2 * page], marked ? 0 : 9);
    }
    ash_os_unmap(start, 4 * page);
    errno = 77;
    expect_refused(!ash_os_guard(start, page, false) && !ash_os_unguard(start, page, false));
}

// Where the kernel seals (6.10) neither of these ends the process's use of the range.
CLAIM(frozen_pages_are_read_only_and_sealed_ones_stay) {
    size_t page = ash_os_page_bytes();
    unsigned char *start = ash_os_map(3 * page, page);
    memset(start, 9, 3 * page);
    expect(ash_os_freeze(start + page, page));
    expect(!is_shut(start + page - 1) && is_shut(start + page) && is_shut(start + 2 * page - 1) &&
           !is_shut(start + 2 * page));
    expect_equal(start[page], 9);
    errno = 77;
    if (ash_os_seal(start + page, 2 * page)) {
        expect(!ash_os_commit(start + page, page));
        expect(ash_os_remap(start + 2 * page, page, 2 * page, true) == NULL);
        expect(!ash_os_close(start + 2 * page, page));
        expect_equal(errno, 77);
        expect(is_shut(start + page) && munmap(start + 2 * page, page) == -1);
        expect(ash_os_purge(start + 2 * page, page) && start[2 * page] == 0);
        ash_os_unmap(start, page);
    } else {
        ash_os_unmap(start, 3 * page);
    }
    errno = 77;
    expect_refused(!ash_os_freeze(start, page) && !ash_os_seal(start, page));
}

CLAIM(mappings_are_tallied) {
    size_t page = ash_os_page_bytes();
    struct ash_tally before = ash_tally_read();
    char *start = ash_os_map(8 * page, 16 * page);
    expect_equal(ash_tally_read().mapped_bytes, before.mapped_bytes + 8 * page);
    start = ash_os_remap(start, 8 * page, 20 * page, true);
    expect_equal(ash_tally_read().mapped_bytes, before.mapped_bytes + 20 * page);
    expect(ash_os_purge(start, 4 * page));
    expect_equal(ash_tally_read().purged_bytes, before.purged_bytes + 4 * page);
    ash_os_unmap(start + 2 * page, page);
    expect(ash_os_claim(start, page) == ASH_OS_TAKEN);
    expect(ash_os_claim(start + 2 * page, page) == ASH_OS_CLAIMED);
    ash_os_unmap(start, 20 * page);
    struct ash_tally after = ash_tally_read();
    expect_equal(after.mapped_bytes, before.mapped_bytes);
    expect_equal(after.maps - before.maps, 2);
    expect_equal(after.unmaps - before.unmaps, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_size_is_the_systems),
        cmocka_unit_test(a_mapping_is_aligned_and_zero),
        cmocka_unit_test(a_range_is_claimed_once),
        cmocka_unit_test(a_range_is_made_accessible_and_brought_in),
        cmocka_unit_test(memory_comes_from_the_node_that_was_named),
        cmocka_unit_test(memory_has_tags_where_the_processor_has),
        cmocka_unit_test(pages_of_1_gib_are_claimed_exactly_or_not_at_all),
        cmocka_unit_test(what_the_system_has_not_is_refused),
        cmocka_unit_test(errno_is_kept_whatever_happens),
        cmocka_unit_test(a_resized_mapping_keeps_its_contents),
        cmocka_unit_test(purged_pages_read_as_zero),
        cmocka_unit_test(resident_pages_are_those_that_were_touched),
        cmocka_unit_test(the_clock_advances),
        cmocka_unit_test(threads_have_ids_of_their_own),
        cmocka_unit_test(this_process_has_no_foreign_rights),
        cmocka_unit_test(a_sleeper_is_woken),
        cmocka_unit_test(a_barrier_returns_and_keeps_errno),
        cmocka_unit_test(a_barrier_reaches_threads_that_have_none),
        cmocka_unit_test(the_kernel_says_what_the_process_uses),
        cmocka_unit_test(pages_are_shut_and_opened),
        cmocka_unit_test(frozen_pages_are_read_only_and_sealed_ones_stay),
        cmocka_unit_test(mappings_are_tallied),
    };
    return RUN_TESTS(tests);
}
