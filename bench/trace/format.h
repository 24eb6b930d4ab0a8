// The two files: a trace, as recorded (README.md describes it byte by byte), and a plan,
// as replayed.

#ifndef ASHLAR_BENCH_TRACE_FORMAT_H
#define ASHLAR_BENCH_TRACE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define TRACE_MAGIC "ashtrace"
#define TRACE_VERSION 1
#define CHUNK_MAGIC "CHNK"
#define END_MAGIC "DONE"
#define CHUNK_BYTES 65536

// The longest event: a byte, a thread, a distance, a size.
#define EVENT_BYTES 32
#define MOST_THREADS 65536

enum trace_kind {
    TRACE_MALLOC,
    TRACE_CALLOC,
    TRACE_ALIGNED,
    TRACE_REALLOC,
    TRACE_FREE,
    TRACE_FREE_NULL,
    TRACE_KINDS,
};

#define TRACE_KIND_MASK 15
#define TRACE_OTHER_THREAD 16

struct trace_header {
    char magic[8];
    uint32_t version;
    uint32_t command_bytes;
};

struct trace_chunk {
    char magic[4];
    uint32_t bytes;
    uint32_t events;
    uint32_t checksum;  // of an end mark: blocks freed that were never seen
};

static inline uint32_t trace_checksum(const unsigned char *bytes, size_t count) {
    uint32_t sum = 2166136261U;
    for (size_t i = 0; i < count; i++) {
        sum = (sum ^ bytes[i]) * 16777619U;
    }
    return sum;
}

#define PLAN_MAGIC "ashplan1"
#define EPOCH_STEPS 2048

// The first bytes of a block hold its number where it has so many.
#define TAG_BYTES sizeof(uint64_t)

// One thing that a thread does. `slot` is where the block's pointer is kept, `other` the
// slot of the block that a realloc ends; `size` is the block's, also when it is freed.
struct plan_step {
    uint64_t size;
    uint32_t slot;
    uint32_t other;
    uint32_t epoch;
    uint8_t kind;
    uint8_t align_log2;
    uint8_t other_has_tag;
    uint8_t spare;
    uint32_t tag;  // the block's number
    uint32_t other_tag;
};

struct plan_thread {
    uint64_t first;  // index of its first step
    uint64_t steps;
    uint64_t first_epoch;
};

// The header is followed by the threads, then by all steps, thread by thread. All epochs
// but the last have EPOCH_STEPS steps.
struct plan_header {
    char magic[8];
    uint64_t threads;
    uint64_t slots;
    uint64_t steps;
    uint64_t peak_bytes;
    uint64_t peak_blocks;
};

#endif
