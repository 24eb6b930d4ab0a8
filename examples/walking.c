// Which sizes of blocks the memory of a heap is in: a first answer to where it has gone.

#include <stdio.h>
#include <stdlib.h>

#include <ashlar/ashlar.h>
#include <ashlar/walk.h>

struct found {
    size_t areas, blocks, bytes;
};

// Called for each area with `block` NULL, then for each block in it.
static bool count(const struct ash_area *area, void *block, size_t block_bytes, void *argument) {
    struct found *found = argument;
    if (block == NULL) {
        found->areas++;
        if (area->kind == ASH_AREA_SPAN) {
            printf("%zu of %zu blocks of %zu bytes\n", area->used, area->blocks, area->block_bytes);
        }
    } else {
        found->blocks++;
        found->bytes += block_bytes;
    }
    return true;  // false ends the walk
}

int main(void) {
    ash_heap_t *heap = ash_heap_new();
    if (heap == NULL) {
        return EXIT_FAILURE;
    }
    for (int at = 0; at < 1000; at++) {
        if (ash_heap_malloc(heap, at % 10 == 0 ? 100000 : 100) == NULL) {
            return EXIT_FAILURE;
        }
    }
    struct found found = {0, 0, 0};
    bool is_whole = ash_heap_visit(heap, true, count, &found);
    printf("%zu blocks in %zu areas, %zu bytes\n", found.blocks, found.areas, found.bytes);
    ash_heap_destroy(heap);
    return is_whole && found.blocks == 1000 && found.bytes >= 900 * 100 + 100 * 100000
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
