// A seeded generator for tests: splitmix64. The same seed gives the same run on
// every system, which is what a failure report relies on.

#ifndef ASHLAR_TEST_MODEL_RANDOM_H
#define ASHLAR_TEST_MODEL_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_mix(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline uint64_t random_next(struct random *random) {
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    return random_mix(random->state);
}

// A number from 0 to `limit` - 1. The bias of the modulo does not matter here.
static inline size_t random_below(struct random *random, size_t limit) {
    return (size_t)(random_next(random) % limit);
}

#endif
