// What can be set from outside: the table made of ashlar/options.def, how its values read as text,
// and the values themselves. api/options.c fills them at boot; all floors read them.

#ifndef ASH_BASE_OPTIONS_H
#define ASH_BASE_OPTIONS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ashlar/options.h"
#include "base/config.h"
#include "base/fmt.h"

struct ash_option_row {
    const char *name;      // as in ASHLAR_OPTIONS
    const char *variable;  // of the environment
    const char *help, *when, *since;
    size_t fallback, lowest, highest;
    enum ash_option_kind kind;
    bool at_start;  // only boot sets it
};

extern const struct ash_option_row ash_option_rows[ASH_OPTION_COUNT];

// The values. They are the defaults before boot; calls may change them at any time.
struct ash_options {
    // Read on slow paths. Own cache lines.
    _Alignas(ASH_CACHE_LINE) _Atomic size_t values[ASH_OPTION_COUNT];
};

extern struct ash_options ash_options;

static inline size_t ash_option_value(enum ash_option option) {
    // relaxed: each value stands for itself; a change is seen sooner or later.
    return atomic_load_explicit(&ash_options.values[option], memory_order_relaxed);
}

// A piece of a longer text.
struct ash_piece {
    const char *start, *end;
};

struct ash_piece ash_piece_of(const char *text);

// ASH_OPTION_COUNT if no option is called so, in either case, with _ or -.
enum ash_option ash_option_find(struct ash_piece name);

// The option whose name begins with `name`, or else takes the fewest changes to get from it; how
// many letters are to be added, removed or replaced in `*changes`.
enum ash_option ash_option_nearest(struct ash_piece name, size_t *changes);

// False if `text` is no value for the option: then nothing is stored.
bool ash_option_parse(const struct ash_option_row *row, struct ash_piece text, size_t *value);

// As the value would be written: "on", "500ms", "64K", "7".
void ash_option_print(struct ash_fmt *out, const struct ash_option_row *row, size_t value);

// "0 to 3600000 milliseconds, such as 500ms or 2s"
void ash_option_print_wants(struct ash_fmt *out, const struct ash_option_row *row);

// "there is no option 'x'; the nearest is y", "'x' is no value for y; it wants z"
void ash_option_print_unknown(struct ash_fmt *out, struct ash_piece name);
void ash_option_print_bad(struct ash_fmt *out, const struct ash_option_row *row,
                          struct ash_piece text);

#endif
