// sealed [none|REFUSAL...]: at tier 3 what boot has decided cannot be written to, and where the
// kernel seals mappings nobody undoes that, or ends the mappings of the bookkeeping. All else is
// as ever, in children of fork, too. Also where the kernel refuses calls of the kinds that are
// named (test/override/refuse.c). With "none" first nothing is read-only.

#define _GNU_SOURCE

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ashlar/ashlar.h>
#include <ashlar/control.h>
#include <ashlar/options.h>

#include "base/sealed.h"
#include "refuse.h"
#include "supply/region.h"

static void need(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "does not hold: %s\n", what);
        exit(1);
    }
}

#define HOLDS(condition) need(condition, #condition)

// How a child ends that does so: its exit status, or minus its signal.
static int ends_by(void (*act)(void *), void *where) {
    pid_t child = fork();
    HOLDS(child >= 0);
    if (child == 0) {
        act(where);
        _exit(0);
    }
    int status;
    HOLDS(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// What is there, so that nothing happens if it can be written.
static void write_there(void *where) {
    volatile char *byte = where;
    *byte = *byte;
}

static bool each_part_is_read_only(void) {
    void *const parts[] = {&ash_sealed.classes[0],  &ash_sealed.classes[ASH_CLASS_COUNT - 1].cap,
                           &ash_sealed.hard.tier,   &ash_sealed.hard.secret,
                           &ash_sealed.fence.room,  &ash_sealed.detour,
                           &ash_sealed.fault_told,  &ash_sealed.realloc_reach,
                           &ash_sealed.keeps_tables};
    bool all = true, some = false;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        bool traps = ends_by(write_there, parts[i]) == -SIGSEGV;
        all &= traps;
        some |= traps;
    }
    HOLDS(all == some);
    return all;
}

static size_t page_bytes(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

static void *page_of(const void *where) {
    return (void *)((uintptr_t)where / page_bytes() * page_bytes());
}

// Each of these is what an attacker would do before he writes.
static void open_it(void *where) {
    _exit(mprotect(page_of(where), page_bytes(), PROT_READ | PROT_WRITE) == 0 ? 1 : errno);
}

static void replace_it(void *where) {
    void *got = mmap(page_of(where), page_bytes(), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    _exit(got != MAP_FAILED ? 1 : errno);
}

static void end_it(void *where) {
    _exit((int)syscall(SYS_munmap, page_of(where), page_bytes()) == 0 ? 1 : errno);
}

static void shut_it(void *where) {
    _exit(mprotect(page_of(where), page_bytes(), PROT_NONE) == 0 ? 1 : errno);
}

// Linux 6.10, in 64 bits.
static bool kernel_seals(void) {
    void *tried = mmap(NULL, page_bytes(), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return sizeof(void *) > 4 && syscall(462, tried, page_bytes(), 0ul) == 0;
}

static void nobody_opens_it_again(void) {
    HOLDS(ends_by(open_it, &ash_sealed) == EPERM);
    HOLDS(ends_by(replace_it, &ash_sealed) == EPERM);
    HOLDS(ends_by(end_it, &ash_sealed) == EPERM);
}

static void nobody_ends_bookkeeping(void) {
    void *const tables[] = {ash_region.records, ash_region.marks, ash_region.units,
                            ash_region.states};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        HOLDS(ends_by(end_it, tables[i]) == EPERM);
        HOLDS(ends_by(shut_it, tables[i]) == EPERM);
    }
}

static void allocate(void *unused) {
    (void)unused;
    enum { MANY = 300 };
    static char *blocks[MANY];
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = ash_calloc(1, i * i * 4 + 1);
        HOLDS(blocks[i] != NULL);
        memset(blocks[i], (int)i, i * i * 4 + 1);
        blocks[i] = ash_realloc(blocks[i], i * i * 5 + 1);
        HOLDS(blocks[i] != NULL);
    }
    for (size_t i = 0; i < MANY; i++) {
        ash_free(blocks[i]);
    }
    ash_free(ash_malloc((size_t)100 << 20));
    (void)ash_collect();
}

static void all_else_is_as_ever(void) {
    allocate(NULL);
    HOLDS(ends_by(allocate, NULL) == 0);
    HOLDS(ash_option_set(ASH_OPTION_PURGE_DELAY, 10) == 0);
    HOLDS(ash_option_get(ASH_OPTION_PURGE_DELAY) == 10);
    HOLDS(ash_option_set(ASH_OPTION_HARDEN, 0) == EPERM);
    ash_set_error_handler(NULL, NULL);
    ash_heap_t *heap = ash_heap_new();
    HOLDS(heap != NULL && ash_heap_malloc(heap, 100) != NULL);
    ash_heap_destroy(heap);
}

int main(int argc, char **argv) {
    bool none = argc > 1 && strcmp(argv[1], "none") == 0;
    bool seals = kernel_seals();
    for (int i = 1 + none; i < argc; i++) {
        const struct refusal *refusal = refusal_find(argv[i]);
        HOLDS(refusal != NULL && refusal_begin(refusal) && refusal_holds(refusal));
        seals &= strcmp(argv[i], "sealing") != 0;
    }
    all_else_is_as_ever();
    if (none) {
        HOLDS(!each_part_is_read_only());
    } else {
        HOLDS(each_part_is_read_only());
    }
    if (seals && !none) {
        nobody_opens_it_again();
        nobody_ends_bookkeeping();
    }
    all_else_is_as_ever();
    return 0;
}
