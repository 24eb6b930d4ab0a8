// The names of the C library that ashlar answers and no system header declares.

#ifndef ASH_OVERRIDE_LIBC_ELF_H
#define ASH_OVERRIDE_LIBC_ELF_H

#include <stddef.h>

void *memalign(size_t align, size_t bytes);
void *pvalloc(size_t bytes);
size_t malloc_usable_size(void *block);
void free_sized(void *block, size_t bytes);
void free_aligned_sized(void *block, size_t align, size_t bytes);
void cfree(void *block);
void *__libc_malloc(size_t bytes);
void __libc_free(void *block);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t align, size_t bytes);
void *__libc_valloc(size_t bytes);
void *__libc_pvalloc(size_t bytes);
int __posix_memalign(void **block, size_t align, size_t bytes);

#endif
