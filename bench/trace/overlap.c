// The planted failure of replay's checks: a malloc that hands out one block of 2,003 bytes
// again and again.

#include <stddef.h>

extern void *__libc_malloc(size_t bytes);
extern void __libc_free(void *block);

void *malloc(size_t bytes);
void free(void *block);

static _Alignas(16) char only[2016];

void *malloc(size_t bytes) {
    return bytes == 2003 ? only : __libc_malloc(bytes);
}

void free(void *block) {
    if (block != only) {
        __libc_free(block);
    }
}
