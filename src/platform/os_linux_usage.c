// What only Linux says about a running process: what it uses, and a barrier for all its threads.
// System calls are made by number, because the C library's open and read are cancellation points.

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "platform/os.h"

// From linux/membarrier.h, which kernels before 4.14 lack.
enum { USAGE_BARRIER = 1 << 3, USAGE_BARRIER_REGISTER = 1 << 4 };

#ifndef SYS_membarrier
#define SYS_membarrier (-1)
#endif

static bool usage_barrier(void) {
    return syscall(SYS_membarrier, USAGE_BARRIER, 0) == 0;
}

// Refused before the process has registered; a seccomp filter may refuse it for good. Then
// all threads have been interrupted, or their stores have drained, long before the sleep ends.
void ash_os_barrier(void) {
    int saved_errno = errno;
    if (!usage_barrier() &&
        (syscall(SYS_membarrier, USAGE_BARRIER_REGISTER, 0) != 0 || !usage_barrier())) {
        ash_os_sleep(1);
    }
    errno = saved_errno;
}

// Reads a small file of /proc. False if there is none.
static bool usage_read(const char *path, char *text, size_t room) {
    long file = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    long length = syscall(SYS_read, file, text, room - 1);
    (void)syscall(SYS_close, file);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

// The number after `skip` blanks, counted from the last ')' or from the start.
static uint64_t usage_field(const char *text, unsigned skip) {
    for (const char *p = text; *p != '\0'; p++) {
        text = *p == ')' ? p : text;
    }
    while (skip > 0 && *text != '\0') {
        skip -= *text++ == ' ' ? 1 : 0;
    }
    uint64_t value = 0;
    while (*text >= '0' && *text <= '9') {
        value = value * 10 + (uint64_t)(*text++ - '0');
    }
    return value;
}

// Since the process began: field 22 of its stat, in ticks since the machine was started. The
// second field is a name in brackets, after which 20 blanks come first.
static uint64_t usage_elapsed_ms(void) {
    char text[512];
    long ticks = sysconf(_SC_CLK_TCK);
    struct timespec now;
    if (ticks <= 0 || !usage_read("/proc/self/stat", text, sizeof text) ||
        clock_gettime(CLOCK_BOOTTIME, &now) != 0) {
        return 0;
    }
    uint64_t start_ms = usage_field(text, 20) * 1000 / (uint64_t)ticks;
    uint64_t now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    return now_ms > start_ms ? now_ms - start_ms : 0;
}

static uint64_t usage_ms(struct timeval time) {
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_usec / 1000;
}

void ash_os_usage(struct ash_os_usage *usage) {
    int saved_errno = errno;
    *usage = (struct ash_os_usage){.elapsed_ms = usage_elapsed_ms()};
    char text[128];
    if (usage_read("/proc/self/statm", text, sizeof text)) {
        usage->resident_bytes = (size_t)usage_field(text, 1) * ash_os_page_bytes();
    }
    struct rusage kernel;
    if (getrusage(RUSAGE_SELF, &kernel) == 0) {
        usage->user_ms = usage_ms(kernel.ru_utime);
        usage->system_ms = usage_ms(kernel.ru_stime);
        usage->resident_peak_bytes = (size_t)kernel.ru_maxrss * 1024;
        usage->minor_faults = (uint64_t)kernel.ru_minflt;
        usage->major_faults = (uint64_t)kernel.ru_majflt;
    }
    if (usage->resident_peak_bytes < usage->resident_bytes) {  // the kernel updates it lazily
        usage->resident_peak_bytes = usage->resident_bytes;
    }
    errno = saved_errno;
}
