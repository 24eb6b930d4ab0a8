// The functions with flags that some programs allocate by (mallocx and its relatives), in a line or
// two each over ashlar's own. A header and no more: no symbol of these names is exported, so that
// programs which look for them at run time are not misled.
//
// Flags are or-ed: an alignment, MALLOCX_ZERO, and MALLOCX_TCACHE_NONE, MALLOCX_TCACHE and
// MALLOCX_ARENA, which have no effect. `size` is at least 1. Threads and signals: as ashlar.h.

#ifndef ASHLAR_COMPAT_MALLOCX_H
#define ASHLAR_COMPAT_MALLOCX_H

#include <ashlar/ashlar.h>

// The alignment as a power of two, and the exponent of it; 0 is ASH_MIN_ALIGN.
#define MALLOCX_LG_ALIGN(exponent) ((int)(exponent))
#define MALLOCX_ALIGN(align) mallocx_exponent(align)
#define MALLOCX_ZERO 0x40
#define MALLOCX_TCACHE(number) ((int)(((unsigned)(number) + 2) << 8))
#define MALLOCX_TCACHE_NONE 0x100
#define MALLOCX_ARENA(number) ((int)(((unsigned)(number) + 1) << 20))

static inline int mallocx_exponent(size_t align) {
    int exponent = 0;
    while (align > 1) {
        align >>= 1;
        exponent++;
    }
    return exponent;
}

static inline size_t mallocx_align(int flags) {
    size_t align = (size_t)1 << (flags & 0x3f) % (8 * (int)sizeof(size_t));
    return align < ASH_MIN_ALIGN ? ASH_MIN_ALIGN : align;
}

// NULL without memory, with errno ENOMEM.
static inline void *mallocx(size_t size, int flags) {
    size_t align = mallocx_align(flags);
    return (flags & MALLOCX_ZERO) != 0 ? ash_zalloc_aligned(size, align)
                                       : ash_malloc_aligned(size, align);
}

// What the block can hold. With MALLOCX_ZERO what comes behind `before` is cleared.
static inline size_t mallocx_grown(void *block, size_t before, int flags) {
    size_t now = ash_usable_size(block);
    if ((flags & MALLOCX_ZERO) != 0) {
        for (size_t i = before; i < now; i++) {
            ((char *)block)[i] = 0;
        }
    }
    return now;
}

// As realloc(3). With MALLOCX_ZERO what comes behind the old usable size is zero.
static inline void *rallocx(void *block, size_t size, int flags) {
    size_t before = ash_usable_size(block);
    void *moved = ash_realloc_aligned(block, size, mallocx_align(flags));
    if (moved != NULL) {
        (void)mallocx_grown(moved, before, flags);
    }
    return moved;
}

// Makes the block hold `size + extra` bytes where it is, or at least `size`. Returns its usable
// size then: below `size` if it could not.
static inline size_t xallocx(void *block, size_t size, size_t extra, int flags) {
    size_t before = ash_usable_size(block);
    if (extra > SIZE_MAX - size || ash_expand(block, size + extra) == NULL) {
        (void)ash_expand(block, size);
    }
    return mallocx_grown(block, before, flags);
}

static inline size_t sallocx(const void *block, int flags) {
    (void)flags;
    return ash_usable_size(block);
}

static inline void dallocx(void *block, int flags) {
    (void)flags;
    ash_free(block);
}

static inline void sdallocx(void *block, size_t size, int flags) {
    ash_free_aligned_sized(block, mallocx_align(flags), size);
}

// What sallocx would say of such a block of mallocx; 0 if there cannot be one.
static inline size_t nallocx(size_t size, int flags) {
    size_t align = mallocx_align(flags);
    return size > PTRDIFF_MAX - align ? 0 : ash_good_size_aligned(size, align);
}

#endif
