// Blocks of a class are aligned to the largest power of two that divides its size
// (heap/sizeclass.h): so an alignment is met by a class that it divides, and no
// block ever starts anywhere but at its own start.

#include "api/aligned.h"

#include <errno.h>

#include "api/boot.h"
#include "api/guard.h"
#include "api/hard.h"
#include "api/large.h"
#include "api/malloc.h"
#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "heap/hard.h"
#include "platform/os.h"

unsigned ash_aligned_class(size_t align, size_t bytes) {
    if (bytes > ASH_BLOCK_MAX || align > ASH_BLOCK_MAX) {
        return ASH_CLASS_COUNT;
    }
    bytes = ash_round_up(ash_max(bytes, 1), align);
    if (bytes > ASH_BLOCK_MAX) {
        return ASH_CLASS_COUNT;
    }
    return ash_class_of(bytes);
}

static void *aligned_small(struct ash_realm *realm, size_t bytes) {
    return realm == NULL ? ash_malloc_inline(bytes) : ash_take(realm, bytes);
}

// What is at hand; NULL if nothing is. A thread with a heap has been through boot.
ASH_INLINE void *aligned_fast(size_t align, size_t bytes) {
    struct ash_heap *heap = ash_thread_own_heap();
    if (ash_unlikely(heap == NULL || bytes > ASH_FAST_MAX / 2 || align > ASH_FAST_MAX / 2)) {
        return NULL;
    }
    return ash_fast_take(heap, ash_round_up(ash_max(bytes, 1), align));
}

// `bytes` has a class, unless its canary makes it too large for one.
static void *aligned_hard(struct ash_realm *realm, size_t align, size_t bytes, bool *zero) {
    void *guarded = align <= ash_os_page_bytes() ? ash_guard_sample(realm, bytes, align) : NULL;
    if (guarded != NULL) {
        return guarded;
    }
    unsigned class_index = ash_aligned_class(align, bytes + ash_hard.pad);
    return class_index < ASH_CLASS_COUNT
               ? ash_hard_take_class(realm, class_index, bytes)
               : ash_large_take(ash_thread_realm(realm), bytes, align, zero);
}

ASH_INLINE void *aligned_take(struct ash_realm *realm, size_t align, size_t bytes, bool *zero) {
    *zero = false;
    if (align <= ASH_MIN_ALIGN && bytes <= ASH_BLOCK_MAX) {
        return aligned_small(realm, bytes);
    }
    if (ash_unlikely(!ash_boot())) {  // it sets up the classes
        return NULL;
    }
    unsigned class_index = ash_aligned_class(align, bytes);
    if (class_index < ASH_CLASS_COUNT && ash_hard_on()) {
        return aligned_hard(realm, align, bytes, zero);
    }
    if (class_index < ASH_CLASS_COUNT) {
        return aligned_small(realm, ash_classes[class_index].block_bytes);
    }
    return ash_large_take(ash_thread_realm(realm), bytes, ash_max(align, ASH_MIN_ALIGN), zero);
}

void *ash_aligned_take_known(struct ash_realm *realm, size_t align, size_t bytes, bool *zero) {
    return aligned_take(realm, align, bytes, zero);
}

void *ash_aligned_take(struct ash_realm *realm, size_t align, size_t bytes) {
    bool zero;
    return aligned_take(realm, align, bytes, &zero);
}

static ASH_NOINLINE void *aligned_own(size_t align, size_t bytes) {
    bool zero;
    return aligned_take(NULL, align, bytes, &zero);
}

// The same, which keeps errno.
static ASH_NOINLINE void *aligned_quietly(size_t align, size_t bytes) {
    int saved_errno = errno;
    void *block = aligned_own(align, bytes);
    errno = saved_errno;
    return block;
}

static void *aligned_or_enomem(size_t align, size_t bytes) {
    void *block = aligned_fast(align, bytes);
    if (ash_likely(block != NULL)) {
        return block;
    }
    block = aligned_own(align, bytes);
    if (block == NULL) {
        errno = ENOMEM;
    }
    return block;
}

ASH_NOINLINE void *ash_aligned_alloc(size_t align, size_t bytes) {
    if (!ash_is_power_of_two(align)) {
        errno = EINVAL;
        return NULL;
    }
    return aligned_or_enomem(align, bytes);
}

ASH_NOINLINE int ash_posix_memalign(void **block, size_t align, size_t bytes) {
    if (!ash_is_power_of_two(align) || align % sizeof(void *) != 0) {
        return EINVAL;
    }
    void *taken = aligned_fast(align, bytes);
    if (ash_unlikely(taken == NULL)) {
        taken = aligned_quietly(align, bytes);
        if (taken == NULL) {
            return ENOMEM;
        }
    }
    *block = taken;
    return 0;
}

ASH_NOINLINE void *ash_memalign(size_t align, size_t bytes) {
    if (align > SIZE_MAX / 2 + 1) {
        errno = EINVAL;
        return NULL;
    }
    size_t power = ASH_MIN_ALIGN;
    while (power < align) {
        power *= 2;
    }
    return aligned_or_enomem(power, bytes);
}

ASH_NOINLINE void *ash_valloc(size_t bytes) {
    return aligned_or_enomem(ash_os_page_bytes(), bytes);
}

ASH_NOINLINE void *ash_pvalloc(size_t bytes) {
    size_t page = ash_os_page_bytes();
    if (bytes > PTRDIFF_MAX - page) {
        errno = ENOMEM;
        return NULL;
    }
    return aligned_or_enomem(page, ash_round_up(bytes, page));
}
