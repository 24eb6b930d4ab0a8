#define _GNU_SOURCE

#include "api/query.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "api/aligned.h"
#include "api/boot.h"
#include "api/hard.h"
#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "heap/hard.h"
#include "heap/sizeclass.h"
#include "heap/tenure.h"
#include "platform/os.h"
#include "platform/tags.h"
#include "supply/guard.h"
#include "supply/huge.h"
#include "supply/region.h"

// `offset` is how far behind the start of the span or run.
static size_t query_held(const struct ash_record *record, size_t offset) {
    if (record->kind == ASH_KIND_RUN) {
        return offset == record->lead ? record->run_bytes : 0;
    }
    const struct ash_class *c = &ash_classes[record->class_index];
    return (size_t)ash_class_index(c, offset) * c->block_bytes == offset ? c->block_bytes : 0;
}

size_t ash_query_bytes(const void *pointer) {
    const void *block = ash_tag_strip(pointer);
    const struct ash_record *record = ash_record_find(block);
    if (record == NULL || record->kind == ASH_KIND_FREE) {
        return ash_huge_find(block).bytes;
    }
    size_t offset = (size_t)((const char *)block - ash_record_start(record));
    size_t held = query_held(record, offset);
    return ash_hard_on() ? ash_hard_usable(record, offset, held) : held;
}

// A run's other slices are FREE in their records, so of a run and of a huge block only the start
// is known; of a guarded one all bytes are.
struct ash_realm *ash_query_realm(const void *p) {
    struct ash_record *record = ash_record_find(ash_tag_strip(p));
    if (record == NULL || record->kind == ASH_KIND_FREE) {
        return ash_huge_find(ash_guard_start_of(p)).realm;
    }
    return record->kind == ASH_KIND_RUN ? record->realm
                                        : ash_realm_of(ash_tenure_owner(&record->owner));
}

ASH_NOINLINE size_t ash_usable_size(const void *block) {
    return block == NULL ? 0 : ash_query_bytes(block);
}

ASH_NOINLINE size_t ash_good_size_aligned(size_t bytes, size_t align) {
    if (bytes > PTRDIFF_MAX || !ash_boot()) {
        return bytes;
    }
    if (ash_hard.exact != 0) {
        return ash_max(bytes, 1);  // behind it is the canary, or an inaccessible page
    }
    unsigned class_index = ash_aligned_class(align, bytes);
    return class_index < ASH_CLASS_COUNT ? ash_classes[class_index].block_bytes
                                         : ash_round_up(ash_max(bytes, 1), ash_os_page_bytes());
}

ASH_NOINLINE size_t ash_good_size(size_t bytes) {
    return ash_good_size_aligned(bytes, ASH_MIN_ALIGN);
}

ASH_NOINLINE int ash_version(void) {
    return 10000 * ASH_VERSION_MAJOR + 100 * ASH_VERSION_MINOR + ASH_VERSION_PATCH;
}

// Asks the C library for a string: wherever its malloc leads is the process's. The
// one string is kept, because this library may not know how to free it.
ASH_NOINLINE bool ash_is_active(void) {
    static _Atomic(char *) probe;
    // acquire, release: the string is somebody's block, whose record is read below.
    char *string = atomic_load_explicit(&probe, memory_order_acquire);
    if (string == NULL) {
        string = strdup("ashlar");
        atomic_store_explicit(&probe, string, memory_order_release);
    }
    return string != NULL && ash_query_bytes(string) != 0;
}
