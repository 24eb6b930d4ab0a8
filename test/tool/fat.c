// A planted allocator that wastes memory and time: glibc's malloc behind 40 MiB that it touches.
#include <stdbool.h>
#include <stddef.h>

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void __libc_free(void *block);
void *malloc(size_t bytes);
void *calloc(size_t count, size_t bytes);
void *realloc(void *block, size_t bytes);
void free(void *block);
bool ash_is_active(void);
int ash_version(void);

static volatile char waste[40 << 20];

__attribute__((constructor)) static void touch(void) {
    for (size_t i = 0; i < sizeof(waste); i += 64) {
        waste[i] = 1;
    }
}

void *malloc(size_t bytes) {
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes) {
    return __libc_calloc(count, bytes);
}

void *realloc(void *block, size_t bytes) {
    return __libc_realloc(block, bytes);
}

void free(void *block) {
    __libc_free(block);
}

bool ash_is_active(void) {
    return true;
}

int ash_version(void) {
    return 100;
}
