// Says lines to the user, without allocating. ash_fatal and ash_assert_failed
// (base/assert.h) are defined here too.

#ifndef ASH_PLATFORM_REPORT_H
#define ASH_PLATFORM_REPORT_H

#include "base/compiler.h"

// Writes "ashlar: <what>", whatever the options.
ASH_COLD void ash_say(const char *what);

// A warning: what is wrong, and was survived. Writes it unless the option show_warnings is off.
// With abort_on_warning it always does, and ends the process.
ASH_COLD void ash_report(const char *what);

// Writes "ashlar: <what> of 0x..: <next>" and ends the process with SIGABRT.
ASH_COLD _Noreturn void ash_report_bad_pointer(const char *what, const void *pointer,
                                               const char *next);

#endif
