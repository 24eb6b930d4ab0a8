// Enumerates the executions of a scenario: depth first, by running it again and again with recorded
// choices. Threads are coroutines; nothing depends on time.
//
// A choice is which thread makes the next step (an access to an atomic object with the plain code
// that follows it), which message a read takes, where a write goes. Two things keep their number
// down, neither leaves out an execution:
//
//   - a partial execution that was met before, by model_hash, is not followed again;
//   - a step is not tried right after an independent one of a thread with a higher number: the
//     other order leads to the same place, and is tried.

#ifndef ASHLAR_SCHED_EXPLORE_H
#define ASHLAR_SCHED_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stage.h"

struct explore_result {
    bool violated;
    bool complete;        // all executions were seen
    unsigned long runs;   // executions begun
    unsigned long ended;  // of these, run to the end: the different complete ones
    size_t states;        // different partial executions
    unsigned steps;       // of the shortest violation found
    unsigned reached;     // bits: the milestones that were met
};

// Explores at most `limit` executions.
struct explore_result explore_run(const struct stage_scenario *scenario, unsigned long limit);

// For the model and what answers accesses ---------------------------------------------

// One of `count` options, 0 the first time.
unsigned explore_choose(unsigned count);

// The thread that runs; 0 is the stage.
unsigned explore_thread(void);

// False while a scenario is prepared: accesses then go to memory as they are.
bool explore_is_recording(void);

bool explore_is_stack(const void *at);

// Before each step: others may run first. `writes` and `at` say what it depends on; a thread that
// `needs_free` waits until the word is 0.
void explore_step(const void *at, bool writes, bool needs_free);

// Sleeps until woken by explore_wake, which returns false if nobody sleeps on `at`.
void explore_sleep(const void *at);
bool explore_wake(const void *at);

// Gives up the execution: it is no real one, or violates `what`.
_Noreturn void explore_discard(void);
_Noreturn void explore_violate(const char *what);

// A limit of the checker itself: ends the process unless it holds.
void explore_need(bool holds, const char *remedy);

#endif
