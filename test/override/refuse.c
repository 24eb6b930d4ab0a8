// Filters of system calls. See refuse.h.
//
// The filter does not look at the architecture: all calls are the process's own.

#define _GNU_SOURCE
#include "refuse.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// 32-bit processors map by pages; newer ones have only the call that names a folder.
#ifdef SYS_mmap2
#define CALL_MAP SYS_mmap2
#else
#define CALL_MAP SYS_mmap
#endif
#ifdef SYS_open
#define CALL_OPEN SYS_open
#else
#define CALL_OPEN SYS_openat
#endif

#ifdef SYS_mseal
#define CALL_SEAL SYS_mseal
#else
#define CALL_SEAL 462
#endif

#define CALLS_ADVICE SYS_madvise, SYS_mbind
#define CALLS_RESIZING SYS_mremap
#define CALLS_PROTECTION SYS_mprotect
#define CALLS_QUESTIONS \
    SYS_mincore, SYS_membarrier, SYS_getrandom, SYS_getrusage, SYS_get_mempolicy, SYS_tgkill
#define CALLS_FILES CALL_OPEN, SYS_openat, SYS_readlinkat

// Files are those of /proc and /sys above all: without them nothing is to be learnt there.
static const struct refusal refusals[] = {
    {"advice", EPERM, {CALLS_ADVICE, -1}},
    {"unknown-advice", EINVAL, {SYS_madvise, -1}},
    {"resizing", EPERM, {CALLS_RESIZING, -1}},
    {"protection", EPERM, {CALLS_PROTECTION, -1}},
    {"sealing", ENOSYS, {CALL_SEAL, -1}},
    {"questions", EPERM, {CALLS_QUESTIONS, -1}},
    {"files", EACCES, {CALLS_FILES, -1}},
    {"all-but-mappings",
     EPERM,
     {CALLS_ADVICE, CALLS_RESIZING, CALLS_QUESTIONS, CALLS_FILES, CALLS_PROTECTION, -1}},
    {"mappings", ENOMEM, {CALL_MAP, SYS_mremap, SYS_brk, -1}},
    {"unmapping", EPERM, {SYS_munmap, -1}},
    {"writing", EPERM, {SYS_write, SYS_writev, -1}},
};

const struct refusal *refusal_find(const char *name) {
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (strcmp(name, refusals[i].name) == 0) {
            return &refusals[i];
        }
    }
    return NULL;
}

bool refusal_begin(const struct refusal *refusal) {
    struct sock_filter code[2 * REFUSE_MAX + 2] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    unsigned short length = 1;
    for (size_t i = 0; refusal->calls[i] >= 0; i++) {
        unsigned call = (unsigned)refusal->calls[i];
        unsigned answer = SECCOMP_RET_ERRNO | (unsigned)refusal->error;
        code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1);
        code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer);
    }
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog filter = {length, code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

bool refusal_holds(const struct refusal *refusal) {
    for (size_t i = 0; refusal->calls[i] >= 0; i++) {
        errno = 0;
        if (syscall(refusal->calls[i], 0L, 0L, 0L, 0L, 0L, 0L) != -1 || errno != refusal->error) {
            return false;
        }
    }
    return true;
}
