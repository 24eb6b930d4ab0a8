// Every way to a new block.

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "fault.h"
#include "platform/os.h"
#include "shim.h"
#include "world.h"

// What a maker may rely on in the call's arguments, and what the block promises.
enum trait {
    TAKES_ALIGN = 1,
    TAKES_OFFSET = 2,
    TAKES_COUNT = 4,
    TAKES_HEAP = 8,
    IS_ZERO = 16,
    IS_SMALL = 32,
};

struct maker {
    const char *name;
    void *(*make)(struct want *want);
    unsigned traits;
    enum sized sized;
};

// The functions that say the usable size must say what the question says.
static void *told(void *block, size_t usable) {
    if (usable != ash_usable_size(block)) {
        fuzz_fail("it told %zu usable bytes, not %zu", usable, ash_usable_size(block));
    }
    return block;
}

static void *make_malloc(struct want *want) {
    void *block = shim_malloc(want->bytes);
    if (block != NULL && ash_usable_size(block) != ash_good_size(want->bytes)) {
        fuzz_fail("%zu usable bytes, good size %zu", ash_usable_size(block),
                  ash_good_size(want->bytes));
    }
    return block;
}

static void *make_calloc(struct want *want) {
    return shim_calloc(want->count, want->bytes / want->count);
}

static void *make_zalloc(struct want *want) {
    return ash_zalloc(want->bytes);
}

static void *make_malloc_small(struct want *want) {
    return ash_malloc_small(want->bytes);
}

static void *make_zalloc_small(struct want *want) {
    return ash_zalloc_small(want->bytes);
}

static void *make_mallocn(struct want *want) {
    return ash_mallocn(want->count, want->bytes / want->count);
}

static void *make_callocn(struct want *want) {
    return ash_callocn(want->count, want->bytes / want->count);
}

static void *make_aligned_alloc(struct want *want) {
    return shim_aligned_alloc(want->align, want->bytes);
}

static void *make_posix_memalign(struct want *want) {
    void *block = want;
    want->align = want->align < sizeof(void *) ? sizeof(void *) : want->align;
    int error = ash_posix_memalign(&block, want->align, want->bytes);
    world_expect_errno_kept();
    if (error == 0) {
        return block;
    }
    if (block != want) {
        fuzz_fail("it failed with %d and stored a block", error);
    }
    errno = error;
    return NULL;
}

// An alignment that is no power of two is rounded up to one.
static void *make_memalign(struct want *want) {
    return ash_memalign(want->align - want->align / 4, want->bytes);
}

static void *make_valloc(struct want *want) {
    want->align = ash_os_page_bytes();
    return ash_valloc(want->bytes);
}

static void *make_pvalloc(struct want *want) {
    size_t page = ash_os_page_bytes();
    size_t asked = want->bytes;
    want->align = page;
    want->bytes = (asked + page - 1) / page * page;
    return ash_pvalloc(asked);
}

static void *make_malloc_aligned(struct want *want) {
    return ash_malloc_aligned(want->bytes, want->align);
}

static void *make_zalloc_aligned(struct want *want) {
    return ash_zalloc_aligned(want->bytes, want->align);
}

static void *make_mallocn_aligned(struct want *want) {
    return ash_mallocn_aligned(want->count, want->bytes / want->count, want->align);
}

static void *make_calloc_aligned(struct want *want) {
    return ash_calloc_aligned(want->count, want->bytes / want->count, want->align);
}

static void *make_malloc_aligned_at(struct want *want) {
    return ash_malloc_aligned_at(want->bytes, want->align, want->offset);
}

static void *make_zalloc_aligned_at(struct want *want) {
    return ash_zalloc_aligned_at(want->bytes, want->align, want->offset);
}

static void *make_calloc_aligned_at(struct want *want) {
    return ash_calloc_aligned_at(want->count, want->bytes / want->count, want->align, want->offset);
}

static void *make_umalloc(struct want *want) {
    size_t usable;
    void *block = ash_umalloc(want->bytes, &usable);
    return told(block, usable);
}

static void *make_uzalloc(struct want *want) {
    size_t usable;
    void *block = ash_uzalloc(want->bytes, &usable);
    return told(block, usable);
}

static void *make_ucalloc(struct want *want) {
    size_t usable;
    void *block = ash_ucalloc(want->count, want->bytes / want->count, &usable);
    return told(block, usable);
}

static void *make_umalloc_small(struct want *want) {
    size_t usable;
    void *block = ash_umalloc_small(want->bytes, &usable);
    return told(block, usable);
}

static void *make_uzalloc_small(struct want *want) {
    return ash_uzalloc_small(want->bytes, NULL);
}

static void *make_umalloc_aligned(struct want *want) {
    size_t usable;
    void *block = ash_umalloc_aligned(want->bytes, want->align, &usable);
    return told(block, usable);
}

static void *make_uzalloc_aligned(struct want *want) {
    size_t usable;
    void *block = ash_uzalloc_aligned(want->bytes, want->align, &usable);
    return told(block, usable);
}

static void *make_strndup(struct want *want) {
    char text[ASH_SMALL_MAX + 1];
    size_t length = want->bytes;
    memset(text, 'a', length);
    text[length] = '\0';
    size_t most = want->count > 4 ? length / 2 : length + 1;
    want->bytes = (most < length ? most : length) + 1;
    char *block =
        want->count % 2 == 0 && most > length ? ash_strdup(text) : ash_strndup(text, most);
    if (block != NULL && (strlen(block) + 1 != want->bytes || strncmp(block, text, most) != 0)) {
        fuzz_fail("the copy is another string");
    }
    return block;
}

static void *make_wcsdup(struct want *want) {
    wchar_t text[ASH_SMALL_MAX + 1];
    size_t length = want->bytes / sizeof(wchar_t);
    wmemset(text, L'a', length);
    text[length] = L'\0';
    want->bytes = (length + 1) * sizeof(wchar_t);
    wchar_t *block = ash_wcsdup(text);
    if (block != NULL && wcscmp(block, text) != 0) {
        fuzz_fail("the copy is another string");
    }
    return block;
}

static void *make_heap_malloc(struct want *want) {
    return ash_heap_malloc(want->heap, want->bytes);
}

static void *make_heap_zalloc(struct want *want) {
    return ash_heap_zalloc(want->heap, want->bytes);
}

static void *make_heap_calloc(struct want *want) {
    return ash_heap_calloc(want->heap, want->count, want->bytes / want->count);
}

static void *make_heap_aligned_alloc(struct want *want) {
    return ash_heap_aligned_alloc(want->heap, want->align, want->bytes);
}

static void *make_heap_realloc(struct want *want) {
    return ash_heap_realloc(want->heap, NULL, want->bytes);
}

static void *make_realloc(struct want *want) {
    return shim_realloc(NULL, want->bytes);
}

static void *make_rezalloc(struct want *want) {
    return ash_rezalloc(NULL, want->bytes);
}

static const struct maker makers[] = {
    {"malloc", make_malloc, 0, SIZED_PLAIN},
    {"calloc", make_calloc, TAKES_COUNT | IS_ZERO, SIZED_PLAIN},
    {"zalloc", make_zalloc, IS_ZERO, SIZED_PLAIN},
    {"malloc_small", make_malloc_small, IS_SMALL, SIZED_PLAIN},
    {"zalloc_small", make_zalloc_small, IS_SMALL | IS_ZERO, SIZED_PLAIN},
    {"mallocn", make_mallocn, TAKES_COUNT, SIZED_PLAIN},
    {"callocn", make_callocn, TAKES_COUNT | IS_ZERO, SIZED_PLAIN},
    {"aligned_alloc", make_aligned_alloc, TAKES_ALIGN, SIZED_ALIGNED},
    {"posix_memalign", make_posix_memalign, TAKES_ALIGN, SIZED_ALIGNED},
    {"memalign", make_memalign, TAKES_ALIGN, SIZED_NOT},
    {"valloc", make_valloc, 0, SIZED_NOT},
    {"pvalloc", make_pvalloc, 0, SIZED_NOT},
    {"malloc_aligned", make_malloc_aligned, TAKES_ALIGN, SIZED_ALIGNED},
    {"zalloc_aligned", make_zalloc_aligned, TAKES_ALIGN | IS_ZERO, SIZED_ALIGNED},
    {"mallocn_aligned", make_mallocn_aligned, TAKES_ALIGN | TAKES_COUNT, SIZED_ALIGNED},
    {"calloc_aligned", make_calloc_aligned, TAKES_ALIGN | TAKES_COUNT | IS_ZERO, SIZED_ALIGNED},
    {"malloc_aligned_at", make_malloc_aligned_at, TAKES_ALIGN | TAKES_OFFSET, SIZED_NOT},
    {"zalloc_aligned_at", make_zalloc_aligned_at, TAKES_ALIGN | TAKES_OFFSET | IS_ZERO, SIZED_NOT},
    {"calloc_aligned_at", make_calloc_aligned_at,
     TAKES_ALIGN | TAKES_OFFSET | TAKES_COUNT | IS_ZERO, SIZED_NOT},
    {"umalloc", make_umalloc, 0, SIZED_PLAIN},
    {"uzalloc", make_uzalloc, IS_ZERO, SIZED_PLAIN},
    {"ucalloc", make_ucalloc, TAKES_COUNT | IS_ZERO, SIZED_PLAIN},
    {"umalloc_small", make_umalloc_small, IS_SMALL, SIZED_PLAIN},
    {"uzalloc_small", make_uzalloc_small, IS_SMALL | IS_ZERO, SIZED_PLAIN},
    {"umalloc_aligned", make_umalloc_aligned, TAKES_ALIGN, SIZED_ALIGNED},
    {"uzalloc_aligned", make_uzalloc_aligned, TAKES_ALIGN | IS_ZERO, SIZED_ALIGNED},
    {"strndup", make_strndup, IS_SMALL | TAKES_COUNT, SIZED_PLAIN},
    {"wcsdup", make_wcsdup, IS_SMALL, SIZED_PLAIN},
    {"heap_malloc", make_heap_malloc, TAKES_HEAP, SIZED_PLAIN},
    {"heap_zalloc", make_heap_zalloc, TAKES_HEAP | IS_ZERO, SIZED_PLAIN},
    {"heap_calloc", make_heap_calloc, TAKES_HEAP | TAKES_COUNT | IS_ZERO, SIZED_PLAIN},
    {"heap_aligned_alloc", make_heap_aligned_alloc, TAKES_HEAP | TAKES_ALIGN, SIZED_ALIGNED},
    {"heap_realloc of NULL", make_heap_realloc, TAKES_HEAP, SIZED_PLAIN},
    {"realloc of NULL", make_realloc, 0, SIZED_PLAIN},
    {"rezalloc of NULL", make_rezalloc, IS_ZERO, SIZED_PLAIN},
};

static struct want draw_want(struct world *w, const struct maker *maker) {
    struct want want = {.bytes = world_draw_bytes(w), .count = 1, .sized = maker->sized};
    want.zero = (maker->traits & IS_ZERO) != 0;
    want.align = (maker->traits & TAKES_ALIGN) != 0 ? input_align(&w->in) : 0;
    want.offset = (maker->traits & TAKES_OFFSET) != 0 ? input_size(&w->in) : 0;
    if ((maker->traits & IS_SMALL) != 0) {
        want.bytes %= ASH_SMALL_MAX + 1;
    }
    if ((maker->traits & TAKES_COUNT) != 0) {
        want.count = 1 + input_below(&w->in, 9);
        want.bytes -= want.bytes % want.count;
    }
    want.heap = (maker->traits & TAKES_HEAP) != 0 ? world_draw_heap(w) : world_root(w);
    return want;
}

void world_make(struct world *w) {
    const struct maker *maker = &makers[input_below(&w->in, sizeof makers / sizeof makers[0])];
    struct want want = draw_want(w, maker);
    if (w->count == WORLD_BLOCKS) {
        return;
    }
    world_note(w, maker->name);
    size_t before = ash_heap_bytes(want.heap);
    void *block = maker->make(&want);
    world_check_limit(w, want.heap, before);
    w->players[w->player].allocated = true;
    world_adopt(w, block, &want);
}
