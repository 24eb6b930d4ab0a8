// The memory model: C11 as repaired by RC11 (Lahav and others, 2017), as a machine.
//
//   location   message 0 -> message 1 -> message 2        all writes, in modification order
//                              ^ a thread's view: it may read this one or a later one
//
// - A read takes any message that is not older than the thread's view of the location. An acquire
//   read of a release write joins the writer's view and clock, also through a chain of
//   read-modify-writes (release sequences of C20).
// - A write goes anywhere behind the thread's view, but not between a read-modify-write and what
//   that read. So writes may reach others in another order than they were made in.
// - seq_cst accesses must have a total order. As in RC11, the relation psc (program order,
//   happens-before by way of other locations, modification order, from-read) has no cycle.
// - The clocks say what happens before what; race.c checks plain memory by them.
//
// What it does not cover: load buffering (a read of a write that its thread makes later: program
// order and reads-from have no cycle here, as in RC11 and in GenMC); spurious failures of weak
// compare-exchange (it fails on another value only, also on a stale one); fences, which the library
// does not use; accesses of different sizes to one place; spurious wake-ups. A lock's try fails
// only if the lock is held at that moment, and a futex compares the last value.

#ifndef ASHLAR_SCHED_MODEL_H
#define ASHLAR_SCHED_MODEL_H

#include <stdbool.h>
#include <stdint.h>

// Thread 0 is the stage: it runs after the others. Events and messages are numbered from 1.
enum {
    MODEL_THREADS = 5,
    MODEL_LOCATIONS = 64,
    MODEL_MESSAGES = 255,
    MODEL_EVENTS = 255,
};

struct model_clock {
    uint8_t seen[MODEL_THREADS];  // the last event of each thread that happened before
};

enum model_kind { MODEL_LOAD, MODEL_STORE, MODEL_SWAP, MODEL_ADD, MODEL_CAS };

struct model_access {
    unsigned thread;
    unsigned location;
    enum model_kind kind;
    int order, failed;  // enum access_order
    uint64_t value;     // to be written, or added
    uint64_t expected;  // by a CAS
    bool last_only;     // may neither read a stale value nor write behind others
};

struct model_outcome {
    uint64_t read;
    uint64_t wrote;
    unsigned from_thread, from_event;  // who wrote what was read; event 0: the initial value
    bool stale;                        // there was a later value
    bool succeeded;                    // of a CAS
    bool consistent;                   // false: no such execution exists; give it up
};

// Forgets everything but how many threads there are.
void model_reset(void);

// The location of an address. Its initial value is taken the first time.
unsigned model_location(const void *at, uint64_t initial);

struct model_outcome model_perform(const struct model_access *access);

uint64_t model_last_value(unsigned location);

// All that the threads did happens before what the stage does from now on.
void model_join(void);

const struct model_clock *model_now(unsigned thread);

// Adds a fact to what thread has seen so far, for the hash.
void model_note(unsigned thread, uint64_t fact);

// What the future depends on: who read what from whom, and the modification orders. Executions
// that differ only in the order of independent steps have the same one.
uint64_t model_hash(void);

#endif
