// The sizes tests ask for: log-uniform, with the edges where allocators err.

#ifndef ASHLAR_TEST_MODEL_SIZES_H
#define ASHLAR_TEST_MODEL_SIZES_H

#include "random.h"

// Any size, to 100 MiB. One in several thousand is above 2 MiB.
size_t sizes_any(struct random *random);

// A size from 0 to about `limit`, log-uniform with edges.
size_t sizes_below(struct random *random, size_t limit);

// A power of two from 1 to 4 MiB, small ones more often.
size_t sizes_align(struct random *random);

#endif
