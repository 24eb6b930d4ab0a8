// Powers of two, rounding, and runs of bits in a 32-bit word.

#ifndef ASH_BASE_BITS_H
#define ASH_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

static inline bool ash_is_power_of_two(size_t x) {
    return x != 0 && (x & (x - 1)) == 0;
}

// `align` is a power of two. The sum must not overflow.
static inline size_t ash_round_up(size_t x, size_t align) {
    return (x + align - 1) & ~(align - 1);
}

static inline size_t ash_round_down(size_t x, size_t align) {
    return x & ~(align - 1);
}

static inline size_t ash_min(size_t a, size_t b) {
    return a < b ? a : b;
}

static inline size_t ash_max(size_t a, size_t b) {
    return a > b ? a : b;
}

// The index of the highest bit set; `x` is not 0.
static inline unsigned ash_log2(size_t x) {
    return 63u - (unsigned)ash_clz64((unsigned long long)x);
}

// How many bits are set. By hand: without an instruction for it the builtin is a call.
static inline unsigned ash_popcount32(uint32_t x) {
    x -= x >> 1 & 0x55555555u;
    x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
    return ((x + (x >> 4)) & 0x0F0F0F0Fu) * 0x01010101u >> 24;
}

// The lowest `count` bits, for 1 to 32.
static inline uint32_t ash_bits_low(unsigned count) {
    return UINT32_MAX >> (32u - count);
}

// `count` bits from `start` on, for 1 to 32 within the word.
static inline uint32_t ash_bits_at(unsigned start, unsigned count) {
    return ash_bits_low(count) << start;
}

// Bit i of the result is set where bits i to i + count - 1 of `word` all are.
// Doubling steps: count 5 is reached as 2, 4, 5.
static inline uint32_t ash_bits_runs(uint32_t word, unsigned count) {
    unsigned have = 1;
    while (have < count && word != 0) {
        unsigned step = have < count - have ? have : count - have;
        word &= word >> step;
        have += step;
    }
    return word;
}

// The length of the longest run of set bits: starts[i] are those of runs of 2^i bits, and what
// goes on behind a run is looked for in steps that halve.
static inline unsigned ash_bits_longest(uint32_t word) {
    uint32_t starts[5] = {word};
    for (unsigned i = 1; i < 5; i++) {
        starts[i] = starts[i - 1] & starts[i - 1] >> (1u << (i - 1));
    }
    uint32_t found = UINT32_MAX;
    unsigned length = 0;
    for (unsigned i = 5; i-- > 0;) {
        uint32_t longer = found & starts[i] >> length;
        length += longer != 0 ? 1u << i : 0;
        found = longer != 0 ? longer : found;
    }
    return length + (word == UINT32_MAX ? 1 : 0);
}

// The first run of set bits at or above `from`: true with its start and length.
static inline bool ash_bits_next(uint32_t word, unsigned from, unsigned *start, unsigned *count) {
    uint32_t rest = from < 32 ? word >> from << from : 0;
    if (rest == 0) {
        return false;
    }
    *start = (unsigned)ash_ctz32(rest);
    uint32_t ends = ~(rest >> *start);
    *count = ends == 0 ? 32 : (unsigned)ash_ctz32(ends);
    return true;
}

#endif
