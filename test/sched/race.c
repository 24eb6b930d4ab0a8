#include "race.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "explore.h"
#include "model.h"
#include "trace.h"

enum { CELLS = 1 << 14, UNDO_MAX = 1 << 15, WORD_BYTES = 4 };

// Marks the cells of single bytes; no address has this bit.
#define SMALL ((uintptr_t)1 << 63)

struct cell {
    uintptr_t part;  // a word or a byte; 0 for an unused cell
    uint32_t run;    // the execution that the rest is of
    uint8_t writer;
    uint8_t written;              // the writer's event before it, + 1; 0 for never
    uint8_t read[MODEL_THREADS];  // in the same way, by thread
};

struct undo {
    unsigned char *at;
    uint32_t bytes;
    unsigned char old[8];
};

static struct cell cells[CELLS];
static uint32_t run = 1;
static struct undo undos[UNDO_MAX];
static unsigned undo_count;

void race_rewind(void) {
    while (undo_count > 0) {
        struct undo *undo = &undos[--undo_count];
        memcpy(undo->at, undo->old, undo->bytes);
    }
    run++;
}

static struct cell *cell_of(uintptr_t part) {
    size_t at = (size_t)(part * UINT64_C(0x9e3779b97f4a7c15) >> 40) % CELLS;
    for (unsigned tries = 0; cells[at].part != part; tries++) {
        explore_need(tries < CELLS / 2, "raise CELLS");
        if (cells[at].part == 0) {
            cells[at].part = part;
            break;
        }
        at = (at + 1) % CELLS;
    }
    struct cell *cell = &cells[at];
    if (cell->run != run) {
        memset(&cell->run, 0, sizeof *cell - offsetof(struct cell, run));
        cell->run = run;
    }
    return cell;
}

// An access made after `event - 1` events of `thread` happened before one whose clock has seen
// the next event of it.
static bool is_unseen(const struct model_clock *clock, unsigned thread, unsigned event) {
    return event != 0 && thread != explore_thread() && clock->seen[thread] < event;
}

static void note_part(uintptr_t part, bool writes, const void *code) {
    unsigned thread = explore_thread();
    const struct model_clock *clock = model_now(thread);
    struct cell *cell = cell_of(part);
    if (is_unseen(clock, cell->writer, cell->written)) {
        trace_race((const void *)(part & ~SMALL), code, cell->writer, true, writes);
    }
    for (unsigned i = 0; writes && i < MODEL_THREADS; i++) {
        if (is_unseen(clock, i, cell->read[i])) {
            trace_race((const void *)(part & ~SMALL), code, i, false, true);
        }
    }
    uint8_t now = (uint8_t)(clock->seen[thread] + 1);
    if (writes) {
        cell->writer = (uint8_t)thread;
        cell->written = now;
    } else {
        cell->read[thread] = now;
    }
}

static void keep(unsigned char *at, size_t bytes) {
    explore_need(undo_count < UNDO_MAX, "raise UNDO_MAX");
    struct undo *undo = &undos[undo_count++];
    undo->at = at;
    undo->bytes = (uint32_t)bytes;
    memcpy(undo->old, at, bytes);
}

void race_note(void *at, size_t bytes, bool writes, const void *code) {
    if (!explore_is_recording() || explore_is_stack(at)) {
        return;
    }
    uintptr_t unit = bytes < WORD_BYTES ? 1 : WORD_BYTES;
    uintptr_t end = (uintptr_t)at + bytes;
    for (uintptr_t part = (uintptr_t)at & ~(unit - 1); part < end; part += unit) {
        note_part(bytes < WORD_BYTES ? part | SMALL : part, writes, code);
    }
    for (size_t done = 0; writes && done < bytes; done += 8) {
        keep((unsigned char *)at + done, bytes - done < 8 ? bytes - done : 8);
    }
}

// What the compiler calls; the names are its own.
#define RACE_CALLS(bytes) \
    void __tsan_read##bytes(void *at); \
    void __tsan_write##bytes(void *at); \
    void __tsan_unaligned_read##bytes(void *at); \
    void __tsan_unaligned_write##bytes(void *at); \
    void __tsan_read##bytes(void *at) { \
        race_note(at, bytes, false, __builtin_return_address(0)); \
    } \
    void __tsan_write##bytes(void *at) { \
        race_note(at, bytes, true, __builtin_return_address(0)); \
    } \
    void __tsan_unaligned_read##bytes(void *at) { \
        race_note(at, bytes, false, __builtin_return_address(0)); \
    } \
    void __tsan_unaligned_write##bytes(void *at) { \
        race_note(at, bytes, true, __builtin_return_address(0)); \
    }

RACE_CALLS(1)
RACE_CALLS(2)
RACE_CALLS(4)
RACE_CALLS(8)
RACE_CALLS(16)

void __tsan_init(void);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_read_range(void *at, size_t bytes);
void __tsan_write_range(void *at, size_t bytes);
void *race_memset(void *at, int byte, size_t bytes);

void __tsan_init(void) {}

void __tsan_func_entry(void *caller) {
    (void)caller;
}

void __tsan_func_exit(void) {}

void __tsan_read_range(void *at, size_t bytes) {
    race_note(at, bytes, false, __builtin_return_address(0));
}

void __tsan_write_range(void *at, size_t bytes) {
    race_note(at, bytes, true, __builtin_return_address(0));
}

// Compilers instrument no library calls; the code under test has this for memset.
void *race_memset(void *at, int byte, size_t bytes) {
    race_note(at, bytes, true, __builtin_return_address(0));
    return memset(at, byte, bytes);
}
