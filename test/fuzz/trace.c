// The harness for the reader of trace files (bench/trace/reader.h). The reader ends its process
// where a file is damaged; here its exit() comes back. The file's bytes lie before an inaccessible
// page, so a read behind their end is found in every build.
//
// CMake gives reader.c the functions below in the place of exit, fprintf and what it calls of
// the system.

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"
#include "reader.h"

#ifndef FUZZ_PLANT
#define FUZZ_PLANT 0
#endif

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

_Noreturn void fuzz_reader_exit(int status);
int fuzz_reader_fprintf(FILE *stream, const char *format, ...);
int fuzz_reader_open(const char *path, int flags, ...);
int fuzz_reader_close(int file);
int fuzz_reader_fstat(int file, struct stat *status);
void *fuzz_reader_mmap(void *start, size_t bytes, int protection, int flags, int file, off_t at);

enum { FILE_MAX = 1 << 20 };

static jmp_buf reader_ended;
static char reader_said[512];
static unsigned char *file_place;
static size_t file_count;

_Noreturn void fuzz_reader_exit(int status) {
    longjmp(reader_ended, status == 0 ? 99 : status);
}

int fuzz_reader_fprintf(FILE *stream, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)stream;
    int length = vsnprintf(reader_said, sizeof reader_said, format, arguments);
    va_end(arguments);
    return length;
}

// No file is open: an end in between would leave it so.
int fuzz_reader_open(const char *path, int flags, ...) {
    (void)path, (void)flags;
    return 0;
}

int fuzz_reader_close(int file) {
    return file;
}

int fuzz_reader_fstat(int file, struct stat *status) {
    (void)file;
    *status = (struct stat){.st_size = (off_t)file_count};
    return 0;
}

void *fuzz_reader_mmap(void *start, size_t bytes, int protection, int flags, int file, off_t at) {
    (void)start, (void)protection, (void)flags, (void)file, (void)at;
    if (bytes != file_count) {
        fuzz_fail("it maps %zu bytes of %zu", bytes, file_count);
    }
    return file_place;
}

// Lays the file's bytes out so that the last one is the last of its page.
static void place_file(const uint8_t *bytes, size_t count) {
    static unsigned char *space;
    if (space == NULL) {
        space = mmap(NULL, FILE_MAX + (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (space == MAP_FAILED ||
            mprotect(space + FILE_MAX, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE) != 0) {
            fuzz_fail("no memory for the file");
        }
    }
    file_place = space + FILE_MAX - count;
    file_count = count;
    if (count > 0) {
        memcpy(file_place, bytes, count);
    }
}

// A fuzzer does not find checksums: one that is 0 is filled in, so that events are reached.
static void fill_checksums(void) {
    struct trace_header header;
    struct trace_chunk chunk;
    size_t at = sizeof header;
    if (file_count < at) {
        return;
    }
    memcpy(&header, file_place, sizeof header);
    for (at += header.command_bytes; at + sizeof chunk <= file_count;) {
        memcpy(&chunk, file_place + at, sizeof chunk);
        size_t next = at + sizeof chunk + chunk.bytes;
        if (chunk.checksum == 0 && next <= file_count) {
            chunk.checksum = trace_checksum(file_place + at + sizeof chunk, chunk.bytes);
            memcpy(file_place + at, &chunk, sizeof chunk);
        }
        at = next;
    }
}

// What reader.h and bench/trace/README.md promise of every event.
static void check_event(const struct reader *reader, const struct event *event, uint64_t blocks,
                        uint32_t threads) {
    bool ends = event->kind == TRACE_REALLOC || event->kind == TRACE_FREE;
    bool begins = event->kind <= TRACE_REALLOC;
    if (event->kind >= TRACE_KINDS || event->thread > threads || event->thread >= MOST_THREADS) {
        fuzz_fail("kind %d of thread %u", (int)event->kind, event->thread);
    }
    if (event->size > (uint64_t)1 << 47 || event->align_log2 > 40 || (!begins && event->size > 0)) {
        fuzz_fail("%ju bytes aligned to 2^%u", (uintmax_t)event->size, event->align_log2);
    }
    if (ends ? event->distance == 0 || event->distance > blocks : event->distance != 0) {
        fuzz_fail("distance %ju of %ju blocks", (uintmax_t)event->distance, (uintmax_t)blocks);
    }
    if (reader->blocks != blocks + begins || reader->at > file_count) {
        fuzz_fail("%ju blocks, at byte %zu of %zu", (uintmax_t)reader->blocks, reader->at,
                  file_count);
    }
}

// Planted, a block that ends is the one before it.
static bool shim_next(struct reader *reader, struct event *event) {
    bool read = reader_next(reader, event);
    event->distance += FUZZ_PLANT == 1 && event->distance > 0 ? 1 : 0;
    return read;
}

static void read_all(struct reader *reader) {
    struct event event = {0};
    size_t length;
    reader_open(reader, "/dev/null");
    const char *command = reader_command(reader, &length);
    if ((const unsigned char *)command + length > file_place + file_count) {
        fuzz_fail("a command of %zu bytes in a file of %zu", length, file_count);
    }
    uint64_t events = 0, blocks = 0;
    uint32_t threads = 0;
    while (shim_next(reader, &event)) {
        check_event(reader, &event, blocks, threads);
        blocks = reader->blocks;
        threads = reader->threads;
        if (++events != reader->events) {
            fuzz_fail("%ju events, not %ju", (uintmax_t)reader->events, (uintmax_t)events);
        }
    }
    if (reader->at != file_count) {
        fuzz_fail("it ended at byte %zu of %zu without a word", reader->at, file_count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    static struct reader reader;
    if (count > FILE_MAX) {
        return 0;
    }
    fuzz_note("reading", 0);
    place_file(bytes, count);
    fill_checksums();
    reader_said[0] = '\0';
    int status = setjmp(reader_ended);
    if (status == 0) {
        read_all(&reader);
    } else if (status != 1 || strncmp(reader_said, "replay: /dev/null: ", 19) != 0) {
        fuzz_fail("it ended with %d and the words '%s'", status, reader_said);
    }
    return 0;
}
