// The trace file. It is opened anew for each chunk: a program may close every descriptor
// it does not know, and the number would then belong to a file of its own.

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record.h"

#define COMMAND_BYTES 4096

static char path[PATH_MAX];
static struct stat identity;
static off_t length;
static unsigned char events[CHUNK_BYTES];
static size_t bytes_used;
static uint32_t event_count;

static void put_text(char *to, size_t room, const char *text) {
    size_t used = strlen(to);
    size_t more = strlen(text);
    more = more < room - used - 1 ? more : room - used - 1;
    memcpy(to + used, text, more);
    to[used + more] = '\0';
}

static void put_number(char *to, size_t room, unsigned long number) {
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    put_text(to, room, digits + at);
}

void file_complain(const char *words, const char *detail) {
    char line[PATH_MAX + 256] = "ashlar-record: ";
    put_text(line, sizeof line, words);
    put_text(line, sizeof line, detail);
    put_text(line, sizeof line, "\n");
    ssize_t written = write(STDERR_FILENO, line, strlen(line));
    (void)written;
}

// The whole of a small file of /proc; its length, 0 on failure.
static size_t read_proc(const char *name, char *to, size_t room) {
    int file = open(name, O_RDONLY | O_CLOEXEC);
    size_t got = 0;
    ssize_t now = 1;
    while (file >= 0 && got < room && now > 0) {
        now = read(file, to + got, room - got);
        got += now > 0 ? (size_t)now : 0;
    }
    if (file >= 0) {
        close(file);
    }
    return got;
}

// A variable of the environment as it was at the start: the first malloc comes before libc
// knows it. Empty where it is not set.
static void find_variable(const char *name, char *value, size_t room) {
    static char environment[1 << 17];
    size_t got = read_proc("/proc/self/environ", environment, sizeof environment - 1);
    size_t name_bytes = strlen(name);
    value[0] = '\0';
    for (size_t at = 0; at < got; at += strlen(environment + at) + 1) {
        if (strncmp(environment + at, name, name_bytes) == 0) {
            put_text(value, room, environment + at + name_bytes);
        }
    }
}

// False in a process that ASHLAR_RECORD_ONLY leaves out: it names the program meant, where a
// shell or the like starts it. The kernel keeps 15 characters of a program's name.
static bool is_meant(void) {
    char only[PATH_MAX];
    char program[17] = "";
    find_variable("ASHLAR_RECORD_ONLY=", only, sizeof only);
    size_t got = read_proc("/proc/self/comm", program, sizeof program - 1);
    program[got > 0 ? got - 1 : 0] = '\0';
    return only[0] == '\0' || strncmp(only, program, 15) == 0;
}

// The absolute path, with %p replaced: the program may change its folder.
static bool find_path(void) {
    char pattern[PATH_MAX];
    find_variable("ASHLAR_RECORD=", pattern, sizeof pattern);
    if (pattern[0] == '\0') {
        put_text(pattern, sizeof pattern, "ashlar-%p.trace");
    }
    if (pattern[0] != '/') {
        if (getcwd(path, sizeof path) == NULL) {
            return false;
        }
        put_text(path, sizeof path, "/");
    }
    char *number = strstr(pattern, "%p");
    if (number == NULL) {
        put_text(path, sizeof path, pattern);
        return true;
    }
    *number = '\0';
    put_text(path, sizeof path, pattern);
    put_number(path, sizeof path, (unsigned long)getpid());
    put_text(path, sizeof path, number + 2);
    return true;
}

static bool write_whole(int file, const void *bytes, size_t count) {
    const char *at = bytes;
    while (count > 0) {
        ssize_t now = write(file, at, count);
        if (now < 0 && errno == EINTR) {
            continue;
        }
        if (now <= 0) {
            return false;
        }
        at += now;
        count -= (size_t)now;
    }
    return true;
}

// In words of ours: strerror may allocate, and this runs inside malloc.
static const char *write_error(int error) {
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return "the disk is full";
    case EFBIG:
        return "the file is as large as a file may be here (ulimit -f)";
    case EIO:
        return "the disk fails";
    default:
        return "the file cannot be written";
    }
}

// Appends two parts, or leaves the file as it was.
static bool append(const void *head, size_t head_bytes, const void *body, size_t body_bytes) {
    struct stat now;
    int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    bool same = file >= 0 && fstat(file, &now) == 0 && now.st_dev == identity.st_dev &&
                now.st_ino == identity.st_ino;
    bool done = same && write_whole(file, head, head_bytes) && write_whole(file, body, body_bytes);
    if (done) {
        length += (off_t)(head_bytes + body_bytes);
    } else {
        file_complain(same ? write_error(errno) : "the file is no longer there",
                      ": the rest of the program is not recorded");
    }
    if (same && !done && ftruncate(file, length) != 0) {
        file_complain("the file's last chunk is damaged: ", path);
    }
    if (file >= 0) {
        close(file);
    }
    return done;
}

bool file_open(void) {
    static char command[COMMAND_BYTES];
    int before = errno;
    if (!is_meant()) {
        return false;
    }
    int file = find_path() ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
    if (file < 0) {
        const char *why = errno == EEXIST ? "not recorded, since the file exists (have %p in "
                                            "ASHLAR_RECORD for one file a process): "
                                          : "not recorded, since the file cannot be made: ";
        file_complain(why, path);
        errno = before;
        return false;
    }
    bool known = fstat(file, &identity) == 0;
    close(file);
    size_t got = read_proc("/proc/self/cmdline", command, sizeof command);
    for (size_t i = 0; i < got; i++) {
        command[i] = command[i] == '\0' ? ' ' : command[i];
    }
    struct trace_header header = {.version = TRACE_VERSION, .command_bytes = (uint32_t)got};
    memcpy(header.magic, TRACE_MAGIC, sizeof header.magic);
    bool done = known && append(&header, sizeof header, command, got);
    errno = before;
    return done;
}

static bool flush(void) {
    if (event_count == 0) {
        return true;
    }
    struct trace_chunk chunk = {.bytes = (uint32_t)bytes_used,
                                .events = event_count,
                                .checksum = trace_checksum(events, bytes_used)};
    memcpy(chunk.magic, CHUNK_MAGIC, sizeof chunk.magic);
    bool done = append(&chunk, sizeof chunk, events, bytes_used);
    bytes_used = 0;
    event_count = 0;
    return done;
}

bool file_event(const unsigned char *bytes, size_t count) {
    if (bytes_used + count > sizeof events && !flush()) {
        return false;
    }
    memcpy(events + bytes_used, bytes, count);
    bytes_used += count;
    event_count++;
    return true;
}

void file_close(uint32_t unseen) {
    struct trace_chunk end = {.checksum = unseen};
    memcpy(end.magic, END_MAGIC, sizeof end.magic);
    if (flush()) {
        append(&end, sizeof end, NULL, 0);
    }
}
