#include "ranges.h"

static struct range range_of(const void *start, size_t bytes) {
    return (struct range){(uintptr_t)start, (uintptr_t)start + bytes};
}

// The index of the range that holds `wanted`, or `count`.
static size_t ranges_find(const struct ranges *ranges, struct range wanted) {
    size_t i = 0;
    while (i < ranges->count &&
           (wanted.start < ranges->all[i].start || wanted.end > ranges->all[i].end)) {
        i++;
    }
    return i;
}

bool ranges_add(struct ranges *ranges, const void *start, size_t bytes) {
    if (ranges->count == RANGES_MAX) {
        return false;
    }
    ranges->all[ranges->count++] = range_of(start, bytes);
    return true;
}

bool ranges_join(struct ranges *ranges, const void *start, size_t bytes) {
    struct range whole = range_of(start, bytes);
    for (size_t i = 0; i < ranges->count; i++) {
        struct range other = ranges->all[i];
        if (other.end == whole.start || other.start == whole.end) {
            whole.start = other.start < whole.start ? other.start : whole.start;
            whole.end = other.end > whole.end ? other.end : whole.end;
            ranges->all[i--] = ranges->all[--ranges->count];
        }
    }
    return ranges_add(ranges, (const void *)whole.start, whole.end - whole.start);
}

bool ranges_remove(struct ranges *ranges, const void *start, size_t bytes) {
    struct range gone = range_of(start, bytes);
    size_t i = ranges_find(ranges, gone);
    if (i == ranges->count) {
        return false;
    }
    struct range old = ranges->all[i];
    ranges->all[i] = ranges->all[--ranges->count];
    bool room = true;
    if (old.start < gone.start) {
        room &= ranges_add(ranges, (const void *)old.start, gone.start - old.start);
    }
    if (gone.end < old.end) {
        room &= ranges_add(ranges, (const void *)gone.end, old.end - gone.end);
    }
    return room;
}

bool ranges_hold(const struct ranges *ranges, const void *start, size_t bytes) {
    return ranges_find(ranges, range_of(start, bytes)) < ranges->count;
}

bool ranges_touch(const struct ranges *ranges, const void *start, size_t bytes) {
    struct range wanted = range_of(start, bytes);
    for (size_t i = 0; i < ranges->count; i++) {
        if (wanted.start < ranges->all[i].end && ranges->all[i].start < wanted.end) {
            return true;
        }
    }
    return false;
}
