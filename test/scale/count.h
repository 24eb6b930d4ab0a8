// What a thread's calls of the library did to memory that others see: counted, not timed.
//
// Two programs have the workloads in common. In `scale_count` the library is compiled with
// -fsanitize=thread, whose calls for each access lines.c answers; threads take turns, so that a
// run is the same each time. In `scale_time` it is compiled as it ships, threads run freely, and
// plain.c answers: there only locks are counted, and timed.
//
// The model of lines: each thread has a processor of its own, with a cache that holds a few
// thousand lines. A line moves when a thread reads it and another one wrote it last, since this
// thread has seen it; or when it writes to it and another one has it.

#ifndef ASHLAR_SCALE_COUNT_H
#define ASHLAR_SCALE_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COUNT_RANKS = 10 };

// Atomic operations, all but plain loads and stores.
enum count_atomic { COUNT_EXCHANGE, COUNT_ADD, COUNT_CAS, COUNT_CAS_FAILED, COUNT_ATOMICS };

// Whose a line is.
enum count_place {
    COUNT_STATIC,      // the library's variables
    COUNT_UNITS,       // the store's units and its fit index
    COUNT_RECORD,      // records of slices
    COUNT_MARKS,       // marks of spans
    COUNT_HEAP_OWN,    // a heap: what its thread alone writes
    COUNT_HEAP_SHOWN,  // a heap: what others read
    COUNT_HEAP_INBOX,  // a heap: what others write
    COUNT_BLOCK,       // the program's blocks
    COUNT_OTHER,       // tables of our own, stacks
    COUNT_PLACES,
};

struct count_lock {
    uint64_t taken;
    uint64_t waited;        // of these: not at once
    uint64_t accesses;      // to memory while it was held (scale_count)
    uint64_t accesses_max;  // of one hold
    uint64_t moves;         // of lines while it was held (scale_count)
    uint64_t held_ns;
    uint64_t held_ns_max;
    uint64_t waited_ns;
};

struct count_sum {
    struct count_lock locks[COUNT_RANKS];
    uint64_t atomics[COUNT_ATOMICS];
    uint64_t accesses;
    uint64_t moves[COUNT_PLACES];
};

struct count_thread {
    struct count_sum sum;
    bool steady;  // whether it counts now
    uint32_t id;  // of its processor; from 1

    // While locks are held, by rank.
    uint32_t held;  // bits
    uint64_t since_ns[COUNT_RANKS];
    uint64_t since_accesses[COUNT_RANKS];
    uint64_t all_accesses;

    struct count_seen *seen;  // the lines in its cache
};

// Makes room for `threads` processors, numbered from 1; the rest of the process is one more.
void count_begin(unsigned threads);

// The calling thread is on processor `id` from now on.
struct count_thread *count_enter(unsigned id);

// The calling thread's, or that of the rest of the process.
struct count_thread *count_self(void);

struct count_thread *count_of(unsigned id);

// Whether lines and atomics are counted in this program.
bool count_is_traced(void);

// The lines of all heaps that are there have names from now on.
void count_name_heaps(void);

// Prints what moved most, and which code did most atomic operations: members of a JSON object.
void count_print_hot(void);

// Every thread of scale_count has had its turn.
void count_round(void);

uint64_t count_now_ns(void);

#endif
