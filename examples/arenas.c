// A heap that takes all of its memory from a buffer of the program's own, here a static one: it
// could as well be shared memory, or memory of a device.

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

#include <ashlar/arena.h>

static alignas(65536) char buffer[4 << 20];

int main(void) {
    ash_arena_t *arena;
    unsigned flags = ASH_ARENA_EXCLUSIVE | ASH_ARENA_COMMITTED | ASH_ARENA_ZERO;
    if (!ash_arena_manage(buffer, sizeof buffer, flags, -1, NULL, NULL, &arena)) {
        perror("ash_arena_manage");
        return EXIT_FAILURE;
    }
    ash_heap_t *heap = ash_heap_new_in_arena(arena);
    char *block = heap == NULL ? NULL : ash_heap_malloc(heap, 1000);
    bool is_inside = block >= buffer && block < buffer + sizeof buffer;
    bool is_refused = heap != NULL && ash_heap_malloc(heap, 2 * sizeof buffer) == NULL;
    printf("a block %s the buffer; a larger one than that is %s\n", is_inside ? "in" : "outside",
           is_refused ? "refused" : "found");

    // The buffer is the program's again once nothing in it is in use.
    if (heap != NULL) {
        ash_heap_destroy(heap);
    }
    bool is_ours = ash_arena_unload(arena, NULL, NULL, NULL);
    return is_inside && is_refused && is_ours ? EXIT_SUCCESS : EXIT_FAILURE;
}
