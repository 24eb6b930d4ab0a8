// What a test did last, and the one way it fails.

#ifndef ASHLAR_TEST_MODEL_JOURNAL_H
#define ASHLAR_TEST_MODEL_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#define JOURNAL_ENTRIES 16

struct journal_entry {
    const char *operation;  // a literal
    const void *block;      // given to the operation, or NULL
    size_t bytes;
    size_t detail;  // the alignment or count, as the operation has one
    uint64_t step;
};

struct journal {
    const char *program;
    uint64_t seed;
    uint64_t step;
    unsigned thread;
    size_t count;
    struct journal_entry entries[JOURNAL_ENTRIES];
};

// Notes that `operation` is about to run.
void journal_note(struct journal *journal, const char *operation, const void *block, size_t bytes,
                  size_t detail);

// Prints the message, the seed, the step and the last operations to standard
// error, and ends the process with status 1. Only the first failing thread prints.
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3), noreturn))
#endif
void journal_fail(const struct journal *journal, const char *format, ...);

#endif
