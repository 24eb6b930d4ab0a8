// Heaps and sub-processes.

#include <errno.h>

#include "fault.h"
#include "platform/thread.h"
#include "world.h"

static struct made_heap *made_heap_of(struct world *w, const ash_heap_t *heap) {
    for (unsigned i = 0; i < WORLD_HEAPS; i++) {
        if (w->heaps[i].heap == heap) {
            return &w->heaps[i];
        }
    }
    return NULL;
}

void world_check_limit(const struct world *w, const ash_heap_t *heap, size_t before) {
    size_t now = ash_heap_bytes(heap);
    for (unsigned i = 0; i < WORLD_HEAPS; i++) {
        size_t limit = w->heaps[i].limit;
        if (w->heaps[i].heap == heap && limit != 0 && now > limit && now > before) {
            fuzz_fail("the heap has %zu bytes, %zu before, and a limit of %zu", now, before, limit);
        }
    }
}

void world_heap_end(struct world *w, struct made_heap *made, bool destroys) {
    if (made->heap == NULL) {
        return;
    }
    if (destroys) {
        world_forget_heap(w, made->heap);
        ash_heap_destroy(made->heap);
    } else {
        for (size_t i = 0; i < w->count; i++) {
            w->lives[i].heap = w->lives[i].heap == made->heap ? made->root : w->lives[i].heap;
        }
        ash_heap_delete(made->heap);
    }
    *made = (struct made_heap){0};
}

static void heap_new(struct world *w, struct made_heap *made) {
    ash_heap_t *heap = ash_heap_new();
    if (heap == NULL && (errno != ENOMEM || !w->failing)) {
        fuzz_fail("no heap, errno %d", errno);
    }
    if (heap != NULL && made_heap_of(w, heap) != NULL) {
        fuzz_fail("two heaps are one");
    }
    *made = (struct made_heap){heap, world_root(w), 0};
}

static void heap_limit(struct world *w, struct made_heap *made) {
    made->limit = input_size(&w->in) * 4;
    ash_heap_set_limit(made->heap, made->limit);
    w->limited = true;
}

void world_heap(struct world *w) {
    struct made_heap *made = &w->heaps[input_below(&w->in, WORLD_HEAPS)];
    unsigned kind = input_below(&w->in, 5);
    world_note(w, "heap");
    if (made->heap == NULL) {
        heap_new(w, made);
    } else if (kind == 0) {
        world_heap_end(w, made, true);
    } else if (kind == 1) {
        world_heap_end(w, made, false);
    } else if (kind == 2) {
        heap_limit(w, made);
    } else {
        (void)ash_heap_collect(kind == 3 ? made->heap : world_root(w));
        world_expect_errno_kept();
    }
}

// Sub-processes --------------------------------------------------------------------------

static bool has_threads(const struct world *w, const ash_heap_t *root) {
    for (unsigned i = 0; i < WORLD_PLAYERS; i++) {
        if (w->players[i].state == PLAYER_RUNS && w->players[i].root == root) {
            return true;
        }
    }
    return false;
}

// The heaps that were made in the sub-process end with it.
static void forget_root(struct world *w, const ash_heap_t *root) {
    world_forget_heap(w, root);
    for (unsigned i = 0; i < WORLD_HEAPS; i++) {
        if (w->heaps[i].heap != NULL && w->heaps[i].root == root) {
            world_forget_heap(w, w->heaps[i].heap);
            w->heaps[i] = (struct made_heap){0};
        }
    }
}

void world_subproc_end(struct world *w, struct made_root *made) {
    if (made->subproc == NULL) {
        return;
    }
    bool busy = made->root != NULL && has_threads(w, made->root);
    if (!busy && made->root != NULL) {
        forget_root(w, made->root);
    }
    int error = ash_subproc_destroy(made->subproc);
    if (error != (busy ? EBUSY : 0)) {
        fuzz_fail("%d for a sub-process %s threads", error, busy ? "with" : "without");
    }
    if (error == 0) {
        *made = (struct made_root){0};
    }
}

// A new thread joins before it allocates; one that has freed a block may have got an orphan's heap,
// with that one's blocks.
static void subproc_join(struct world *w, struct made_root *made) {
    struct player *player = &w->players[w->player];
    if (player->state != PLAYER_RUNS || w->player == 0) {
        return;
    }
    bool fresh = !player->allocated && player->root == w->main && ash_thread_heap() == NULL;
    int error = ash_subproc_add_current_thread(made->subproc);
    world_expect_errno_kept();
    if (error != 0 && error != EBUSY && !(error == ENOMEM && w->failing)) {
        fuzz_fail("joining: %d", error);
    }
    if (error == EBUSY && fresh) {
        fuzz_fail("a thread without blocks cannot join");
    }
    if (error == 0) {
        player->root = ash_heap_main();
        if (made->root != NULL && made->root != player->root) {
            fuzz_fail("two main heaps in a sub-process");
        }
        made->root = player->root;
    }
}

static bool count_heap(ash_heap_t *heap, void *argument) {
    size_t *count = argument;
    *count += heap != NULL;
    return true;
}

static void subproc_visit(struct world *w, const struct made_root *made) {
    size_t count = 0, known = 1;
    for (unsigned i = 0; i < WORLD_HEAPS; i++) {
        known += w->heaps[i].heap != NULL && w->heaps[i].root == made->root;
    }
    if (ash_subproc_visit_heaps(made->subproc, count_heap, &count)) {
        if (count != known) {
            fuzz_fail("%zu heaps were visited, not %zu", count, known);
        }
    } else if (errno != ENOMEM || !w->failing) {
        fuzz_fail("the visit ended with errno %d", errno);
    }
}

void world_subproc(struct world *w) {
    struct made_root *made = &w->roots[input_below(&w->in, WORLD_ROOTS)];
    unsigned kind = input_below(&w->in, 4);
    world_note(w, "sub-process");
    if (made->subproc == NULL) {
        made->subproc = ash_subproc_new();
        if (made->subproc == NULL && (errno != ENOMEM || !w->failing)) {
            fuzz_fail("no sub-process, errno %d", errno);
        }
    } else if (kind < 2) {
        subproc_join(w, made);
    } else if (kind == 2) {
        world_subproc_end(w, made);
    } else {
        subproc_visit(w, made);
    }
}
