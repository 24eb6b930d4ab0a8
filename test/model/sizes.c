#include "sizes.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

static size_t bits_of(size_t x) {
    size_t bits = 0;
    while (x > 1) {
        x >>= 1;
        bits++;
    }
    return bits;
}

// A power of two, or one and a half or one and a quarter of it, give or take a
// byte or 16: where size classes, pages and slices begin and end.
static size_t edge_below(struct random *random, size_t limit) {
    static const size_t offsets[] = {0, 1, 2, 15, 16, 17};
    size_t base = (size_t)1 << random_below(random, bits_of(limit) + 1);
    base += (base >> 2) * random_below(random, 4);
    size_t offset = offsets[random_below(random, sizeof offsets / sizeof offsets[0])];
    if (random_below(random, 2) == 0) {
        return base + offset;
    }
    return base > offset ? base - offset : 0;
}

size_t sizes_below(struct random *random, size_t limit) {
    if (random_below(random, 5) == 0) {
        size_t edge = edge_below(random, limit);
        return edge <= limit + 17 ? edge : limit;
    }
    size_t bits = random_below(random, bits_of(limit)) + 1;
    return random_below(random, (size_t)1 << bits);
}

// The limits that are known to be special: the span and run limits, a slice, the
// largest run, and one past and before each.
static size_t special_size(struct random *random) {
    static const size_t special[] = {32 * KIB, 64 * KIB, 512 * KIB, MIB, 2 * MIB};
    size_t size = special[random_below(random, sizeof special / sizeof special[0])];
    return size - 1 + random_below(random, 3);
}

size_t sizes_any(struct random *random) {
    size_t dice = random_below(random, 10000);
    if (dice < 4) {
        return 100 * MIB + random_below(random, 8 * KIB);
    }
    if (dice < 12) {
        return 32 * MIB - 1 + random_below(random, 3);
    }
    if (dice < 30) {
        return sizes_below(random, 32 * MIB);
    }
    if (dice < 130) {
        return special_size(random);
    }
    if (dice < 500) {
        return sizes_below(random, 2 * MIB);
    }
    return dice < 3000 ? sizes_below(random, 64 * KIB) : sizes_below(random, 2 * KIB);
}

size_t sizes_align(struct random *random) {
    size_t dice = random_below(random, 100);
    if (dice < 70) {
        return (size_t)1 << random_below(random, 9);
    }
    return (size_t)1 << random_below(random, dice < 98 ? 17 : 23);
}
