// How a language's run-time system uses heaps by the mimalloc interface: each interpreter has a
// heap for its objects and one for its buffers, walks the first one to find all objects there are
// (as a garbage collector does), and ends by destroying both.
//
//     cc examples/mimalloc_visit.c $(pkg-config --cflags --libs ashlar-mimalloc)

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mimalloc.h>

struct object {
    struct object *refers_to;
    char *buffer;
    size_t length;
    bool is_reached;
};

struct interpreter {
    mi_heap_t *objects;
    mi_heap_t *buffers;
};

static bool interpreter_begin(struct interpreter *interpreter) {
    interpreter->objects = mi_heap_new();
    interpreter->buffers = mi_heap_new();
    return interpreter->objects != NULL && interpreter->buffers != NULL;
}

static void interpreter_end(struct interpreter *interpreter) {
    mi_heap_destroy(interpreter->objects);
    mi_heap_destroy(interpreter->buffers);
}

static struct object *object_new(struct interpreter *interpreter, struct object *refers_to,
                                 const char *text) {
    struct object *object = mi_heap_zalloc_tp(interpreter->objects, struct object);
    if (object == NULL) {
        return NULL;
    }
    object->refers_to = refers_to;
    object->buffer = mi_heap_strdup(interpreter->buffers, text);
    object->length = strlen(text);
    return object;
}

struct sweep {
    struct object *unreached;  // linked by refers_to, which nobody needs any more
    size_t reached, freed;
};

// The walk must not be surprised by what is freed, so that is only noted.
static bool note_unreached(const mi_heap_t *heap, const mi_heap_area_t *area, void *block,
                           size_t block_size, void *argument) {
    struct sweep *sweep = argument;
    struct object *object = block;
    (void)heap, (void)area, (void)block_size;
    if (object == NULL) {
        return true;
    }
    if (object->is_reached) {
        object->is_reached = false;
        sweep->reached++;
        return true;
    }
    object->refers_to = sweep->unreached;
    sweep->unreached = object;
    return true;
}

static bool collect(struct interpreter *interpreter, struct object *root, struct sweep *sweep) {
    for (struct object *object = root; object != NULL; object = object->refers_to) {
        object->is_reached = true;
    }
    if (!mi_heap_visit_blocks(interpreter->objects, true, note_unreached, sweep)) {
        return false;
    }
    while (sweep->unreached != NULL) {
        struct object *object = sweep->unreached;
        sweep->unreached = object->refers_to;
        mi_free(object->buffer);
        mi_free(object);
        sweep->freed++;
    }
    return true;
}

int main(void) {
    struct interpreter interpreter;
    struct object *root = NULL;
    struct sweep sweep = {NULL, 0, 0};
    if (!interpreter_begin(&interpreter)) {
        return EXIT_FAILURE;
    }
    for (int i = 0; i < 10000; i++) {
        struct object *object = object_new(&interpreter, root, "some text");
        if (object == NULL) {
            return EXIT_FAILURE;
        }
        root = i % 10 == 0 ? object : root;
    }
    if (!collect(&interpreter, root, &sweep)) {
        return EXIT_FAILURE;
    }
    printf("%zu objects reached, %zu freed\n", sweep.reached, sweep.freed);
    interpreter_end(&interpreter);
    return sweep.reached == 1000 && sweep.freed == 9000 ? EXIT_SUCCESS : EXIT_FAILURE;
}
