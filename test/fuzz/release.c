// Every way to give a block back, questions about blocks, and requests that must be refused.

#include <errno.h>

#include "fault.h"
#include "shim.h"
#include "world.h"

void world_free(struct world *w) {
    struct live *live = world_draw_live(w);
    bool tells = input_byte(&w->in) % 2 == 0;
    if (live == NULL) {
        return;
    }
    world_verify(live);
    struct live gone = world_forget(w, live);
    size_t usable = gone.block.usable;
    world_note(w, "free");
    if (tells && gone.sized == SIZED_PLAIN) {
        ash_free_sized(gone.block.start, gone.block.bytes);
    } else if (tells && gone.sized == SIZED_ALIGNED) {
        ash_free_aligned_sized(gone.block.start, gone.block.align, gone.block.bytes);
    } else if (tells) {
        ash_ufree(gone.block.start, &usable);
    } else {
        shim_free(gone.block.start);
    }
    world_expect_errno_kept();
    if (usable != gone.block.usable) {
        fuzz_fail("it told %zu usable bytes, not %zu", usable, gone.block.usable);
    }
}

void world_ask(struct world *w) {
    world_note(w, "questions");
    ash_free(NULL);
    size_t asked = world_draw_bytes(w);
    if (ash_good_size(asked) < asked || ash_usable_size(NULL) != 0 || ash_heap_of(NULL) != NULL) {
        fuzz_fail("a wrong answer about %zu bytes or NULL", asked);
    }
    struct live *live = world_draw_live(w);
    if (live == NULL) {
        return;
    }
    const void *start = live->block.start;
    world_verify(live);
    if (ash_usable_size(start) != live->block.usable) {
        fuzz_fail("the usable size changed from %zu to %zu", live->block.usable,
                  ash_usable_size(start));
    }
    if (ash_heap_of(start) != live->heap || !ash_heap_contains(live->heap, start)) {
        fuzz_fail("the block is in another heap");
    }
    if ((uintptr_t)start % ash_memalignment(start) != 0) {
        fuzz_fail("the address is not aligned to %zu", ash_memalignment(start));
    }
    world_expect_errno_kept();
}

static void refuse(struct world *w, const char *name, const void *block, int error) {
    int got = errno;
    world_note(w, name);
    if (block != NULL || got != error) {
        fuzz_fail("%s and errno %d for a request that must fail with %d",
                  block == NULL ? "NULL" : "a block", got, error);
    }
}

// volatile: the compiler warns of sizes that it can see to be too large.
static void refuse_new(struct world *w) {
    volatile size_t huge = (size_t)PTRDIFF_MAX + 1 + input_size(&w->in);
    volatile size_t half = SIZE_MAX / 2 + 1;
    size_t odd = 3 * input_align(&w->in);
    refuse(w, "malloc of too much", ash_malloc(huge), ENOMEM);
    refuse(w, "calloc of too much", ash_calloc(half, 2), ENOMEM);
    refuse(w, "mallocn of too much", ash_mallocn(half, 2), ENOMEM);
    refuse(w, "zalloc of too much", ash_zalloc(huge), ENOMEM);
    refuse(w, "valloc of too much", ash_valloc(huge), ENOMEM);
    refuse(w, "pvalloc of too much", ash_pvalloc(SIZE_MAX - half % 7), ENOMEM);
    refuse(w, "aligned_alloc of too much", ash_aligned_alloc(64, huge), ENOMEM);
    refuse(w, "aligned_alloc with a bad alignment", ash_aligned_alloc(odd, 8), EINVAL);
    refuse(w, "malloc_aligned_at with a bad alignment", ash_malloc_aligned_at(8, odd, 1), EINVAL);
    refuse(w, "calloc_aligned_at of too much", ash_calloc_aligned_at(half, 2, 64, 8), ENOMEM);
    refuse(w, "heap_calloc of too much", ash_heap_calloc(world_root(w), half, 2), ENOMEM);
    refuse(w, "heap_aligned_alloc with a bad alignment",
           ash_heap_aligned_alloc(world_root(w), odd, 8), EINVAL);
}

static void refuse_change(struct world *w, const struct live *live) {
    volatile size_t huge = (size_t)PTRDIFF_MAX + 1 + input_size(&w->in);
    volatile size_t half = SIZE_MAX / 2 + 1;
    void *start = live->block.start;
    refuse(w, "realloc to too much", ash_realloc(start, huge), ENOMEM);
    refuse(w, "reallocarray to too much", ash_reallocarray(start, half, 2), ENOMEM);
    refuse(w, "recalloc to too much", ash_recalloc(start, half, 2), ENOMEM);
    refuse(w, "realloc_aligned to a bad alignment", ash_realloc_aligned(start, 8, 24), EINVAL);
    refuse(w, "heap_realloc to too much", ash_heap_realloc(world_root(w), start, huge), ENOMEM);
    world_verify(live);
}

void world_refuse(struct world *w) {
    world_note(w, "refusals");
    refuse_new(w);
    struct live *live = world_draw_live(w);
    if (live != NULL) {
        refuse_change(w, live);
    }
}
