// Reads a trace, event by event. Whatever is wrong with the file ends the program with a
// message that says where and what to do.

#ifndef ASHLAR_BENCH_TRACE_READER_H
#define ASHLAR_BENCH_TRACE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

#define MOST_SIZE ((uint64_t)1 << 47)
#define MOST_ALIGN_LOG2 40

struct event {
    enum trace_kind kind;
    uint32_t thread;
    unsigned align_log2;
    uint64_t distance;  // from the next block's number back to the block that ends
    uint64_t size;
};

struct reader {
    const char *path;
    const unsigned char *bytes;
    size_t count;
    size_t at;         // in the file
    size_t chunk_end;  // in the file
    uint32_t chunk_events;
    uint32_t thread;
    uint32_t threads;
    uint64_t blocks;  // made so far
    uint64_t events;
    uint32_t unseen;
    bool ended;  // by an end mark
};

void reader_open(struct reader *reader, const char *path);
bool reader_next(struct reader *reader, struct event *event);
// The command that was recorded, and its length.
const char *reader_command(const struct reader *reader, size_t *length);
// Ends the program: "replay: FILE: byte N: WHAT".
_Noreturn void reader_fail(const struct reader *reader, const char *what);

#endif
