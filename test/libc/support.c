// The helpers of the case files. See cases.h.

#define _GNU_SOURCE
#include "cases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *volatile sink;

size_t veil(size_t value) {
    volatile size_t hidden = value;
    return hidden;
}

void *keep(void *block) {
    sink = block;
    return sink;
}

void mark_errno(void) {
    errno = ERRNO_MARK;
}

static const char *outcome_null(int error) {
    switch (error) {
    case ERRNO_MARK:
        return "NULL, errno kept";
    case ENOMEM:
        return "NULL, ENOMEM";
    case EINVAL:
        return "NULL, EINVAL";
    default:
        return "NULL, another errno";
    }
}

const char *outcome(void *block) {
    int error = errno;
    if (keep(block) == NULL) {
        return outcome_null(error);
    }
    free(block);
    return error == ERRNO_MARK ? "block, errno kept" : "block, errno changed";
}

const char *verdict(bool holds) {
    return holds ? "holds" : "fails";
}

void pattern_fill(void *block, size_t bytes, unsigned seed) {
    unsigned char *at = block;
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (unsigned char)(seed + i * 7 + (i >> 8));
    }
    keep(block);
}

bool pattern_kept(const void *block, size_t bytes, unsigned seed) {
    const unsigned char *at = block;
    for (size_t i = 0; i < bytes; i++) {
        if (at[i] != (unsigned char)(seed + i * 7 + (i >> 8))) {
            return false;
        }
    }
    return true;
}

bool all_zero(const void *block, size_t bytes) {
    const unsigned char *at = block;
    // Each byte equals the one before it and the first is 0.
    return bytes == 0 || (at[0] == 0 && memcmp(at, at + 1, bytes - 1) == 0);
}

bool is_aligned(const void *block, size_t align) {
    return (uintptr_t)block % align == 0;
}

size_t resident_bytes(void) {
    // read(2) into a local array, because stdio would allocate while it measures.
    char text[128] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t got = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (got <= 0) {
        abort();
    }
    char *end = NULL;
    strtoul(text, &end, 10);
    return (size_t)strtoul(end, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

unsigned next_random(unsigned *state) {
    unsigned x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *state = x;
    return x;
}
