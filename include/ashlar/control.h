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
// nothing has been done. For accesses to guarded blocks and fences (ASH_E_GUARD_BEHIND, _BEFORE and
// _FREED, ASH_E_FENCE) it is called within the handler of SIGSEGV or SIGBUS, and may only do what
// is async-signal-safe; the process ends with that signal.
typedef void ash_error_handler_t(enum ash_error error, const char *text, const void *pointer,
                                 void *argument);
ASH_EXPORT void ash_set_error_handler(ash_error_handler_t *handler, void *argument) ASH_NOEXCEPT;

// Called instead of writing to standard error: with the lines of errors and warnings, those of the
// options verbose and show_stats, and what is printed without a function for it
// (ash_stats_print, ash_arenas_print). A line ends with a newline; text of several lines may come
// in pieces. What holds for an error handler holds for this too: it must not allocate.
ASH_EXPORT void ash_set_output(ash_output_t *output, void *argument) ASH_NOEXCEPT;

// Called now and then while the program allocates, so that it can free what it has put off (a list
// of dead objects, a batch of references): by a thread that takes a slow path, at about each 16th
// of its, after its block was taken. With `force` true it should free all it can: ash_collect or
// ash_heap_collect was called, or there is no memory. `heartbeat` counts the calls of the process,
// from 1.
//
// It may allocate, free, and collect; it is not called again within. It must return, and must not
// end a heap that the thread may just be allocating from. Costs nothing where blocks are
// taken from those at hand, and one load on slow paths.
typedef void ash_deferred_free_t(bool force, size_t heartbeat, void *argument);
ASH_EXPORT void ash_set_deferred_free(ash_deferred_free_t *deferred, void *argument) ASH_NOEXCEPT;

// Limits of the process ---------------------------------------------------------------------
//
// What counts is `active` of ashlar/stats.h: slices of 64 KiB that hold blocks of up to 32 MiB,
// whole pages of larger ones, whether they have been touched or not; whatever heap they are of. Not
// what is free, on its way back to the system, or ashlar's own bookkeeping (a few percent), nor
// what the program has from elsewhere: stacks, files, other allocators.

// Sets both limits, in bytes; 0 is none. The options limit_soft and limit_hard are the same.
//
// Above the soft limit the limit handler is called, or a warning said: once, and again after less
// than seven eighths of it were in use. A request that would go above the hard limit first collects
// what is free, calling the deferred function with `force`, and fails with ENOMEM if that was
// not enough. What is in use already stays. Limits are exact: threads that allocate at once never
// exceed the hard one together.
//
// 0, or EINVAL (`soft` is above `hard`, or one is above PTRDIFF_MAX): then nothing has changed.
ASH_EXPORT int ash_limit_set(size_t soft, size_t hard) ASH_NOEXCEPT;

// What counts now, in bytes.
ASH_EXPORT size_t ash_limit_used(void) ASH_NOEXCEPT;

// Called at the end of a slow path after the soft limit was crossed, with what was in use and the
// limit. The same holds as for a deferred function: it may allocate, free, and collect.
typedef void ash_limit_handler_t(size_t used, size_t soft, void *argument);
ASH_EXPORT void ash_set_limit_handler(ash_limit_handler_t *handler, void *argument) ASH_NOEXCEPT;

#if defined(__cplusplus)
}
#endif

#endif
