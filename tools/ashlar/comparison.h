// The data of `ashlar compare`: who ran, what was measured, what it proves.
// measure.c and proof.c fill it, stats.c sums it up, report_*.c show it.

#ifndef ASHLAR_TOOL_COMPARISON_H
#define ASHLAR_TOOL_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

enum metric {
    METRIC_TIME,    // wall clock, seconds
    METRIC_CPU,     // user and system of the whole tree, seconds
    METRIC_RSS,     // peak resident bytes of the largest process
    METRIC_FAULTS,  // minor and major page faults of the whole tree
    METRIC_COUNT,
};

struct sample {
    double values[METRIC_COUNT];
    double user_s, system_s;
    uint64_t minor_faults, major_faults;
    int status;  // the exit code, 128 + n for signal n
};

struct summary {
    size_t rounds;
    double median, least, most;
    // Against the reference, round by round: paired, so that what disturbed a
    // whole round disturbs both sides of it.
    bool has_ratio;
    double ratio, ratio_least, ratio_most;
};

enum proof_method { PROOF_PTRACE, PROOF_SAMPLE, PROOF_NONE };

struct proof {
    enum proof_method method;
    unsigned processes;  // that the run consisted of
    unsigned active;     // of these, with malloc served by the allocator in question
    unsigned statics;    // statically linked: no preload reaches them
    char *other;         // the file that served malloc in one that was not active, or NULL
    char *note;          // why the method is not ptrace, or NULL
};

struct contender {
    const char *name;
    char *library;  // NULL: the program's own, which is glibc's unless it links another
    char *version;  // what can be said of it, "" at worst
    struct sample *samples;
    size_t sample_count;
    struct summary summaries[METRIC_COUNT];
    struct proof proof;
    bool failed;             // an exit status unlike the expected one
    int status;              // the first unlike status, else the expected one
    struct text last_words;  // the end of what it wrote to stderr, when it failed
};

struct environment {
    char *cpu, *kernel, *system, *libc, *date, *thp;
    long cpu_count, memory_mib;
};

struct comparison {
    char **words;  // the command
    char *image;   // its resolved path
    char *title;   // the command's own name, for sentences
    size_t rounds;
    struct contender *contenders;
    size_t contender_count;
    struct contender *reference;  // glibc, NULL when left out
    struct contender *ours;       // ashlar, NULL when left out
    int expected_status;
    bool failed;
    struct environment environment;
};

// Names, in the order of enum metric.
struct metric_name {
    const char *title;    // "Peak memory"
    const char *key;      // of JSON, with its unit: "peak_rss_bytes"
    const char *meaning;  // a line below the title
};
extern const struct metric_name metric_names[METRIC_COUNT];

// stats.c: fills every contender's summaries.
void comparison_summarize(struct comparison *comparison);
// Fewer rounds than these cannot tell a difference from chance.
enum { ROUNDS_TO_TELL = 3 };
// How a ratio reads: better, worse, or not told apart from 1 by these rounds.
enum outcome { OUTCOME_BETTER, OUTCOME_SAME, OUTCOME_WORSE, OUTCOME_UNKNOWN };
enum outcome summary_outcome(const struct summary *summary);

// The verdict: one or two sentences, honest when ashlar loses.
void verdict_add(struct text *text, const struct comparison *comparison);
// What qualifies it: losses, noise, processes that did not use it. Often empty.
void caveat_add(struct text *text, const struct comparison *comparison);
// True when the verdict is a warning: not used, failed, or nothing to say.
bool verdict_is_warning(const struct comparison *comparison);

// "active in 3 of 3 processes"
void proof_add(struct text *text, const struct proof *proof);

// A value with its unit in at most nine columns: "1.234 s", "108.6 MiB", "9 876".
void metric_add(struct text *text, enum metric metric, double value);

// environment.c
// "glibc 2.36", as a new string.
char *libc_version(void);
void environment_read(struct environment *environment);

#endif
