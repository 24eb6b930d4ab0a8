// Memory, clock, identity and sleeping on Linux. What all Unixes share is in
// os_posix.c.

#define _GNU_SOURCE

#include <errno.h>
#include <linux/futex.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/bits.h"
#include "platform/os.h"
#include "platform/tally.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum {
    MAP_OURS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
    MAP_OF_1_GIB = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 30 << 26,  // MAP_HUGE_SHIFT
    NODES_MAX = 1024,  // the most a kernel is built for; it refuses to fill less
    NODES_WORDS = NODES_MAX / (8 * (int)sizeof(unsigned long)),
};

size_t ash_os_page_bytes(void) {
    return (size_t)getauxval(AT_PAGESZ);
}

// mmap(2) for private memory, with its error instead of errno: 0 on success.
static int map_ours(void *hint, size_t bytes, int flags, void **got) {
    int saved_errno = errno;
    *got = mmap(hint, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    int error = *got == MAP_FAILED ? errno : 0;
    errno = saved_errno;
    return error;
}

static void unmap_ours(void *start, size_t bytes) {
    // ENOMEM: the hole would need one mapping more than the system allows. The
    // addresses stay ours and unused; the memory itself goes back.
    int saved_errno = errno;
    if (munmap(start, bytes) != 0) {
        ash_check(errno == ENOMEM, ASH_E_UNMAP);
        (void)madvise(start, bytes, MADV_DONTNEED);
    }
    errno = saved_errno;
}

static enum ash_os_claim claim_as(void *start, size_t bytes, int flags) {
    void *got;
    int error = map_ours(start, bytes, flags | MAP_FIXED_NOREPLACE, &got);
    if (error == 0 && got != start) {  // a kernel before 4.17 takes the address as a hint
        unmap_ours(got, bytes);
        return ASH_OS_TAKEN;
    }
    if (error == 0) {
        ash_tally_mapped(bytes);
    }
    if (error == EEXIST || error == EPERM || error == EINVAL) {
        return ASH_OS_TAKEN;
    }
    return error == 0 ? ASH_OS_CLAIMED : ASH_OS_NO_MEMORY;
}

enum ash_os_claim ash_os_claim(void *start, size_t bytes) {
    return claim_as(start, bytes, MAP_OURS);
}

// Reserved, because such a page that turns out to be missing would end the process with a signal.
enum ash_os_claim ash_os_claim_huge(void *start, size_t bytes) {
    return claim_as(start, bytes, MAP_OF_1_GIB);
}

bool ash_os_commit(void *start, size_t bytes) {
    int saved_errno = errno;
    bool committed = mprotect(start, bytes, PROT_READ | PROT_WRITE) == 0;
    errno = saved_errno;
    return committed;
}

// A new mapping in its place: an mprotect would keep the pages.
bool ash_os_close(void *start, size_t bytes) {
    int saved_errno = errno;
    void *got = mmap(start, bytes, PROT_NONE, MAP_OURS | MAP_FIXED, -1, 0);
    errno = saved_errno;
    return got == start;
}

// Kernels before 5.14 do not know the advice. To add nothing to each page's first word brings the
// page in, whoever else writes to it meanwhile.
bool ash_os_populate(void *start, size_t bytes) {
    int saved_errno = errno;
    int result;
    do {
        result = madvise(start, bytes, MADV_POPULATE_WRITE);
    } while (result != 0 && (errno == EINTR || errno == EAGAIN));
    bool unknown = result != 0 && errno == EINVAL;
    errno = saved_errno;
    for (size_t at = 0; unknown && at < bytes; at += ash_os_page_bytes()) {
        _Atomic uint32_t *word = (_Atomic uint32_t *)(void *)((char *)start + at);
        atomic_fetch_add_explicit(word, 0, memory_order_relaxed);
    }
    return result == 0 || unknown;
}

// mbind(2) and get_mempolicy(2) have no wrappers in the C library. The kernel counts the bits of
// a mask from 1 when it is told how many to read.
bool ash_os_prefer_node(void *start, size_t bytes, unsigned node) {
    unsigned long mask[NODES_WORDS] = {0};
    unsigned bits = 8 * sizeof mask[0];
    mask[node / bits] = 1ul << node % bits;
    int saved_errno = errno;
    bool preferred =
        syscall(SYS_mbind, start, bytes, MPOL_PREFERRED, mask, (unsigned long)NODES_MAX, 0) == 0;
    errno = saved_errno;
    return preferred;
}

uint64_t ash_os_nodes(void) {
    unsigned long mask[NODES_WORDS] = {0};
    int saved_errno = errno;
    bool told = syscall(SYS_get_mempolicy, NULL, mask, (unsigned long)NODES_MAX, NULL,
                        MPOL_F_MEMS_ALLOWED) == 0;
    errno = saved_errno;
    uint64_t nodes = mask[0];
    for (unsigned i = 1; i < 8 / sizeof mask[0]; i++) {
        nodes |= (uint64_t)mask[i] << 8 * sizeof mask[0] * i;
    }
    return told && nodes != 0 ? nodes : 1;
}

// Maps `align` more than asked for, and cuts off what lies outside.
static void *map_trimmed(size_t bytes, size_t align) {
    size_t whole;
    if (ash_add_overflows(bytes, align, &whole)) {
        return NULL;
    }
    void *got;
    if (map_ours(NULL, whole, MAP_OURS, &got) != 0) {
        return NULL;
    }
    char *start = got;
    size_t before = ash_round_up((uintptr_t)start, align) - (uintptr_t)start;
    if (before > 0) {
        unmap_ours(start, before);
    }
    if (before < align) {
        unmap_ours(start + before + bytes, align - before);
    }
    return start + before;
}

static void *map_aligned(size_t bytes, size_t align) {
    void *got;
    if (map_ours(NULL, bytes, MAP_OURS, &got) != 0) {
        return NULL;
    }
    if (((uintptr_t)got & (align - 1)) == 0) {
        return got;
    }
    unmap_ours(got, bytes);
    return map_trimmed(bytes, align);
}

void *ash_os_map(size_t bytes, size_t align) {
    void *got = map_aligned(bytes, align);
    if (got != NULL) {
        ash_tally_mapped(bytes);
    }
    return got;
}

void ash_os_unmap(void *start, size_t bytes) {
    unmap_ours(start, bytes);
    ash_tally_unmapped(bytes);
}

// To shrink is to unmap the tail: mremap does the same, but qemu's unmaps what comes after
// it on 32-bit systems.
static void *remap_ours(void *start, size_t old_bytes, size_t new_bytes, bool may_move) {
    int saved_errno = errno;
    if (new_bytes < old_bytes) {
        bool cut = munmap((char *)start + new_bytes, old_bytes - new_bytes) == 0;
        errno = saved_errno;
        return cut ? start : NULL;
    }
    void *got = mremap(start, old_bytes, new_bytes, may_move ? MREMAP_MAYMOVE : 0);
    errno = saved_errno;
    return got == MAP_FAILED ? NULL : got;
}

void *ash_os_remap(void *start, size_t old_bytes, size_t new_bytes, bool may_move) {
    void *got = remap_ours(start, old_bytes, new_bytes, may_move);
    if (got != NULL) {
        ash_tally_remapped(old_bytes, new_bytes);
    }
    return got;
}

bool ash_os_purge(void *start, size_t bytes) {
    int saved_errno = errno;
    bool purged = madvise(start, bytes, MADV_DONTNEED) == 0;
    errno = saved_errno;
    if (purged) {
        ash_tally_purged(bytes);
    }
    return purged;
}

int ash_os_processor(void) {
    int saved_errno = errno;
    int processor = sched_getcpu();
    errno = saved_errno;
    return processor;
}

void ash_os_advise_huge(void *start, size_t bytes, bool wanted) {
    int saved_errno = errno;
    (void)madvise(start, bytes, wanted ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    errno = saved_errno;
}

size_t ash_os_resident_pages(const void *start, size_t bytes) {
    unsigned char pages[512];
    size_t count = bytes / ash_os_page_bytes();
    union {
        const void *in;
        void *out;
    } range = {start};
    int saved_errno = errno;
    bool told = count <= sizeof pages && mincore(range.out, bytes, pages) == 0;
    errno = saved_errno;
    if (!told) {
        return 0;
    }
    size_t resident = 0;
    for (size_t i = 0; i < count; i++) {
        resident += pages[i] & 1u;
    }
    return resident;
}

uint64_t ash_os_clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint32_t ash_os_thread_id(void) {
    return (uint32_t)syscall(SYS_gettid);
}

uint32_t ash_os_process_id(void) {
    return (uint32_t)getpid();
}

// A process other than ours: a child of vfork, whose thread it is as well.
bool ash_os_thread_lives(uint32_t thread, uint32_t process) {
    int saved_errno = errno;
    bool gone = syscall(SYS_tgkill, process, thread, 0) != 0 && errno == ESRCH;
    errno = saved_errno;
    return !gone;
}

bool ash_os_is_privileged(void) {
    return getauxval(AT_SECURE) != 0;
}

// Not the bytes the kernel leaves at AT_RANDOM: glibc's stack protector lives on
// them, and addresses get about.
uint64_t ash_os_random(void) {
    uint64_t bits = 0;
    int saved_errno = errno;
    if (syscall(SYS_getrandom, &bits, sizeof bits, GRND_NONBLOCK) != (long)sizeof bits) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        bits = ((uint64_t)now.tv_nsec << 20 ^ (uint64_t)getpid()) * 0x9e3779b97f4a7c15u >> 16;
    }
    errno = saved_errno;
    return bits;
}

void ash_os_wait(_Atomic uint32_t *word, uint32_t value) {
    int saved_errno = errno;
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
    errno = saved_errno;
}

void ash_os_wake(_Atomic uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
