// Lists of free blocks that lie in the blocks themselves.
//
//   node   | next, count | block | block | ... |      next   | next, count | block | ...
//
// A node is a free block that holds where the following ones are, up to 15, and where the next node
// is; both fit in one word, because blocks start at multiples of 16. So whoever makes a list
// writes to few blocks, and whoever takes it reads few: of 16 bytes every second one, of 64
// every eighth, from 128 on every sixteenth. What blocks are in is an array otherwise: in a bin, in
// a chain while it is gathered.
//
// Lists lie where a program that writes after free reaches them: what they say is tested before it
// is followed or believed.

#ifndef ASH_HEAP_NODE_H
#define ASH_HEAP_NODE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bits.h"

struct ash_block;

enum { ASH_NODE_BLOCKS_MAX = 15 };

struct ash_node {
    uintptr_t next;  // and in its lowest four bits how many blocks follow
    struct ash_block *blocks[];
};

static inline struct ash_node *ash_node_of(struct ash_block *block) {
    return (struct ash_node *)(void *)block;
}

// How many blocks a node of so many bytes can hold.
static inline uint32_t ash_node_room(size_t block_bytes) {
    return (uint32_t)ash_min(block_bytes / sizeof(void *) - 1, ASH_NODE_BLOCKS_MAX);
}

static inline uint32_t ash_node_count(const struct ash_node *node) {
    return (uint32_t)(node->next & ASH_NODE_BLOCKS_MAX);
}

// NULL at the end.
static inline struct ash_block *ash_node_next(const struct ash_node *node) {
    return (struct ash_block *)(node->next & ~(uintptr_t)ASH_NODE_BLOCKS_MAX);
}

static inline void ash_node_set_next(struct ash_node *node, const void *next) {
    node->next = (uintptr_t)next | ash_node_count(node);
}

// Copies so many words, two at a time.
static inline void ash_node_copy(void *to, const void *from, uint32_t words) {
    enum { PAIR = 2 * sizeof(void *) };
    for (; words > 1; words -= 2) {
        memcpy(to, from, PAIR);
        to = (char *)to + PAIR;
        from = (const char *)from + PAIR;
    }
    if (words > 0) {
        memcpy(to, from, sizeof(void *));
    }
}

// Makes a list of `count` blocks, at least one, in that order, of which every one that follows
// `room` others is a node, as the first one is. Returns the last node.
static inline struct ash_node *ash_node_link(struct ash_block *const *blocks, uint32_t count,
                                             uint32_t room) {
    for (; count > room + 1; count -= room + 1) {
        struct ash_node *node = ash_node_of(*blocks);
        ash_node_copy(node, blocks, room + 1);
        blocks += room + 1;
        node->next = (uintptr_t)*blocks | room;
    }
    struct ash_node *last = ash_node_of(*blocks);
    ash_node_copy(last, blocks, count);
    last->next = count - 1;
    return last;
}

// Puts the node itself and what it holds where `blocks` is.
static inline void ash_node_unlink(const struct ash_node *node, uint32_t held,
                                   struct ash_block **blocks) {
    ash_node_copy(blocks, node, held + 1);
    *blocks = (struct ash_block *)(uintptr_t)node;
}

#endif
