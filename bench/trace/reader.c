#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void reader_fail(const struct reader *reader, const char *what) {
    fprintf(stderr, "replay: %s: byte %zu: %s\n", reader->path, reader->at, what);
    exit(1);
}

static void map_file(struct reader *reader) {
    struct stat status;
    int file = open(reader->path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0) {
        fprintf(stderr, "replay: %s: %s\n", reader->path, strerror(errno));
        exit(1);
    }
    reader->count = (size_t)status.st_size;
    if (reader->count < sizeof(struct trace_header)) {
        reader_fail(reader, "too short for a trace; record it with libashlar-record.so");
    }
    void *bytes = mmap(NULL, reader->count, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED) {
        fprintf(stderr, "replay: %s: %s\n", reader->path, strerror(errno));
        exit(1);
    }
    close(file);
    reader->bytes = bytes;
}

void reader_open(struct reader *reader, const char *path) {
    *reader = (struct reader){.path = path};
    map_file(reader);
    struct trace_header header;
    memcpy(&header, reader->bytes, sizeof header);
    if (memcmp(header.magic, TRACE_MAGIC, sizeof header.magic) != 0) {
        reader_fail(reader, "no trace; record one with libashlar-record.so");
    }
    if (header.version != TRACE_VERSION) {
        reader_fail(reader, "a trace of another version; record it again with this build");
    }
    if (header.command_bytes > reader->count - sizeof header) {
        reader_fail(reader, "the header is damaged; record it again");
    }
    reader->at = sizeof header + header.command_bytes;
    reader->chunk_end = reader->at;
}

const char *reader_command(const struct reader *reader, size_t *length) {
    struct trace_header header;
    memcpy(&header, reader->bytes, sizeof header);
    *length = header.command_bytes;
    return (const char *)reader->bytes + sizeof header;
}

static void take_end(struct reader *reader, const struct trace_chunk *chunk) {
    reader->ended = true;
    reader->unseen = chunk->checksum;
    reader->at += sizeof *chunk;
    if (reader->at != reader->count) {
        reader_fail(reader, "bytes after the end mark; the file is damaged, record it again");
    }
}

// The next chunk with events; false at the end.
static bool next_chunk(struct reader *reader) {
    struct trace_chunk chunk;
    if (reader->ended || reader->at == reader->count) {
        return false;
    }
    if (reader->count - reader->at < sizeof chunk) {
        reader_fail(reader, "the file ends within a chunk's head; record it again");
    }
    memcpy(&chunk, reader->bytes + reader->at, sizeof chunk);
    if (memcmp(chunk.magic, END_MAGIC, sizeof chunk.magic) == 0) {
        take_end(reader, &chunk);
        return false;
    }
    if (memcmp(chunk.magic, CHUNK_MAGIC, sizeof chunk.magic) != 0) {
        reader_fail(reader, "no chunk begins here; the file is damaged, record it again");
    }
    size_t start = reader->at + sizeof chunk;
    if (chunk.bytes > reader->count - start) {
        reader_fail(reader, "the file ends within a chunk; record it again");
    }
    if (trace_checksum(reader->bytes + start, chunk.bytes) != chunk.checksum) {
        reader_fail(reader, "the chunk's checksum is wrong; the file is damaged, record it again");
    }
    reader->at = start;
    reader->chunk_end = start + chunk.bytes;
    reader->chunk_events = chunk.events;
    return true;
}

static unsigned char next_byte(struct reader *reader) {
    if (reader->at == reader->chunk_end) {
        reader_fail(reader, "an event ends beyond its chunk; the file is damaged, record it again");
    }
    return reader->bytes[reader->at++];
}

static uint64_t next_number(struct reader *reader, uint64_t most, const char *too_large) {
    uint64_t number = 0;
    unsigned shift = 0;
    unsigned char byte;
    do {
        byte = next_byte(reader);
        number |= (uint64_t)(byte & 127) << shift;
        shift += 7;
    } while (byte >= 128 && shift < 63);
    if (byte >= 128 || number > most) {
        reader_fail(reader, too_large);
    }
    return number;
}

static void read_thread(struct reader *reader) {
    reader->thread =
        (uint32_t)next_number(reader, reader->threads, "a thread out of turn; the file is damaged");
    if (reader->thread == reader->threads && ++reader->threads > MOST_THREADS) {
        reader_fail(reader, "more threads than can be replayed (65,536)");
    }
}

static uint64_t read_distance(struct reader *reader) {
    uint64_t distance =
        next_number(reader, reader->blocks, "a block that was never made; the file is damaged");
    if (distance == 0) {
        reader_fail(reader, "a block that is not made yet; the file is damaged");
    }
    return distance;
}

bool reader_next(struct reader *reader, struct event *event) {
    while (reader->chunk_events == 0) {
        if (reader->at != reader->chunk_end) {
            reader_fail(reader, "a chunk has more bytes than events; the file is damaged");
        }
        if (!next_chunk(reader)) {
            return false;
        }
    }
    reader->chunk_events--;
    unsigned char first = next_byte(reader);
    *event = (struct event){.kind = (enum trace_kind)(first & TRACE_KIND_MASK)};
    if (event->kind >= TRACE_KINDS || (first & ~(TRACE_KIND_MASK | TRACE_OTHER_THREAD)) != 0) {
        reader_fail(reader, "an unknown kind of event; the file is damaged or newer than this");
    }
    if ((first & TRACE_OTHER_THREAD) != 0) {
        read_thread(reader);
    } else if (reader->threads == 0) {
        reader_fail(reader, "the first event has no thread; the file is damaged");
    }
    event->thread = reader->thread;
    if (event->kind == TRACE_ALIGNED) {
        event->align_log2 = (unsigned)next_number(reader, MOST_ALIGN_LOG2,
                                                  "an alignment above 2^40; the file is damaged");
    }
    if (event->kind == TRACE_REALLOC || event->kind == TRACE_FREE) {
        event->distance = read_distance(reader);
    }
    if (event->kind <= TRACE_REALLOC) {
        event->size = next_number(reader, MOST_SIZE, "a size above 2^47; the file is damaged");
        reader->blocks++;
    }
    reader->events++;
    return true;
}
