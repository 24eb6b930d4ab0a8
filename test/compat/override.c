// A file that includes mimalloc-override.h allocates with mi_ functions under the usual names.

#define _GNU_SOURCE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ashlar/compat/mimalloc-override.h>

static int faults;

#define HOLDS(c) ((c) ? (void)0 : (void)(faults++, fprintf(stderr, "line %d: %s\n", __LINE__, #c)))

static void use(void *block) {
    HOLDS(block != NULL && mi_any_heap_contains(block));
    free(block);
}

int main(void) {
    void *block = NULL;
    use(malloc(10));
    use(calloc(10, 10));
    use(realloc(NULL, 10));
    use(aligned_alloc(64, 64));
    use(strdup("a"));
    use(strndup("a", 1));
    use(realpath("/", NULL));
    HOLDS(posix_memalign(&block, 64, 1) == 0);
    use(block);
    use(memalign(64, 1));
    use(valloc(1));
    use(pvalloc(1));
    use(reallocarray(NULL, 1, 1));
    use(reallocf(NULL, 1));
    block = NULL;
    HOLDS(reallocarr(&block, 1, 1) == 0 && malloc_usable_size(block) >= 1);
    HOLDS(malloc_size(block) == malloc_good_size(1) && _msize(block) == malloc_size(block));
    cfree(block);
    use(_aligned_offset_recalloc(_aligned_malloc(1, 64), 2, 2, 64, 8));
    return faults == 0 ? 0 : 1;
}
