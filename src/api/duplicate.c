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

// `bytes` of `from`, and `end` zero bytes.
static void *duplicate(const void *from, size_t bytes, size_t end) {
    char *copy = ash_malloc_inline(bytes + end);
    if (copy != NULL) {
        memcpy(copy, from, bytes);
        memset(copy + bytes, 0, end);
    }
    return copy;
}

ASH_NOINLINE char *ash_strdup(const char *string) {
    return duplicate(string, strlen(string), 1);
}

// Not strnlen and wcslen here: the loader binds both in every program, which brings pages of
// the C library into memory that small programs do without.
ASH_NOINLINE char *ash_strndup(const char *string, size_t most) {
    const char *end = memchr(string, '\0', ash_min(most, PTRDIFF_MAX));
    return duplicate(string, end != NULL ? (size_t)(end - string) : most, 1);
}

ASH_NOINLINE wchar_t *ash_wcsdup(const wchar_t *string) {
    size_t length = 0;
    while (string[length] != L'\0') {
        length++;
    }
    return duplicate(string, length * sizeof *string, sizeof *string);
}

// Never with NULL: the C library would allocate, by a malloc that need not be ours.
ASH_NOINLINE char *ash_realpath(const char *path, char *resolved) {
    char own[PATH_MAX];
    if (resolved != NULL) {
        return realpath(path, resolved);
    }
    return realpath(path, own) == NULL ? NULL : ash_strdup(own);
}
