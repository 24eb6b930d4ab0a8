// A scripted operating system for tests. os_fake.c answers all of src/platform/os.h, with real
// memory underneath; the functions here say how it answers, and what it was asked.
//
// It also holds the core to the contract: a call with a range that is not whole pages, or not the
// core's own, ends the process with a line that begins with "os_fake:".

#ifndef ASHLAR_TEST_OS_FAKE_H
#define ASHLAR_TEST_OS_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Calls that may fail.
enum os_fake_kind {
    OS_FAKE_CLAIM,
    OS_FAKE_MAP,
    OS_FAKE_REMAP,
    OS_FAKE_PURGE,
    OS_FAKE_HOOK,    // ash_os_on_thread_exit
    OS_FAKE_THREAD,  // ash_os_start_thread
    OS_FAKE_HUGE,    // ash_os_claim_huge
    OS_FAKE_COMMIT,
    OS_FAKE_POPULATE,
    OS_FAKE_PREFER,  // ash_os_prefer_node
    OS_FAKE_GUARD,   // ash_os_guard by marks
    OS_FAKE_SHUT,    // ash_os_guard by mappings
    OS_FAKE_OPEN,    // ash_os_unguard
    OS_FAKE_FREEZE,
    OS_FAKE_SEAL,
    OS_FAKE_KINDS,
};

enum { OS_FAKE_ANY = (1 << OS_FAKE_KINDS) - 1 };

enum { OS_FAKE_NODES = 4 };

struct os_fake_tally {
    uint64_t calls[OS_FAKE_KINDS];
    uint64_t unmap_calls;
    uint64_t failures;                        // scripted ones, so far
    size_t mapped_bytes;                      // by ash_os_map, now
    size_t claimed_bytes;                     // by ash_os_claim, now
    size_t purged_bytes;                      // since the start
    size_t advised_bytes;                     // for huge pages, since the start
    size_t last_claim;                        // bytes of the last claim, granted or not
    size_t huge_bytes;                        // claimed in pages of 1 GiB, since the start
    size_t populated_bytes, committed_bytes;  // since the start
    size_t preferred_bytes[OS_FAKE_NODES];    // by node, since the start
    size_t guarded_bytes;                     // by ash_os_guard, now
    size_t frozen_bytes, sealed_bytes;        // of sealed ones: mapped here, since the start
};

struct os_fake_tally os_fake_tally(void);

// All failable calls so far.
uint64_t os_fake_calls(void);

// What fails -------------------------------------------------------------------------
//
// `kinds` is a set of bits 1 << kind. Calls are counted from here on, the next one is 1. Each of
// these replaces the one before.

void os_fake_fail_once(unsigned kinds, uint64_t nth);
void os_fake_fail_every(unsigned kinds, uint64_t nth);
void os_fake_fail_from(unsigned kinds, uint64_t nth);
void os_fake_fail_until(unsigned kinds, uint64_t nth);  // the n-th succeeds again
void os_fake_fail_never(void);

// Claims and maps of more than `bytes` fail, whatever else is scripted; 0 for no such limit.
void os_fake_fail_above(size_t bytes);

// Somebody's mapping: claims that touch the range find it TAKEN. At most 16 ranges.
void os_fake_occupy(const void *start, size_t bytes);

// How the system looks ---------------------------------------------------------------

// 4 KiB at first. At least the real page size; set it before the first call.
void os_fake_set_page_bytes(size_t bytes);

// The clock stands still except for these.
void os_fake_set_clock_ms(uint64_t now_ms);
void os_fake_pass_ms(uint64_t ms);

// Places ash_os_map's mappings below `top`, as a system with small addresses does.
void os_fake_set_map_top(uintptr_t top);

// Makes every growing remap move that may.
void os_fake_set_remap_moves(bool moves);

// What is handed to ashlar, which may commit and purge it.
void os_fake_hand_in(const void *start, size_t bytes);

// Whether there are marks that keep everybody out of pages; not at first.
void os_fake_set_guards(bool can);

// Whether mappings can be sealed; at first they can.
void os_fake_set_seals(bool can);

// A bit for each NUMA node; one node at first. At most OS_FAKE_NODES.
void os_fake_set_nodes(uint64_t nodes);

// How long each ash_os_populate takes, by the clock that else stands still.
void os_fake_set_populate_ms(uint64_t ms);

// What ash_os_resident_pages says; SIZE_MAX for "all of them".
void os_fake_set_resident_pages(size_t pages);

// The processor that all threads run on from now on.
void os_fake_set_processor(int processor);

// An environment of its own, empty at first; NULL removes. At most 16 variables.
void os_fake_set_env(const char *name, const char *value);
void os_fake_set_privileged(bool privileged);

// What the kernel counts.
extern struct ash_os_usage os_fake_usage;

// What other threads do while one waits for a barrier: called with how many there were before.
extern void (*os_fake_at_barrier)(unsigned count);

// The calling thread's id; 0: the real one again. The first thread's is the process's.
// With an id of its own its exit hook runs when os_fake_end_thread says so, once.
void os_fake_set_thread(uint32_t id);
void os_fake_end_thread(void);

// What ash_os_start_thread was last asked to run, or NULL. It is not run.
void (*os_fake_started(void))(void);

// How often somebody has slept.
uint64_t os_fake_sleeps(void);

// Thread `id` has vanished: its hook never runs.
void os_fake_kill_thread(uint32_t id);

// The process's id; 0: the real one.
void os_fake_set_process(uint32_t id);

// The hooks that ash_os_on_fork was given. A real fork does not run them.
void os_fake_fork_prepare(void);
void os_fake_fork_parent(void);
void os_fake_fork_child(void);
bool os_fake_may_fork_alone(void);
void os_fake_fork_alone_child(void);

// What was written to standard error since the last call of os_fake_forget_text. While it is
// quiet nothing arrives there.
const char *os_fake_text(void);
void os_fake_forget_text(void);
void os_fake_set_quiet(bool quiet);

#endif
