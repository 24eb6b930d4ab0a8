// ashlar's options, for the program itself. docs/options.md and ash_options(7) say what each does.
//
// A value comes from the first of these that has one:
//
//   a call of ash_option_set
//   the environment: ASHLAR_<NAME>=value, then ASHLAR_OPTIONS="name=value,name=value"
//   the program: const char ash_options_default[] = "name=value,name=value";
//   the build: cmake -DASH_DEFAULT_OPTIONS="name=value,name=value"
//   the option's own default
//
// The environment is read once, when the process allocates for the first time; a process that runs
// with rights its user does not have (AT_SECURE) never reads it. All functions may be called from
// any thread, before main and after it; a value that is set is seen by other threads soon.
// None of them is async-signal-safe. They keep errno.

#ifndef ASHLAR_OPTIONS_H
#define ASHLAR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ashlar/ashlar.h>

#if defined(__cplusplus)
extern "C" {
#endif

#define ASH_OPTION(ENUM, ...) ASH_OPTION_##ENUM,
// The options, each with its number: the rows of options.def, in their order.
enum ash_option {
#include <ashlar/options.def>
    ASH_OPTION_COUNT  // how many there are
};
#undef ASH_OPTION

// What the numbers of an option count.
enum ash_option_kind {
    ASH_OPTION_KIND_SWITCH,        // 0 or 1; as text on, off, yes, no, true, false
    ASH_OPTION_KIND_MILLISECONDS,  // as text 500, 500ms or 2s
    ASH_OPTION_KIND_BYTES,         // as text 65536, 64K, 64KiB, 1M or 1G
    ASH_OPTION_KIND_NUMBER         // as text 12: no unit
};

// What is known of an option, and where its value is from.
struct ash_option_details {
    const char *name;         // "purge_delay"
    const char *variable;     // "ASHLAR_PURGE_DELAY"
    const char *help;         // one line
    const char *when;         // when would I change this?
    const char *since;        // "0.1"
    const char *source;       // where the value is from: "default", "build", "program",
                              // "ASHLAR_OPTIONS", "environment" or "call"
    int64_t value;            // what it is now, in the unit of its kind
    int64_t fallback;         // the option's own default
    int64_t lowest, highest;  // what it may be set to
    int kind;                 // enum ash_option_kind
    int at_start;             // 1: cannot be set by a call
};

// The value of an option, in the unit of its kind; -1 if there is no such option.
ASH_EXPORT int64_t ash_option_get(enum ash_option option) ASH_NOEXCEPT;

// Sets an option. 0, or: EINVAL (there is no such option, or `value` is out of its range), EPERM
// (it can be set at the start alone). Then nothing has changed.
ASH_EXPORT int ash_option_set(enum ash_option option, int64_t value) ASH_NOEXCEPT;

// As ash_option_set, unless the user or the program has set the option already, by whatever means:
// then nothing happens, which is no error.
ASH_EXPORT int ash_option_set_default(enum ash_option option, int64_t value) ASH_NOEXCEPT;

// Sets the option called `name` to what `value` says, as in the environment. 0, or: ENOENT (there
// is no such option), EINVAL (`value` is none for it), EPERM. If `message` is not NULL, up to
// `message_bytes` bytes of it then hold a line for the user, without a newline, that names what is
// wrong and what would be right; the empty string if nothing is wrong.
ASH_EXPORT int ash_option_set_text(const char *name, const char *value, char *message,
                                   size_t message_bytes) ASH_NOEXCEPT;

// The option called `name`, in either case, with _ or -; -1 if there is none.
ASH_EXPORT int ash_option_by_name(const char *name) ASH_NOEXCEPT;

// Stores the first `bytes` bytes of what is known of an option: sizeof *info as the caller knows
// it, so that later versions may add to it. 0, or EINVAL (there is no such option) and stores
// nothing. The strings are constants.
ASH_EXPORT int ash_option_info(enum ash_option option, struct ash_option_details *info,
                               size_t bytes) ASH_NOEXCEPT;

// A program may define this to bring defaults of its own. It is an array, so that it can be read
// before the program's pointers are relocated.
extern const char ash_options_default[];

#if defined(__cplusplus)
}
#endif

#endif
