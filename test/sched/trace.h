// What an execution did, for the report of a violation; and the places in the code that access
// atomic objects, whose orders can be weakened.

#ifndef ASHLAR_SCHED_TRACE_H
#define ASHLAR_SCHED_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"

// A site is an access in the code: "function operation operand".
unsigned trace_site(const char *function, const char *operation, const char *operand);

// The order that the site uses: its own, or what it was weakened to.
int trace_order(unsigned site, int order);

// Weakens a site, named as above, to an order by its name. False if the text is not understood.
bool trace_weaken(const char *site, const char *order);

// Whether the weakened site was met at all.
bool trace_weakened_was_met(void);

// Prints the sites whose own order is above relaxed.
void trace_print_sites(void);

void trace_reset(void);
void trace_step(unsigned site, const struct model_access *access,
                const struct model_outcome *outcome, const void *at);
void trace_say(unsigned thread, const char *what, const void *at);

// Two plain accesses without an order: the one to come and an earlier one. Does not return.
_Noreturn void trace_race(const void *at, const void *code, unsigned other, bool other_writes,
                          bool writes);

// Keeps the trace as the shortest one so far; prints that.
void trace_keep(const char *violation);
void trace_print(void);

#endif
