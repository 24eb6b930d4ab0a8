// The recorder's three parts: calls (record.c), blocks (record_map.c), file (record_file.c).

#ifndef ASHLAR_BENCH_TRACE_RECORD_H
#define ASHLAR_BENCH_TRACE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

// Blocks by address: which number each has. The caller holds the recorder's lock.
bool map_put(const void *block, uint64_t number);
// Takes a block out; false when it was never seen.
bool map_take(const void *block, uint64_t *number);

// Chooses and creates the file, once; false when this process is not to be recorded.
bool file_open(void);
// One event of `count` bytes; false when it cannot be written, which has been said.
bool file_event(const unsigned char *bytes, size_t count);
// Writes what is left, and the end mark.
void file_close(uint32_t unseen);
// One line on standard error: "ashlar-record: WORDS: DETAIL".
void file_complain(const char *words, const char *detail);

#endif
