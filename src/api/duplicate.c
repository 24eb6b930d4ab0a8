// Strings and paths in blocks of their own.

#define _GNU_SOURCE

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "api/malloc.h"
#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "base/compiler.h"

// `bytes` of `from`, and `end` zero bytes. `realm` NULL is the calling thread's own.
static void *duplicate(struct ash_realm *realm, const void *from, size_t bytes, size_t end) {
    char *copy = realm == NULL ? ash_malloc_inline(bytes + end) : ash_take(realm, bytes + end);
    if (copy != NULL) {
        memcpy(copy, from, bytes);
        memset(copy + bytes, 0, end);
    }
    return copy;
}

// Not strnlen and wcslen here: the loader binds both in every program, which brings pages of
// the C library into memory that small programs do without.
static size_t duplicate_length(const char *string, size_t most) {
    const char *end = memchr(string, '\0', ash_min(most, PTRDIFF_MAX));
    return end != NULL ? (size_t)(end - string) : most;
}

static size_t duplicate_wide_bytes(const wchar_t *string) {
    size_t length = 0;
    while (string[length] != L'\0') {
        length++;
    }
    return length * sizeof *string;
}

// Never with NULL: the C library would allocate, by a malloc that need not be ours.
static char *duplicate_path(struct ash_realm *realm, const char *path, char *resolved) {
    char own[PATH_MAX];
    if (resolved != NULL) {
        return realpath(path, resolved);
    }
    return realpath(path, own) == NULL ? NULL : duplicate(realm, own, strlen(own), 1);
}

ASH_NOINLINE char *ash_strdup(const char *string) {
    return duplicate(NULL, string, strlen(string), 1);
}

ASH_NOINLINE char *ash_strndup(const char *string, size_t most) {
    return duplicate(NULL, string, duplicate_length(string, most), 1);
}

ASH_NOINLINE wchar_t *ash_wcsdup(const wchar_t *string) {
    return duplicate(NULL, string, duplicate_wide_bytes(string), sizeof *string);
}

ASH_NOINLINE char *ash_realpath(const char *path, char *resolved) {
    return duplicate_path(NULL, path, resolved);
}

// From a heap -----------------------------------------------------------------------------

ASH_NOINLINE char *ash_heap_strdup(ash_heap_t *heap, const char *string) {
    return duplicate(heap, string, strlen(string), 1);
}

ASH_NOINLINE char *ash_heap_strndup(ash_heap_t *heap, const char *string, size_t most) {
    return duplicate(heap, string, duplicate_length(string, most), 1);
}

ASH_NOINLINE wchar_t *ash_heap_wcsdup(ash_heap_t *heap, const wchar_t *string) {
    return duplicate(heap, string, duplicate_wide_bytes(string), sizeof *string);
}

ASH_NOINLINE char *ash_heap_realpath(ash_heap_t *heap, const char *path, char *resolved) {
    return duplicate_path(heap, path, resolved);
}
