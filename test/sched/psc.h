// Whether the seq_cst accesses of an execution still have a total order: RC11's relation psc,
// without fences, must have no cycle.
//
//   psc = program order
//       | program order to another location ; happens-before ; program order from another location
//       | happens-before, same location | modification order | from-read

#ifndef ASHLAR_SCHED_PSC_H
#define ASHLAR_SCHED_PSC_H

#include <stdbool.h>

#include "model.h"

struct psc_event {
    unsigned thread, number, location;
    bool reads;
    unsigned read, wrote;  // messages; `wrote` is 0 if it wrote none
};

void psc_reset(void);

// Notes an event of any order; `clock` is its thread's after it.
void psc_log(const struct psc_event *event, const struct model_clock *clock);

// Adds a seq_cst event, already logged. `compare` tells the places of two messages of a location
// in its modification order. False if there is no total order any more.
bool psc_add(const struct psc_event *event, int (*compare)(unsigned, unsigned));

#endif
