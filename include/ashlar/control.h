// ashlar: what it tells the program, and where it writes.
//
// The functions whose names begin with ash_set_ set one of the program's; NULL takes it away again.
// It may be set at any time, by one thread at a time; a thread that is about to call the one
// before may still do so when the call returns. It is called with the argument it was set with.
//
// Functions that are set may be called by any thread, also several at once, and must not throw.
// None of the calls here is async-signal-safe; they keep errno.

#ifndef ASHLAR_CONTROL_H
#define ASHLAR_CONTROL_H

#include <ashlar/ashlar.h>
#include <ashlar/errors.h>
#include <ashlar/stats.h>

#if defined(__cplusplus)
extern "C" {
#endif

// Called for all that is wrong: each error, each warning (whether it is shown or not), each
// setting that is ignored. `text` is the line as it is written, without a newline, valid
// during the call; `pointer` is what the line is about, or NULL. After it has returned all goes
// on as without it: an error ends the process with SIGABRT, unless it can be survived and the
// option abort_on_error is off.
//
// The thread may be in the middle of its heap's work and hold locks of ashlar's: the function must
// not allocate or free with ashlar, nor fork. It may end the process. It may leave with
// longjmp(3) for ASH_E_NO_BLOCK alone, and for ASH_E_NOT_A_START of a block above 32 KiB: then
// nothing has been done.
typedef void ash_error_handler_t(enum ash_error error, const char *text, const void *pointer,
                                 void *argument);
ASH_EXPORT void ash_set_error_handler(ash_error_handler_t *handler, void *argument) ASH_NOEXCEPT;

// Called instead of writing to standard error: with the lines of errors and warnings, those of the
// options verbose and show_stats, and what is printed without a function for it
// (ash_stats_print, ash_arenas_print). A line ends with a newline; text of several lines may come
// in pieces. What holds for an error handler holds for this too: it must not allocate.
ASH_EXPORT void ash_set_output(ash_output_t *output, void *argument) ASH_NOEXCEPT;

#if defined(__cplusplus)
}
#endif

#endif
