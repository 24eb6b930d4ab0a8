// What ashlar asks of an operating system: the whole contract. One os_*.c file
// answers all of it; tests link a fake one that fails on request.
//
// Memory is asked for in whole pages: `start` and `bytes` are multiples of
// ash_os_page_bytes() and `bytes` is above 0. Fresh pages read as zero. Failure
// means that the system is out of memory (or of mappings); any other error is a
// fault of ours and ends the process. All of these keep errno: only the api floor
// sets it.

#ifndef ASH_PLATFORM_OS_H
#define ASH_PLATFORM_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ash_os_claim {
    ASH_OS_CLAIMED,  // the range is ours, readable and writable
    ASH_OS_TAKEN,    // something else lives in the range, or it cannot be used
    ASH_OS_NO_MEMORY,
};

// The page size of the running system, in bytes; a power of two.
size_t ash_os_page_bytes(void);

// Maps exactly [start, start + bytes), or nothing.
enum ash_os_claim ash_os_claim(void *start, size_t bytes);

// Maps `bytes` anywhere, aligned to `align` (a power of two, a page at least).
// NULL on failure.
void *ash_os_map(size_t bytes, size_t align);

// Ends a mapping, or a part of one.
void ash_os_unmap(void *start, size_t bytes);

// Resizes a mapping made by ash_os_map, moving it if it must and may. NULL on
// failure: the old one is then untouched.
void *ash_os_remap(void *start, size_t old_bytes, size_t new_bytes, bool may_move);

// Gives the pages back and keeps the range; it reads as zero afterwards. False
// if the system refused: the contents are then unchanged.
bool ash_os_purge(void *start, size_t bytes);

// Whether the system should use huge pages in the range. Advice: never fails.
void ash_os_advise_huge(void *start, size_t bytes, bool wanted);

// Maps [start, start + bytes) in pages of 1 GiB, of which both are multiples, or nothing. They come
// into memory when they are touched, or populated.
enum ash_os_claim ash_os_claim_huge(void *start, size_t bytes);

// Makes a range that exists already, but may be inaccessible, readable and writable. False
// if the system refused.
bool ash_os_commit(void *start, size_t bytes);

// Makes a range inaccessible and forgets what is in it; ash_os_commit makes it accessible again,
// all zero. False if the system refused: the range is then as it was.
bool ash_os_close(void *start, size_t bytes);

// Whether the system can keep everybody out of single pages by marks, which take no mapping.
bool ash_os_check_guards(void);

// Keeps everybody out of the pages until ash_os_unguard of the same range: by marks, which forget
// what was in them, if `marked`; else by mappings, of which the system has so many. False if the
// system refused: then nothing has happened.
bool ash_os_guard(void *start, size_t bytes, bool marked);
bool ash_os_unguard(void *start, size_t bytes, bool marked);

// Makes a range of variables readable alone, for good. False if the system refused.
bool ash_os_freeze(void *start, size_t bytes);

// What is mapped in the range, and who may read and write there, nobody can change any more, in
// this process and in its children, until they end: no mapping ends there, or moves, or is put in
// its place. What a purge of writable pages forgets it still does. False if the system cannot.
bool ash_os_seal(void *start, size_t bytes);

// Brings all of the range into memory. False if the system has not enough; parts may be there.
bool ash_os_populate(void *start, size_t bytes);

// Pages of the range that are not in memory yet shall come from this NUMA node (0 to 63), if it
// has them. False if the system does not know the node, or none at all.
bool ash_os_prefer_node(void *start, size_t bytes, unsigned node);

// The NUMA nodes that the process may take memory from: a bit each, of the first 64. At least one.
uint64_t ash_os_nodes(void);

// Whether the processor has memory tags (platform/tags.h), and the system compares those of the
// calling thread's accesses from now on. The threads that it starts have that from it.
bool ash_os_check_tags(void);

// Lets granules of the range have tags, which are 0 at first and when the range has been purged.
// False if the system refused: they have none.
bool ash_os_tag(void *start, size_t bytes);

// How many of the range's pages are in memory; 0 when the system will not say.
// The range is at most 2 MiB.
size_t ash_os_resident_pages(const void *start, size_t bytes);

// Every thread of the process passes a full memory barrier before this returns, also those
// that run without asking. Where the system has no such call, it waits long enough.
void ash_os_barrier(void);

// What the kernel counts for the process; what it does not say is 0.
struct ash_os_usage {
    uint64_t elapsed_ms, user_ms, system_ms;
    size_t resident_bytes, resident_peak_bytes;
    uint64_t minor_faults, major_faults;
};
void ash_os_usage(struct ash_os_usage *usage);

// Milliseconds of a clock that never goes back, coarse (a few ms) and cheap.
uint64_t ash_os_clock_ms(void);

// The kernel's ids of the calling thread, never 0, and of its process. The first
// thread's is the process's.
uint32_t ash_os_thread_id(void);
uint32_t ash_os_process_id(void);

// The processor that the calling thread runs on, for now; -1 if the system does not say.
int ash_os_processor(void);

// Some bits that differ from process to process. Not for secrets.
uint64_t ash_os_random(void);

// The value of an environment variable, or NULL, also before the C library has
// set up its environment; the whole "NAME=value" of a place in it, NULL right behind the last,
// where who asks for one after the other ends; whether the process runs with rights its user does
// not have (AT_SECURE), so that the environment cannot be trusted.
const char *ash_os_env(const char *name);
const char *ash_os_env_at(size_t index);
bool ash_os_is_privileged(void);

// Sleeps while *word == value (may return early); wakes one sleeper. The word has to be aligned to
// 4 bytes, which not every ABI does by itself: m68k's does not.
void ash_os_wait(_Atomic uint32_t *word, uint32_t value);
void ash_os_wake(_Atomic uint32_t *word);

// False if that thread of that process has ended. True if in doubt.
bool ash_os_thread_lives(uint32_t thread, uint32_t process);

// Runs `hook->run(hook->argument)` when the calling thread ends, after its other exit
// handlers; `hook` stays in place until then. False if the system has no room for it.
struct ash_exit_hook {
    void (*run)(void *);
    void *argument;
    int rounds;  // the system's
};
bool ash_os_on_thread_exit(struct ash_exit_hook *hook);

// One pointer for each thread, kept by the system under a key: slower than a
// thread-local variable. NULL at first, and from some moment of the thread's end on.
// Setting may allocate, and fails without a key or memory.
void *ash_os_key_get(void);
bool ash_os_key_set(void *value);

// Starts a detached thread that runs `run` with all signals blocked and a small stack.
// False if the system has none to give. May allocate.
bool ash_os_start_thread(void (*run)(void));

// Sleeps about `ms` milliseconds.
void ash_os_sleep(uint32_t ms);

// What runs around every fork. Signals are blocked from `prepare` on until `parent` and `child` are
// done: a handler that forks would wait for what its own thread holds. Where the process has one
// thread, and `may_fork_alone` says yes, nothing need be held: then `alone_child` is all that runs.
struct ash_fork_hooks {
    void (*prepare)(void), (*parent)(void), (*child)(void);
    bool (*may_fork_alone)(void);
    void (*alone_child)(void);
};

// From now on. The hooks are constant.
void ash_os_on_fork(const struct ash_fork_hooks *hooks);

// Writes to standard error. Ends the process with SIGABRT.
void ash_os_write(const char *text, size_t bytes);
_Noreturn void ash_os_abort(void);

#endif
