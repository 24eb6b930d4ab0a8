#include "journal.h"

#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

void journal_note(struct journal *journal, const char *operation, const void *block, size_t bytes,
                  size_t detail) {
    journal->entries[journal->count++ % JOURNAL_ENTRIES] = (struct journal_entry){
        .operation = operation,
        .block = block,
        .bytes = bytes,
        .detail = detail,
        .step = journal->step,
    };
}

static void journal_print(const struct journal *journal) {
    size_t kept = journal->count < JOURNAL_ENTRIES ? journal->count : JOURNAL_ENTRIES;
    fprintf(stderr, "  last operations, newest last:\n");
    for (size_t i = journal->count - kept; i < journal->count; i++) {
        const struct journal_entry *entry = &journal->entries[i % JOURNAL_ENTRIES];
        fprintf(stderr, "    step %llu: %s block=%p bytes=%zu detail=%zu\n",
                (unsigned long long)entry->step, entry->operation, entry->block, entry->bytes,
                entry->detail);
    }
}

static void stand_still(int signal) {
    (void)signal;
    for (;;) {
        pause();
    }
}

// Other threads may break over what was found, before it has been told.
static void hold_others(void) {
    static const int ends[] = {SIGABRT, SIGBUS, SIGSEGV};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)signal(ends[i], stand_still);
    }
}

void journal_fail(const struct journal *journal, const char *format, ...) {
    static atomic_flag failed = ATOMIC_FLAG_INIT;
    // acq_rel: one thread wins; the others wait for its _exit().
    if (atomic_flag_test_and_set_explicit(&failed, memory_order_acq_rel)) {
        stand_still(0);
    }
    hold_others();
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: FAIL: ", journal->program);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n  seed %llu, step %llu, thread %u: repeat with --seed %llu\n",
            (unsigned long long)journal->seed, (unsigned long long)journal->step, journal->thread,
            (unsigned long long)journal->seed);
    journal_print(journal);
    fflush(stderr);
    _exit(1);
}
