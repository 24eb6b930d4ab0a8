// Says lines to the user, without allocating. ash_fatal and ash_assert_failed
// (base/assert.h) are defined here too.
//
// What is wrong is said in one form, "ashlar: <code>: <what happened>; <next step>", with the words
// of the catalogue (base/errors.h), and told to the program's handler if it has one.

#ifndef ASH_PLATFORM_REPORT_H
#define ASH_PLATFORM_REPORT_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/errors.h"

// What the program has set: api/control.c. (base/callback.h; not every compiler that reads this
// header has atomics.)
struct ash_callback;
extern struct ash_callback ash_report_output, ash_report_handler;

// Writes a text that ends with a zero byte to where the program wants it: standard error, unless
// it has said otherwise.
void ash_report_write(const char *text);

// Writes "ashlar: <what>", whatever the options. Nothing is wrong.
ASH_COLD void ash_say(const char *what);

// A warning: what is wrong, and was survived. Writes it unless the option show_warnings is off.
// With abort_on_warning it always does, and ends the process.
ASH_COLD void ash_report(enum ash_error error);

// A setting that is ignored; `what` says all.
ASH_COLD void ash_report_setting(enum ash_error error, const char *what);

// Writes "ashlar: <code>: <what> of 0x..: <why>; <next>" and ends the process with SIGABRT.
ASH_COLD _Noreturn void ash_report_bad_pointer(enum ash_error error, const char *what,
                                               const void *pointer);

// The same line with another `why`; the process goes on.
ASH_COLD void ash_report_pointer(enum ash_error error, const char *what, const void *pointer,
                                 const char *why);

// The same of an error that has changed nothing yet: returns if the option abort_on_error is off.
// Called without locks, and the heap is not held: the program's handler may leave by longjmp.
ASH_COLD void ash_report_refused(enum ash_error error, const char *what, const void *pointer);

// The same where `why` differs from time to time, so that the catalogue has none.
ASH_COLD void ash_report_refused_because(enum ash_error error, const char *what,
                                         const void *pointer, const char *why);

#endif
