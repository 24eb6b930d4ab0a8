// Resizing a block where it is.

#ifndef ASH_API_INPLACE_H
#define ASH_API_INPLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"
#include "heap/sizeclass.h"

// `held` is what the block holds now (api/query.h), above 0.

// Whether the block is as good as any. Below half of what a block of a span holds, moving to a
// smaller class, if there is one, is worth the copy.
static inline bool ash_inplace_fits(size_t held, size_t bytes) {
    return bytes <= held && held <= ASH_BLOCK_MAX && (bytes >= held / 2 || held == ASH_CLASS_STEP);
}

// The same, and in a hardened process notes how many bytes are asked for now.
bool ash_inplace_refit(void *block, size_t held, size_t bytes);

// Whether it has a mapping of its own.
bool ash_inplace_is_huge(const void *block);

// False, and nothing has happened: it cannot hold `bytes` here, or moving to something smaller
// is worth the copy.
bool ash_inplace_resize(void *block, size_t held, size_t bytes);

// The same, but it never becomes smaller.
bool ash_inplace_expand(void *block, size_t held, size_t bytes);

#endif
