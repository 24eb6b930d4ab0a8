// From a trace to a plan: which slot each block's pointer is kept in, and which epoch
// each step belongs to. Two passes: the first counts, the second writes.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reader.h"
#include "replay.h"

#define NO_SLOT UINT32_MAX

struct block {
    uint64_t size;
    uint32_t slot;  // NO_SLOT: ended
};

// Slots to be used again, first in first out, each with the epoch in which it fell free.
struct queue {
    struct {
        uint32_t slot;
        uint32_t epoch;
    } * items;
    size_t first;
    size_t last;
};

struct work {
    struct reader reader;
    struct block *blocks;
    struct queue queue;
    struct plan_header header;
    struct plan_thread *threads;
    struct plan_step *steps;
    uint64_t *written;  // of each thread
    uint64_t live_bytes;
    uint64_t live_blocks;
};

static void *table(size_t count, size_t bytes) {
    void *memory = calloc(count + 1, bytes);
    if (memory == NULL) {
        fprintf(stderr, "replay: no memory for a table of %zu entries\n", count);
        exit(1);
    }
    return memory;
}

static void count_steps(struct work *work, const char *path) {
    struct event event;
    reader_open(&work->reader, path);
    work->threads = table(MOST_THREADS, sizeof *work->threads);
    while (reader_next(&work->reader, &event)) {
        struct plan_thread *thread = &work->threads[event.thread];
        if (thread->steps++ == 0) {
            thread->first_epoch = (work->reader.events - 1) / EPOCH_STEPS;
        }
    }
    if (work->reader.blocks >= NO_SLOT || work->reader.events == 0) {
        reader_fail(&work->reader,
                    work->reader.events == 0 ? "nothing was recorded" : "more than 2^32 blocks");
    }
    work->header.threads = work->reader.threads;
    work->header.steps = work->reader.events;
    for (uint64_t i = 1; i < work->header.threads; i++) {
        work->threads[i].first = work->threads[i - 1].first + work->threads[i - 1].steps;
    }
}

// A slot is used again two epochs after its block's end, when that has surely happened.
static uint32_t take_slot(struct work *work, uint32_t epoch) {
    struct queue *queue = &work->queue;
    if (queue->first < queue->last && queue->items[queue->first].epoch + 2 <= epoch) {
        return queue->items[queue->first++].slot;
    }
    return (uint32_t)work->header.slots++;
}

static void end_block(struct work *work, struct block *block, uint32_t epoch) {
    work->queue.items[work->queue.last].slot = block->slot;
    work->queue.items[work->queue.last++].epoch = epoch;
    work->live_bytes -= block->size;
    work->live_blocks--;
    block->slot = NO_SLOT;
}

static void make_block(struct work *work, struct plan_step *step) {
    uint64_t number = work->reader.blocks - 1;
    work->blocks[number].size = step->size;
    work->blocks[number].slot = step->slot = take_slot(work, step->epoch);
    step->tag = (uint32_t)number;
    work->live_bytes += step->size;
    work->live_blocks++;
    if (work->live_bytes > work->header.peak_bytes) {
        work->header.peak_bytes = work->live_bytes;
    }
    if (work->live_blocks > work->header.peak_blocks) {
        work->header.peak_blocks = work->live_blocks;
    }
}

static void write_step(struct work *work, const struct event *event) {
    struct plan_thread *thread = &work->threads[event->thread];
    struct plan_step *step = &work->steps[thread->first + work->written[event->thread]++];
    *step = (struct plan_step){.size = event->size,
                               .epoch = (uint32_t)((work->reader.events - 1) / EPOCH_STEPS),
                               .kind = (uint8_t)event->kind,
                               .align_log2 = (uint8_t)event->align_log2};
    if (event->distance != 0) {
        // The block that a realloc makes has been counted by the reader already.
        uint64_t next = work->reader.blocks - (event->kind == TRACE_REALLOC);
        struct block *block = &work->blocks[next - event->distance];
        if (block->slot == NO_SLOT) {
            reader_fail(&work->reader, "a block ends a second time; the file is damaged");
        }
        step->other = step->slot = block->slot;
        step->other_tag = step->tag = (uint32_t)(next - event->distance);
        step->other_has_tag = block->size >= TAG_BYTES;
        if (event->kind == TRACE_FREE) {
            step->size = block->size;
        }
        end_block(work, block, step->epoch);
    }
    if (event->kind <= TRACE_REALLOC) {
        make_block(work, step);
    }
}

static void write_all(int file, const void *bytes, size_t count, const char *path) {
    const char *at = bytes;
    while (count > 0) {
        ssize_t now = write(file, at, count);
        if (now <= 0) {
            fprintf(stderr, "replay: cannot write %s: %s\n", path, strerror(errno));
            unlink(path);
            exit(1);
        }
        at += now;
        count -= (size_t)now;
    }
}

static void write_plan(const struct work *work, const char *path) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0) {
        fprintf(stderr, "replay: cannot write %s: %s\n", path, strerror(errno));
        exit(1);
    }
    write_all(file, &work->header, sizeof work->header, path);
    write_all(file, work->threads, work->header.threads * sizeof *work->threads, path);
    write_all(file, work->steps, work->header.steps * sizeof *work->steps, path);
    close(file);
}

static void build(struct work *work, const char *path) {
    struct event event;
    count_steps(work, path);
    uint64_t blocks = work->reader.blocks;
    work->blocks = table(blocks, sizeof *work->blocks);
    work->queue.items = table(blocks, sizeof *work->queue.items);
    work->steps = table(work->header.steps, sizeof *work->steps);
    work->written = table(work->header.threads, sizeof *work->written);
    memcpy(work->header.magic, PLAN_MAGIC, sizeof work->header.magic);
    munmap((void *)(uintptr_t)work->reader.bytes, work->reader.count);
    reader_open(&work->reader, path);
    while (reader_next(&work->reader, &event)) {
        write_step(work, &event);
    }
}

static void print_info(const struct work *work) {
    size_t length;
    const char *command = reader_command(&work->reader, &length);
    printf("events=%llu blocks=%llu threads=%llu peak_bytes=%llu peak_blocks=%llu end_mark=%d "
           "unseen=%u command=%.*s\n",
           (unsigned long long)work->reader.events, (unsigned long long)work->reader.blocks,
           (unsigned long long)work->header.threads, (unsigned long long)work->header.peak_bytes,
           (unsigned long long)work->header.peak_blocks, work->reader.ended,
           (unsigned)work->reader.unseen, (int)length, command);
}

int replay_info(const char *trace) {
    static struct work work;
    build(&work, trace);
    print_info(&work);
    return 0;
}

int replay_prepare(const char *trace, const char *plan) {
    static struct work work;
    build(&work, trace);
    if (!work.reader.ended) {
        fprintf(stderr,
                "replay: %s has no end mark (the program was killed, or its disk was "
                "full): what is there is used\n",
                trace);
    }
    write_plan(&work, plan);
    print_info(&work);
    return 0;
}
