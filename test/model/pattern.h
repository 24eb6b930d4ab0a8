// What a test writes into a block so that any damage shows.
//
// A word's value depends on the block's seed and on the word's place, so stale
// data, a shifted copy and a neighbour's data are all wrong. Small blocks are
// written whole; large ones get a word every kilobyte and their last whole word,
// which still touches every page; very large ones stay almost untouched.

#ifndef ASHLAR_TEST_MODEL_PATTERN_H
#define ASHLAR_TEST_MODEL_PATTERN_H

#include <stddef.h>
#include <stdint.h>

// What pattern_check() returns when nothing is wrong.
#define PATTERN_INTACT SIZE_MAX

struct block {
    unsigned char *start;
    size_t bytes;   // as requested
    size_t usable;  // as the allocator says; the pattern covers all of it
    size_t align;   // 0: from a function without an alignment
    uint64_t seed;
};

// Writes the pattern over all usable bytes of `block`.
void pattern_fill(const struct block *block);

// Checks the first `bytes` bytes at `start`, which hold what pattern_fill() wrote
// for `block`. Returns PATTERN_INTACT or the offset of the first wrong byte.
// `start` may differ from block->start: a reallocated block is checked so.
size_t pattern_check(const struct block *block, const unsigned char *start, size_t bytes);

// The offset of the first byte that is not zero, or PATTERN_INTACT.
size_t pattern_check_zero(const unsigned char *start, size_t bytes);

#endif
