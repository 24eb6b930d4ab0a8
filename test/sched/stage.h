// What a scenario is made of. The same scenarios run under the project's own scheduler and under
// GenMC (genmc.c), so they use nothing but this and the library's own headers.

#ifndef ASHLAR_SCHED_STAGE_H
#define ASHLAR_SCHED_STAGE_H

#include <stdbool.h>
#include <stddef.h>

enum { STAGE_THREADS = 4 };

struct stage_scenario {
    const char *name;
    const char *shows;      // the claim, as a sentence
    void (*prepare)(void);  // once, before any thread: its effects are the initial state
    void (*threads[STAGE_THREADS])(void);  // NULL where there is none
    void (*finish)(void);                  // after all threads, which it sees the work of
    unsigned milestones;                   // how many there are: see stage_reach
};

// The scenarios of this program; the last one has no name.
extern const struct stage_scenario stage_scenarios[];

// Ends the execution with a violation unless `holds`.
#define stage_claim(holds) stage_claim_text((holds) ? true : false, #holds)
void stage_claim_text(bool holds, const char *text);
_Noreturn void stage_fail(const char *text);

// Milestones, numbered from 0, show that a scenario does what it is about. Each one has to be
// reached by some execution.
void stage_reach(unsigned milestone);

// The atomic objects there are only accessed by one thread after the other, each ordered after the
// last: they are checked as plain memory is.
void stage_exclusive(const void *at, size_t bytes);

// Says what lies at an address, for traces.
void stage_name(const void *at, size_t bytes, const char *name, int number);

#endif
