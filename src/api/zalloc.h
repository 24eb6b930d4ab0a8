// Zeroed blocks: the hot path inline, as in api/malloc.h.

#ifndef ASH_API_ZALLOC_H
#define ASH_API_ZALLOC_H

#include <stddef.h>
#include <stdint.h>

#include "api/malloc.h"
#include "base/bits.h"
#include "base/compiler.h"
#include "heap/sizeclass.h"

// Whatever the size and whatever the thread. Sets errno and returns NULL on failure.
void *ash_zalloc_slow(size_t bytes);

// As ash_take, all zero.
void *ash_take_zero(struct ash_realm *realm, size_t bytes);

// Clears a block of a span that was asked for with that size; NULL is allowed.
void *ash_zalloc_whole(void *block, size_t bytes);

// NULL with errno: the product overflows.
ASH_COLD void *ash_zalloc_overflow(void);

enum { ASH_ZALLOC_NEAR = 64 };

// Known to be aligned, or some compilers would store each byte by itself.
struct ash_zalloc_step {
    uint64_t words[2];
};

ASH_INLINE void ash_zalloc_step(char *at) {
    *(struct ash_zalloc_step *)(void *)at = (struct ash_zalloc_step){{0, 0}};
}

// A block of 16, 32, 48 or 64 bytes, whose last step of 16 begins at `last`: two steps or four,
// which overlap where it is shorter. A call of memset alone is 20 instructions.
ASH_INLINE void ash_zalloc_clear(char *block, size_t last) {
    ash_zalloc_step(block);
    ash_zalloc_step(block + last);
    if (last > ASH_CLASS_STEP) {
        ash_zalloc_step(block + ASH_CLASS_STEP);
        ash_zalloc_step(block + last - ASH_CLASS_STEP);
    }
}

// 0 bytes go the slow way, since 0 - 1 is large: 30 instructions for 64 bytes.
ASH_INLINE void *ash_zalloc_inline(size_t bytes) {
    struct ash_heap *heap = ash_thread_own_heap();
    if (ash_likely(bytes - 1 < ASH_ZALLOC_NEAR && heap != NULL)) {
        void *block = ash_fast_take(heap, bytes);
        if (ash_likely(block != NULL)) {
            ash_zalloc_clear(block, ash_round_down(bytes - 1, ASH_CLASS_STEP));
            return block;
        }
    }
    return ash_zalloc_slow(bytes);
}

ASH_INLINE void *ash_calloc_inline(size_t count, size_t bytes) {
    size_t total;
    if (ash_unlikely(ash_mul_overflows(count, bytes, &total))) {
        return ash_zalloc_overflow();
    }
    return ash_zalloc_inline(total);
}

#endif
