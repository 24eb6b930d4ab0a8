// A server whose requests have a heap each: what a request has allocated goes at once, and one that
// wants too much fails alone.

#include <stdio.h>
#include <stdlib.h>

#include <ashlar/ashlar.h>

struct line {
    struct line *next;
    char text[100];
};

// Any thread may do this. The heap is the request's, so nothing has to be freed one by one.
static size_t answer(ash_heap_t *heap, size_t lines) {
    struct line *all = NULL;
    for (size_t at = 0; at < lines; at++) {
        struct line *line = ash_heap_malloc(heap, sizeof *line);
        if (line == NULL) {
            return at;  // the heap's limit, or no memory
        }
        line->next = all;
        all = line;
    }
    return lines;
}

static size_t serve(size_t lines) {
    ash_heap_t *heap = ash_heap_new();
    if (heap == NULL) {
        return 0;
    }
    ash_heap_set_limit(heap, 1 << 20);
    size_t answered = answer(heap, lines);
    ash_heap_destroy(heap);  // nobody uses the heap or its blocks from here on
    return answered;
}

int main(void) {
    size_t modest = serve(1000);
    size_t greedy = serve(1000000);
    printf("%zu lines of 1000, and %s of a million\n", modest,
           greedy < 1000000 ? "not all" : "all");
    return modest == 1000 && greedy > 1000 && greedy < 1000000 ? EXIT_SUCCESS : EXIT_FAILURE;
}
