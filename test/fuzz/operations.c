// The harness for sequences of operations: an input's bytes say what is done next and to what, and
// the shadow says what must come of it. The system underneath is the tests' fake one, so that its
// failures, its clock and its threads are part of the input. At the end everything is given
// back, and nothing may be left.

#include <stdlib.h>

#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

enum { STEPS_MAX = 1000 };

static void (*const operations[])(struct world *w) = {
    world_make, world_make,    world_make,   world_make,   world_make,   world_free,   world_free,
    world_free, world_free,    world_resize, world_resize, world_resize, world_thread, world_thread,
    world_heap, world_subproc, world_system, world_system, world_ask,    world_refuse,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    static struct world world;
    world_begin(&world, bytes, count);
    while (!input_is_empty(&world.in) && world.step < STEPS_MAX) {
        world.step++;
        operations[input_below(&world.in, sizeof operations / sizeof operations[0])](&world);
    }
    world_end(&world);
    return 0;
}
