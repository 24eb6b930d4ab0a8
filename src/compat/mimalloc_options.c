// Options of mimalloc.h. Some are ashlar's own under another name; the others are kept and
// returned.
//
// An option has a value of its own once it has been set, by a call or as MIMALLOC_<NAME>. Until
// then it is what ashlar's option says, or the default. What the environment says is a default to
// ashlar: its own variables come first.

#define _GNU_SOURCE

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "ashlar/options.h"
#include "compat/mimalloc_layer.h"

enum { OPTION_NONE = -1 };

struct mi_option_row {
    const char *name;
    const char *old_name;  // or NULL
    long fallback;
    int ours;  // enum ash_option, or OPTION_NONE
    bool in_kib;
};

#define ROW(name, fallback) [mi_option_##name] = {#name, NULL, fallback, OPTION_NONE, false}
#define ROW_OLD(name, old, fallback) \
    [mi_option_##name] = {#name, #old, fallback, OPTION_NONE, false}
#define ROW_OURS(name, old, fallback, ours) [mi_option_##name] = {#name, old, fallback, ours, false}
#define ROW_KIB(name, fallback) [mi_option_##name] = {#name, NULL, fallback, OPTION_NONE, true}

static const struct mi_option_row option_rows[_mi_option_last] = {
    ROW(show_errors, 0),
    ROW_OURS(show_stats, NULL, 0, ASH_OPTION_SHOW_STATS),
    ROW_OURS(verbose, NULL, 0, ASH_OPTION_VERBOSE),
    ROW_OLD(deprecated_eager_commit, eager_commit, 1),
    ROW_OLD(arena_eager_commit, eager_region_commit, 2),
    ROW_OLD(purge_decommits, reset_decommits, 1),
    ROW_OLD(allow_large_os_pages, large_os_pages, 0),
    ROW(reserve_huge_os_pages, 0),
    ROW(reserve_huge_os_pages_at, -1),
    ROW_KIB(reserve_os_memory, 0),
    ROW_OLD(deprecated_segment_cache, segment_cache, 0),
    ROW_OLD(deprecated_page_reset, page_reset, 0),
    ROW_OLD(deprecated_abandoned_page_purge, abandoned_page_purge, 0),
    ROW_OLD(deprecated_segment_reset, segment_reset, 0),
    ROW_OLD(deprecated_eager_commit_delay, eager_commit_delay, 1),
    ROW_OURS(purge_delay, "reset_delay", 1000, ASH_OPTION_PURGE_DELAY),
    ROW(use_numa_nodes, 0),
    ROW_OLD(disallow_os_alloc, limit_os_alloc, 0),
    ROW(os_tag, 100),
    ROW(max_errors, 32),
    ROW(max_warnings, 32),
    ROW_OLD(deprecated_max_segment_reclaim, max_segment_reclaim, 10),
    ROW(destroy_on_exit, 0),
    ROW_KIB(arena_reserve, 1L << 20),
    ROW(arena_purge_mult, 1),
    ROW_OLD(deprecated_purge_extend_delay, decommit_extend_delay, 1),
    ROW(disallow_arena_alloc, 0),
    ROW(retry_on_oom, 400),
    ROW(visit_abandoned, 0),
    ROW(guarded_min, 0),
    ROW(guarded_max, 1L << 30),
    ROW(guarded_precise, 0),
    ROW(guarded_sample_rate, 0),
    ROW(guarded_sample_seed, 0),
    ROW(generic_collect, 10000),
    ROW_OLD(page_reclaim_on_free, abandoned_reclaim_on_free, 0),
    ROW(page_full_retain, 2),
    ROW(page_max_candidates, 4),
    ROW(max_vabits, 0),
    ROW(pagemap_commit, 0),
    ROW(page_commit_on_demand, 0),
    ROW(page_max_reclaim, -1),
    ROW(page_cross_thread_max_reclaim, 32),
    ROW_OURS(allow_thp, NULL, 1, ASH_OPTION_HUGE_PAGES),
    ROW_KIB(minimal_purge_size, 0),
    ROW_KIB(arena_max_object_size, 2L << 20),
    ROW(arena_is_numa_local, 0),
    ROW(target_segments_per_thread, 0),
};

// The value is stored first, so that whoever sees that it is set sees it.
static _Atomic long option_values[_mi_option_last];
static _Atomic bool option_is_set[_mi_option_last];

static bool option_is(mi_option_t option) {
    return (unsigned)option < _mi_option_last;
}

// ashlar's options -----------------------------------------------------------------------

// A purge delay below 0 means never: as long as there is.
static int64_t option_for_ours(int ours, long value) {
    struct ash_option_details details;
    if (ash_option_info((enum ash_option)ours, &details, sizeof details) != 0) {
        return value;
    }
    if (details.kind == ASH_OPTION_KIND_SWITCH) {
        return value != 0;
    }
    return value < 0 || value > details.highest ? details.highest : value;
}

static void option_hand_on(mi_option_t option, long value, bool by_default) {
    int ours = option_rows[option].ours;
    if (ours == OPTION_NONE) {
        return;
    }
    int64_t theirs = option_for_ours(ours, value);
    (void)(by_default ? ash_option_set_default((enum ash_option)ours, theirs)
                      : ash_option_set((enum ash_option)ours, theirs));
}

static void option_keep(mi_option_t option, long value) {
    atomic_store_explicit(&option_values[option], value, memory_order_relaxed);
    // release: pairs with the acquire in mi_option_get, for the value.
    atomic_store_explicit(&option_is_set[option], true, memory_order_release);
}

// What callers see ----------------------------------------------------------------------

long mi_option_get(mi_option_t option) {
    if (!option_is(option)) {
        return 0;
    }
    // acquire: pairs with the release in option_keep.
    if (atomic_load_explicit(&option_is_set[option], memory_order_acquire)) {
        return atomic_load_explicit(&option_values[option], memory_order_relaxed);
    }
    int ours = option_rows[option].ours;
    return ours == OPTION_NONE ? option_rows[option].fallback
                               : (long)ash_option_get((enum ash_option)ours);
}

void mi_option_set(mi_option_t option, long value) {
    if (option_is(option)) {
        option_keep(option, value);
        option_hand_on(option, value, false);
    }
}

void mi_option_set_default(mi_option_t option, long value) {
    // acquire: as in mi_option_get.
    if (option_is(option) && !atomic_load_explicit(&option_is_set[option], memory_order_acquire)) {
        if (option_rows[option].ours == OPTION_NONE) {
            option_keep(option, value);
        } else {
            option_hand_on(option, value, true);
        }
    }
}

long mi_option_get_clamp(mi_option_t option, long min, long max) {
    long value = mi_option_get(option);
    return value < min ? min : value > max ? max : value;
}

size_t mi_option_get_size(mi_option_t option) {
    long value = mi_option_get(option);
    size_t unit = option_is(option) && option_rows[option].in_kib ? 1024 : 1;
    if (value <= 0) {
        return 0;
    }
    return (size_t)value > SIZE_MAX / unit ? SIZE_MAX : (size_t)value * unit;
}

bool mi_option_is_enabled(mi_option_t option) {
    return mi_option_get(option) != 0;
}

void mi_option_set_enabled(mi_option_t option, bool enable) {
    mi_option_set(option, enable ? 1 : 0);
}

void mi_option_set_enabled_default(mi_option_t option, bool enable) {
    mi_option_set_default(option, enable ? 1 : 0);
}

void mi_option_enable(mi_option_t option) {
    mi_option_set_enabled(option, true);
}

void mi_option_disable(mi_option_t option) {
    mi_option_set_enabled(option, false);
}

void mi_options_print_out(mi_output_fun *out, void *arg) {
    for (int i = 0; i < _mi_option_last; i++) {
        struct ash_mi_text line = {0};
        ash_mi_add(&line, "option '");
        ash_mi_add(&line, option_rows[i].name);
        ash_mi_add(&line, "': ");
        ash_mi_add_number(&line, mi_option_get((mi_option_t)i));
        ash_mi_add(&line, option_rows[i].in_kib ? " KiB\n" : "\n");
        ash_mi_print(out, arg, line.text);
    }
}

void mi_options_print(void) {
    mi_options_print_out(NULL, NULL);
}

// The environment -------------------------------------------------------------------------

static bool option_word(const char *text, long *value) {
    static const char *const words[][2] = {{"0", "1"},        {"off", "on"}, {"no", "yes"},
                                           {"false", "true"}, {"n", "y"},    {"f", "t"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (int is = 0; is < 2; is++) {
            if (strcasecmp(text, words[i][is]) == 0) {
                *value = is;
                return true;
            }
        }
    }
    return false;
}

// Bytes, or with a letter larger units, rounded up to whole KiB. False if it is anything else.
static bool option_kib(const char *end, long *value) {
    static const char units[] = "KMGT";
    const char *unit = *end == 0 ? NULL : strchr(units, *end & ~0x20);
    if (*end == 0) {
        *value = *value / 1024 + (*value % 1024 > 0);
        return true;
    }
    const char *rest = end + 1;
    if (unit == NULL || (*rest != 0 && strcasecmp(rest, "B") != 0 && strcasecmp(rest, "iB") != 0)) {
        return false;
    }
    for (; unit > units; unit--) {
        if (*value > LONG_MAX / 1024) {
            return false;
        }
        *value *= 1024;
    }
    return true;
}

static bool option_number(const char *text, bool in_kib, long *value) {
    bool negative = *text == '-';
    const char *at = text + (negative || *text == '+');
    long number = 0;
    if (*at < '0' || *at > '9') {
        return false;
    }
    for (; *at >= '0' && *at <= '9'; at++) {
        if (number > (LONG_MAX - (*at - '0')) / 10) {
            return false;
        }
        number = number * 10 + (*at - '0');
    }
    *value = negative ? -number : number;
    return in_kib ? option_kib(at, value) : *at == 0;
}

static void option_complain(const char *variable, const char *value, bool in_kib) {
    struct ash_mi_text line = {0};
    ash_mi_add(&line, "ashlar: ASH302: ");
    ash_mi_add(&line, variable);
    ash_mi_add(&line, "=");
    ash_mi_add(&line, value);
    ash_mi_add(&line, in_kib ? " is ignored: say a size, such as 64M\n"
                             : " is ignored: say a number, on or off\n");
    ash_mi_print(NULL, NULL, line.text);
}

static void option_from(const char *variable, mi_option_t option, const char *text) {
    bool in_kib = option_rows[option].in_kib;
    long value = 0;
    if (option_number(text, in_kib, &value) || (!in_kib && option_word(text, &value))) {
        option_keep(option, value);
        option_hand_on(option, value, true);
    } else {
        option_complain(variable, text, in_kib);
    }
}

// Case does not matter in names.
static const char *option_variable(const char *prefix, const char *name) {
    size_t before = strlen(prefix), length = before + strlen(name);
    for (char **entry = environ; environ != NULL && *entry != NULL; entry++) {
        if (strncasecmp(*entry, prefix, before) == 0 &&
            strncasecmp(*entry + before, name, length - before) == 0 && (*entry)[length] == '=') {
            return *entry;
        }
    }
    return NULL;
}

// A process with rights that its user does not have does not read it; nor one that shall not.
void ash_mi_options_start(void) {
    bool reads = getauxval(AT_SECURE) == 0 && ash_option_get(ASH_OPTION_ENVIRONMENT) != 0;
    for (int i = 0; i < _mi_option_last && reads; i++) {
        const struct mi_option_row *row = &option_rows[i];
        const char *found = option_variable("MIMALLOC_", row->name);
        if (found == NULL && row->old_name != NULL) {
            found = option_variable("MIMALLOC_", row->old_name);
        }
        if (found != NULL) {
            struct ash_mi_text name = {0};
            ash_mi_add(&name, "MIMALLOC_");
            ash_mi_add(&name, row->name);
            option_from(name.text, (mi_option_t)i, strchr(found, '=') + 1);
        }
    }
}
