// A fuzzer's bytes, read as numbers. An input that has ended gives zeroes, so every prefix of an
// input is an input.

#ifndef ASHLAR_TEST_FUZZ_INPUT_H
#define ASHLAR_TEST_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    const uint8_t *at, *end;
};

static inline bool input_is_empty(const struct input *in) {
    return in->at == in->end;
}

static inline unsigned input_byte(struct input *in) {
    return input_is_empty(in) ? 0 : *in->at++;
}

// A number below `limit`, which is at most 256.
static inline unsigned input_below(struct input *in, unsigned limit) {
    return input_byte(in) % limit;
}

// Bytes to ask for. The first byte says how: itself, a multiple of 16, or a power of two up to
// 32 MiB (the next byte: quarters of it to add, and up to 32 bytes more or less).
static inline size_t input_size(struct input *in) {
    enum { PLAIN = 96, STEPS = 160, OFTEN = 248, OFTEN_SHIFTS = 22, NEAR = 32 };
    unsigned first = input_byte(in);
    if (first < PLAIN) {
        return first;
    }
    if (first < STEPS) {
        return (first - PLAIN) * (size_t)16 + input_byte(in);
    }
    unsigned near = input_byte(in);
    unsigned shift =
        first < OFTEN ? (first - STEPS) % OFTEN_SHIFTS : OFTEN_SHIFTS + (first - OFTEN) / 2;
    size_t base = (size_t)1 << shift;
    size_t bytes = base + (base >> 2) * (near & 3) + (near >> 2);
    return bytes > NEAR ? bytes - NEAR : bytes;
}

// A power of two from 1 to 4 MiB.
static inline size_t input_align(struct input *in) {
    return (size_t)1 << input_below(in, 23);
}

#endif
