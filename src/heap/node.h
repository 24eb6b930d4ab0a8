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

// Which blocks of a list are nodes: the first, and then each that follows `room` others.
static inline uint32_t ash_node_after(uint32_t node, uint32_t first_room, uint32_t room) {
    return node + 1 + (node == 0 ? first_room : room);
}

// Makes a list of `count` blocks, at least one, in that order. The first is its first node;
// returns the last. A node holds `room` blocks, the first one `first_room`.
static inline struct ash_node *ash_node_link(struct ash_block *const *blocks, uint32_t count,
                                             uint32_t first_room, uint32_t room) {
    for (uint32_t limit = first_room;; limit = room) {
        struct ash_node *node = ash_node_of(*blocks++);
        uint32_t held = (uint32_t)ash_min(limit, --count);
        for (uint32_t i = 0; i < held; i++) {
            node->blocks[i] = *blocks++;
        }
        count -= held;
        node->next = (count > 0 ? (uintptr_t)*blocks : 0) | held;
        if (count == 0) {
            return node;
        }
    }
}

#endif
