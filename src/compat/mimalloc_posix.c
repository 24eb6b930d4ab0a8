// Names of POSIX, Unix and Windows in mimalloc.h.

#define _GNU_SOURCE

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "compat/mimalloc_layer.h"

void mi_cfree(void *p) {
    if (p != NULL && ash_usable_size(p) != 0) {
        ash_free(p);
    }
}

void *mi__expand(void *p, size_t newsize) {
    void *same = mi_expand(p, newsize);
    if (same == NULL) {
        errno = ENOMEM;
    }
    return same;
}

size_t mi_malloc_size(const void *p) {
    return ash_usable_size(p);
}

size_t mi_malloc_good_size(size_t size) {
    return ash_good_size(size);
}

size_t mi_malloc_usable_size(const void *p) {
    return ash_usable_size(p);
}

// Aligned -------------------------------------------------------------------------------

// errno is kept, as posix_memalign(3) says.
int mi_posix_memalign(void **p, size_t alignment, size_t size) {
    if (p == NULL || !ash_is_power_of_two(alignment) || alignment % sizeof(void *) != 0) {
        return EINVAL;
    }
    int saved_errno = errno;
    void *block = mi_malloc_aligned(size, alignment);
    errno = saved_errno;
    if (block == NULL) {
        return ENOMEM;
    }
    *p = block;
    return 0;
}

int mi__posix_memalign(void **p, size_t alignment, size_t size) {
    return mi_posix_memalign(p, alignment, size);
}

void *mi_memalign(size_t alignment, size_t size) {
    return mi_malloc_aligned(size, alignment);
}

void *mi_valloc(size_t size) {
    return mi_malloc_aligned(size, (size_t)sysconf(_SC_PAGESIZE));
}

void *mi_pvalloc(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t total;
    if (ash_add_overflows(size, page - 1, &total)) {
        errno = ENOMEM;
        return ash_mi_failed(size);
    }
    return mi_malloc_aligned(ash_max(ash_round_down(total, page), page), page);
}

void *mi_aligned_alloc(size_t alignment, size_t size) {
    return mi_malloc_aligned(size, alignment);
}

void *mi_aligned_recalloc(void *p, size_t newcount, size_t size, size_t alignment) {
    return mi_recalloc_aligned(p, newcount, size, alignment);
}

void *mi_aligned_offset_recalloc(void *p, size_t newcount, size_t size, size_t alignment,
                                 size_t offset) {
    return mi_recalloc_aligned_at(p, newcount, size, alignment, offset);
}

// Arrays --------------------------------------------------------------------------------

void *mi_reallocarray(void *p, size_t count, size_t size) {
    size_t total;
    if (!ash_mi_product(count, size, &total)) {
        errno = EOVERFLOW;
        return NULL;
    }
    return mi_realloc(p, total);
}

// `p` need not be aligned as a pointer is.
int mi_reallocarr(void *p, size_t count, size_t size) {
    if (p == NULL) {
        return EINVAL;
    }
    int saved_errno = errno;
    void *block;
    memcpy(&block, p, sizeof block);
    size_t total;
    if (!ash_mi_product(count, size, &total)) {
        errno = saved_errno;
        return EOVERFLOW;
    }
    void *moved = NULL;
    if (total == 0) {
        mi_free(block);
    } else {
        moved = mi_realloc(block, total);
    }
    errno = saved_errno;
    if (moved == NULL && total != 0) {
        return ENOMEM;
    }
    memcpy(p, &moved, sizeof moved);
    return 0;
}

// Freeing with what is known ----------------------------------------------------------------

void mi_free_size(void *p, size_t size) {
    if (!ash_mi_refuses(p)) {
        ash_free_sized(p, size);
    }
}

void mi_free_size_aligned(void *p, size_t size, size_t alignment) {
    if (!ash_mi_refuses(p)) {
        ash_free_aligned_sized(p, alignment, size);
    }
}

void mi_free_aligned(void *p, size_t alignment) {
    (void)alignment;
    mi_free(p);
}

// Strings -------------------------------------------------------------------------------

unsigned short *mi_wcsdup(const unsigned short *s) {
    size_t length = 0;
    while (s != NULL && s[length] != 0) {
        length++;
    }
    return s == NULL ? NULL : ash_mi_copy(ash_mi_heap(), s, length * sizeof *s, sizeof *s);
}

unsigned char *mi_mbsdup(const unsigned char *s) {
    return (unsigned char *)mi_strdup((const char *)s);
}
