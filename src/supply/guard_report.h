// What is said of a guarded block that was misused: a line with its error, then who allocated it,
// who freed it, and who has just misused it. Nothing here allocates.

#ifndef ASH_SUPPLY_GUARD_REPORT_H
#define ASH_SUPPLY_GUARD_REPORT_H

#include "base/compiler.h"

struct ash_guard_slot;

// A byte beside the block was written to, as its free has found. Ends the process with SIGABRT.
ASH_COLD _Noreturn void ash_guard_report_written(const struct ash_guard_slot *slot,
                                                 const char *byte);

// `what` ("free", "realloc") was called with an address of the pool where no block starts that is
// out. Ends the process unless the option abort_on_error is off.
ASH_COLD void ash_guard_report_refused(const char *what, const void *pointer);

// An access failed: said, if it is an address of the pool. In a handler of its signal.
ASH_COLD void ash_guard_report_access(const void *address);

#endif
