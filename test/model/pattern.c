#include "pattern.h"

#include <stdbool.h>
#include <string.h>

#include "random.h"

#define WORD sizeof(uint64_t)
#define DENSE_BYTES ((size_t)64 << 10)
#define SPARSE_BYTES ((size_t)48 << 20)

static size_t pattern_step(size_t usable) {
    if (usable <= DENSE_BYTES) {
        return WORD;
    }
    return usable <= SPARSE_BYTES ? 1024 : (size_t)16 << 20;
}

static uint64_t pattern_word(uint64_t seed, size_t offset) {
    return random_mix(seed + offset);
}

// The last whole word, which sparse patterns write too: the end of a block is
// where the allocator's own data and its neighbours are closest.
static size_t last_word(size_t usable) {
    return (usable - WORD) & ~(WORD - 1);
}

void pattern_fill(const struct block *block) {
    size_t step = pattern_step(block->usable);
    size_t offset = 0;
    for (; block->usable - offset >= WORD; offset += step) {
        uint64_t word = pattern_word(block->seed, offset);
        memcpy(block->start + offset, &word, WORD);
        if (block->usable - offset < step) {
            break;
        }
    }
    if (step > WORD) {
        uint64_t word = pattern_word(block->seed, last_word(block->usable));
        memcpy(block->start + last_word(block->usable), &word, WORD);
    } else if (offset < block->usable && block->usable - offset < WORD) {
        uint64_t word = pattern_word(block->seed, offset);
        memcpy(block->start + offset, &word, block->usable - offset);
    }
}

// The first wrong byte of the word at `offset`, of which `count` bytes matter.
static size_t word_check(const struct block *block, const unsigned char *start, size_t offset,
                         size_t count) {
    uint64_t word = pattern_word(block->seed, offset);
    if (memcmp(start + offset, &word, count) == 0) {
        return PATTERN_INTACT;
    }
    unsigned char expected[WORD];
    memcpy(expected, &word, WORD);
    for (size_t i = 0; i < count; i++) {
        if (start[offset + i] != expected[i]) {
            return offset + i;
        }
    }
    return PATTERN_INTACT;
}

size_t pattern_check(const struct block *block, const unsigned char *start, size_t bytes) {
    size_t step = pattern_step(block->usable);
    for (size_t offset = 0; offset < bytes; offset += step) {
        size_t rest = bytes - offset;
        size_t wrong = PATTERN_INTACT;
        // A sparse pattern has no word where fewer than WORD bytes were usable.
        if (rest >= WORD || step == WORD) {
            wrong = word_check(block, start, offset, rest < WORD ? rest : WORD);
        }
        if (wrong != PATTERN_INTACT) {
            return wrong;
        }
        if (rest <= step) {
            break;
        }
    }
    if (step > WORD && bytes == block->usable) {
        return word_check(block, start, last_word(bytes), WORD);
    }
    return PATTERN_INTACT;
}

size_t pattern_check_zero(const unsigned char *start, size_t bytes) {
    if (bytes == 0) {
        return PATTERN_INTACT;
    }
    // Comparing the range with itself, one byte on, is the fastest portable scan.
    if (start[0] == 0 && memcmp(start, start + 1, bytes - 1) == 0) {
        return PATTERN_INTACT;
    }
    size_t offset = 0;
    while (start[offset] == 0) {
        offset++;
    }
    return offset;
}
