// All usable bytes are cleared, not only those that were asked for: so a block can grow into
// them, and ash_rezalloc need not know how many were asked for.

#include "api/zalloc.h"

#include <errno.h>
#include <string.h>

#include "api/large.h"
#include "api/query.h"
#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "heap/hard.h"

static void *zalloc_large(struct ash_realm *realm, size_t bytes) {
    bool zero = false;
    void *block = ash_large_take(ash_thread_realm(realm), bytes, ASH_MIN_ALIGN, &zero);
    if (block == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    return zero ? block : memset(block, 0, ash_query_bytes(block));
}

// A block that has been handed out: so the classes are set up. Where what follows is its canary, or
// a closed page, one of no bytes has one.
void *ash_zalloc_whole(void *block, size_t bytes) {
    if (block == NULL) {
        return NULL;
    }
    if (ash_unlikely(ash_hard.exact != 0)) {
        bool asked = ash_hard_on();
        return memset(block, 0, asked ? ash_max(bytes, 1) : ash_query_bytes(block));
    }
    return memset(block, 0, ash_classes[ash_class_of(bytes)].block_bytes);
}

void *ash_zalloc_slow(size_t bytes) {
    return bytes > ASH_BLOCK_MAX ? zalloc_large(NULL, bytes)
                                 : ash_zalloc_whole(ash_malloc_inline(bytes), bytes);
}

void *ash_take_zero(struct ash_realm *realm, size_t bytes) {
    return bytes > ASH_BLOCK_MAX ? zalloc_large(realm, bytes)
                                 : ash_zalloc_whole(ash_take(realm, bytes), bytes);
}

ASH_COLD void *ash_zalloc_overflow(void) {
    errno = ENOMEM;
    return NULL;
}

ASH_NOINLINE void *ash_zalloc(size_t bytes) {
    return ash_zalloc_inline(bytes);
}

ASH_NOINLINE void *ash_calloc(size_t count, size_t bytes) {
    return ash_calloc_inline(count, bytes);
}
