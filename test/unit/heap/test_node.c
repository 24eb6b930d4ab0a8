#include "heap/node.h"

#include "support.h"

enum { BLOCKS_MAX = 300, BLOCK_BYTES_MAX = 4096, FILL = 0xA5 };

static const size_t sizes[] = {16, 32, 48, 64, 128, 144, BLOCK_BYTES_MAX};

static _Alignas(16) unsigned char memory[BLOCKS_MAX * BLOCK_BYTES_MAX];
static struct ash_block *blocks[BLOCKS_MAX];

// Blocks of one size, in an order that is none of their addresses'.
static void lay(size_t block_bytes, uint32_t count) {
    for (size_t i = 0; i < count * block_bytes; i++) {
        memory[i] = FILL;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (i ^ 1) < count ? i ^ 1 : i;
        blocks[i] = (struct ash_block *)(void *)(memory + at * block_bytes);
    }
}

// Nothing behind what the node says has been written to.
static void expect_rest(const struct ash_node *node, size_t block_bytes) {
    const unsigned char *bytes = (const unsigned char *)node;
    for (size_t i = (ash_node_count(node) + 1) * sizeof(void *); i < block_bytes; i++) {
        expect_equal(bytes[i], FILL);
    }
}

// Makes a list of the blocks, and reads it back.
static void link_and_read(size_t block_bytes, uint32_t count, uint32_t room) {
    lay(block_bytes, count);
    const struct ash_node *last = ash_node_link(blocks, count, room);
    const struct ash_node *node = ash_node_of(blocks[0]);
    uint32_t at = 0;
    for (;;) {
        uint32_t held = ash_node_count(node);
        expect(node == (const struct ash_node *)(const void *)blocks[at]);
        expect(held == room || (held < room && ash_node_next(node) == NULL));
        struct ash_block *read[ASH_NODE_BLOCKS_MAX + 2];
        read[held + 1] = blocks[0];
        ash_node_unlink(node, held, read);
        for (uint32_t i = 0; i <= held; i++) {
            expect(read[i] == blocks[at + i]);
        }
        expect(read[held + 1] == blocks[0]);  // no more than it holds
        expect_rest(node, block_bytes);
        at += held + 1;
        if (ash_node_next(node) == NULL) {
            break;
        }
        node = ash_node_of(ash_node_next(node));
    }
    expect(node == last);
    expect_equal(at, count);
}

CLAIM(lists_of_all_lengths_are_read_back_in_order) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint32_t room = ash_node_room(sizes[i]);
        for (uint32_t count = 1; count <= BLOCKS_MAX; count += count < 40 ? 1 : 13) {
            link_and_read(sizes[i], count, room);
        }
        link_and_read(sizes[i], BLOCKS_MAX, room);
    }
}

CLAIM(a_node_has_room_for_what_fits_behind_its_first_word) {
    static const uint32_t rooms[] = {1, 3, 5, 7, 15, 15, 15};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint32_t room = ash_node_room(sizes[i] / 8 * sizeof(void *));
        expect_equal(room, rooms[i]);
    }
    expect_equal(ash_node_room(sizeof(void *)), 0);
}

CLAIM(the_count_and_the_next_fit_in_a_word) {
    struct ash_node *node = ash_node_of((struct ash_block *)(void *)memory);
    struct ash_block *next = (struct ash_block *)(void *)(memory + 16);
    for (uint32_t count = 0; count <= ASH_NODE_BLOCKS_MAX; count++) {
        node->next = (uintptr_t)next | count;
        expect_equal(ash_node_count(node), count);
        expect(ash_node_next(node) == next);
    }
}

CLAIM(another_next_leaves_the_count) {
    lay(128, 5);
    struct ash_node *node = ash_node_link(blocks, 5, 15);
    expect(ash_node_next(node) == NULL);
    ash_node_set_next(node, memory + 16);
    expect(ash_node_next(node) == (struct ash_block *)(void *)(memory + 16));
    expect_equal(ash_node_count(node), 4);
    ash_node_set_next(node, NULL);
    expect(ash_node_next(node) == NULL);
    expect_equal(ash_node_count(node), 4);
    for (uint32_t i = 0; i < 4; i++) {
        expect(node->blocks[i] == blocks[i + 1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_all_lengths_are_read_back_in_order),
        cmocka_unit_test(a_node_has_room_for_what_fits_behind_its_first_word),
        cmocka_unit_test(the_count_and_the_next_fit_in_a_word),
        cmocka_unit_test(another_next_leaves_the_count),
    };
    return RUN_TESTS(tests);
}
