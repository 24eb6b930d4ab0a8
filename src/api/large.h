// Objects above the largest class: a run, or a mapping of its own.

#ifndef ASH_API_LARGE_H
#define ASH_API_LARGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"

// No object is larger: its size rounded up must still be a ptrdiff_t.
#define ASH_LARGE_MAX ((size_t)PTRDIFF_MAX - ASH_UNIT_BYTES)

// At least `bytes` at a multiple of `align`. `*zero` says whether all of it is
// zero. NULL without memory or above ASH_LARGE_MAX; errno is the caller's business.
void *ash_large_take(size_t bytes, size_t align, bool *zero);

#endif
