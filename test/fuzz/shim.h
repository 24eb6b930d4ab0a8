// The allocator under test. Built with FUZZ_PLANT above 0 it misbehaves now and then, as the table
// in shim.c says: the harness has to find out from the committed corpus alone.

#ifndef ASHLAR_TEST_FUZZ_SHIM_H
#define ASHLAR_TEST_FUZZ_SHIM_H

#include <stddef.h>

void *shim_malloc(size_t bytes);
void *shim_calloc(size_t count, size_t bytes);
void *shim_realloc(void *block, size_t bytes);
void *shim_aligned_alloc(size_t align, size_t bytes);
void shim_free(void *block);
size_t shim_usable_size(const void *block);

#endif
