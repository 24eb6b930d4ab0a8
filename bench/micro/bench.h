// What the rows of the benchmark share. All rows call plain malloc and free; the
// allocator is whichever the process got, by LD_PRELOAD or otherwise.

#ifndef ASHLAR_BENCH_BENCH_H
#define ASHLAR_BENCH_BENCH_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

// How a row is judged: CPU time (one thread, pinned), wall time, or memory.
enum row_kind { ROW_CPU, ROW_WALL, ROW_MEMORY };

struct row {
    const char *name;
    enum row_kind kind;
    size_t n;  // the amount of work when none is given; each row says of what
    void (*run)(const struct row *row, size_t n);
    size_t detail;  // block size, number of threads and the like
    size_t more;
};

// The rows of one file, ended by one without a name.
extern const struct row rows_pairs[];
extern const struct row rows_live[];
extern const struct row rows_sizes[];
extern const struct row rows_threads[];
extern const struct row rows_memory[];
extern const struct row rows_startup[];
extern const struct row rows_programs[];

void program_factor(const struct row *row, size_t n);
void program_handover(const struct row *row, size_t n);
void program_relay(const struct row *row, size_t n);
void program_server(const struct row *row, size_t n);

// The time of the measured part of a row.
struct stopwatch {
    double wall;
    double cpu;  // of all threads and of the children waited for
};

void stopwatch_start(struct stopwatch *watch);

// Prints the row's line: ops, seconds, and what `format` adds (key=value ...).
void stopwatch_report(struct stopwatch *watch, const struct row *row, size_t ops);
void report_memory(const struct row *row, size_t ops, const char *values);

// Bytes resident now, exactly, without a call to the allocator.
size_t resident_bytes(void);

// malloc that ends the process when there is no memory.
void *must_malloc(size_t bytes);

// Zeroed memory from the system, for the benchmark's own tables: equal for all
// allocators, and never part of what is measured. Touched before use.
void *table_create(size_t bytes);

void thread_start(pthread_t *thread, void *(*function)(void *), void *argument);

// A small and fast generator (xorshift): it must not outweigh what is measured.
struct dice {
    uint64_t state;
};

static inline uint64_t dice_next(struct dice *dice) {
    uint64_t x = dice->state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    dice->state = x;
    return x;
}

// 0 to `limit` - 1, for limits below 2^32, by multiplication instead of division.
static inline size_t dice_below(struct dice *dice, size_t limit) {
    return (size_t)(((dice_next(dice) >> 32) * (uint64_t)limit) >> 32);
}

// Writes to a block as a program would, and keeps the compiler from dropping it.
static inline void touch(void *block) {
    *(volatile char *)block = 1;
}

#endif
