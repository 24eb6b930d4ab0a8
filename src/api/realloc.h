// Resizing.

#ifndef ASH_API_REALLOC_H
#define ASH_API_REALLOC_H

#include <stddef.h>

#include "base/compiler.h"

struct ash_realm;

// As ash_realloc; a block that moves goes to the realm, or if that is NULL stays in its own.
void *ash_resize(struct ash_realm *realm, void *block, size_t bytes);

// Says that no block starts there. Returns if the option abort_on_error is off.
ASH_COLD void ash_realloc_refused(const void *block);

// From now on sizes up to `bytes` go the short way, or none, where each block is to be tested
// (api/hard.h). What boot does.
void ash_realloc_reach(size_t bytes);

#endif
