// Pages that nobody may touch, on Linux: since 6.13 by a mark in the page table, before that by
// mappings of their own. And those that nobody may write to, or unmap, which is mseal(2)
// since 6.10.

#define _GNU_SOURCE

#include <errno.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/os.h"

// From asm-generic/mman-common.h, which older headers lack.
enum {
    PAGES_GUARD = 102,   // MADV_GUARD_INSTALL
    PAGES_REMOVE = 103,  // MADV_GUARD_REMOVE
};

// Other systems with 32 bits have the number for nothing: the call is for 64 bits alone.
#if defined(SYS_mseal)
#define PAGES_SEAL SYS_mseal
#elif defined(__alpha__)
#define PAGES_SEAL 572
#elif defined(__mips__)
#define PAGES_SEAL (__NR_Linux + 462)
#else
#define PAGES_SEAL 462
#endif

static bool pages_advise(void *start, size_t bytes, int advice) {
    int saved_errno = errno;
    bool done = madvise(start, bytes, advice) == 0;
    errno = saved_errno;
    return done;
}

// The kernel is asked to write there, which it refuses without a signal.
static bool pages_are_shut(void *page) {
    int saved_errno = errno;
    bool shut = syscall(SYS_getrandom, page, 1, GRND_NONBLOCK) == -1 && errno == EFAULT;
    errno = saved_errno;
    return shut;
}

// Emulators take any advice for done, so it is tried.
bool ash_os_check_guards(void) {
    size_t page = ash_os_page_bytes();
    void *tried = ash_os_map(page, page);
    if (tried == NULL) {
        return false;
    }
    bool works = pages_advise(tried, page, PAGES_GUARD) && pages_are_shut(tried) &&
                 pages_advise(tried, page, PAGES_REMOVE) && !pages_are_shut(tried);
    ash_os_unmap(tried, page);
    return works;
}

bool ash_os_guard(void *start, size_t bytes, bool marked) {
    if (marked) {
        return pages_advise(start, bytes, PAGES_GUARD);
    }
    int saved_errno = errno;
    bool shut = mprotect(start, bytes, PROT_NONE) == 0;
    errno = saved_errno;
    return shut;
}

bool ash_os_unguard(void *start, size_t bytes, bool marked) {
    return marked ? pages_advise(start, bytes, PAGES_REMOVE) : ash_os_commit(start, bytes);
}

bool ash_os_freeze(void *start, size_t bytes) {
    int saved_errno = errno;
    bool frozen = mprotect(start, bytes, PROT_READ) == 0;
    errno = saved_errno;
    return frozen;
}

bool ash_os_seal(void *start, size_t bytes) {
    int saved_errno = errno;
    bool sealed = sizeof(void *) > 4 && syscall(PAGES_SEAL, start, bytes, 0ul) == 0;
    errno = saved_errno;
    return sealed;
}
