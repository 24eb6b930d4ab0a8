// Single pages that nobody may touch, on Linux: since 6.13 by a mark in the page table, before that
// by mappings of their own.

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
