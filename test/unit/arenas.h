// What the tests of arenas share.

#ifndef ASHLAR_TEST_ARENAS_H
#define ASHLAR_TEST_ARENAS_H

#include <stdbool.h>
#include <stddef.h>

#include "ashlar/arena.h"
#include "base/config.h"

enum { SLICE = ASH_SLICE_BYTES, UNIT = ASH_UNIT_BYTES, RUN = 2 * ASH_SLICE_BYTES };

// Memory of the test's own that may be handed in, `lead` bytes behind a multiple of the unit.
char *arenas_memory(size_t bytes, size_t lead);

// Hands it in, accessible.
ash_arena_t *arenas_manage(char *start, size_t bytes, unsigned flags);

// An exclusive arena of each kind, of `bytes`.
enum { RESERVED, HANDED_IN, KINDS };
ash_arena_t *arenas_make(int kind, size_t bytes);

// Unloads it, which must succeed; nothing may be in use then.
void arenas_unload(ash_arena_t *arena);

// Takes blocks of all sorts from a heap, which must lie in the arena, and frees them.
void arenas_work(ash_heap_t *heap, const ash_arena_t *arena);

// The call has failed with that errno.
void expect_refused(bool result, int error);

#endif
