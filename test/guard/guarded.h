// Whether a block is guarded, at any tier: its page lies between inaccessible ones.

#ifndef ASHLAR_TEST_GUARDED_H
#define ASHLAR_TEST_GUARDED_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

// The kernel tells without a signal: a path that cannot be read is no path.
static bool guarded_is_closed(uintptr_t at) {
    return access((const char *)at, F_OK) != 0 && errno == EFAULT;
}

static bool guarded_is(const void *block) {
    uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t page = (uintptr_t)block & ~(page_bytes - 1);
    return guarded_is_closed(page - 1) && guarded_is_closed(page + page_bytes);
}

#endif
