// glibc_names: the names from inside glibc, which no header declares and old programs call, are
// ashlar's too: a block of one is freed by another.

#define _GNU_SOURCE
#include "common.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    void *(*allocate)(size_t);
    void *(*allocate_zeroed)(size_t, size_t);
    void *(*resize)(void *, size_t);
    void *(*align)(size_t, size_t);
    void *(*on_page)(size_t);
    void *(*whole_pages)(size_t);
    int (*posix)(void **, size_t, size_t);
    void (*give_back)(void *);
} names;

// Finds a name; C has no cast from an object to a function.
static void find(const char *name, void *function) {
    void *found = dlsym(RTLD_DEFAULT, name);
    if (found == NULL) {
        fprintf(stderr, "%s is not there\n", name);
    }
    expect(found != NULL, "every name is there");
    memcpy(function, &found, sizeof found);
}

static void find_all(void) {
    find("__libc_malloc", &names.allocate);
    find("__libc_calloc", &names.allocate_zeroed);
    find("__libc_realloc", &names.resize);
    find("__libc_memalign", &names.align);
    find("__libc_valloc", &names.on_page);
    find("__libc_pvalloc", &names.whole_pages);
    find("__posix_memalign", &names.posix);
    find("__libc_free", &names.give_back);
}

// Ours, aligned, and as large as it should be.
static void good(void *block, size_t align, size_t bytes) {
    expect(block != NULL && (uintptr_t)block % align == 0, "a block is aligned");
    expect(malloc_usable_size(block) >= bytes, "a block is ashlar's");
    memset(block, 1, bytes);
    names.give_back(block);
}

int main(void) {
    require_ashlar();
    find_all();
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    good(names.allocate(100), 16, 100);
    unsigned char *zeroed = names.allocate_zeroed(300, 7);
    expect(zeroed != NULL && zeroed[0] == 0 && zeroed[2099] == 0, "calloc gives zeroes");
    zeroed[2099] = 9;
    zeroed = names.resize(zeroed, 70000);
    expect(zeroed != NULL && zeroed[2099] == 9, "a grown block is whole");
    good(zeroed, 16, 70000);
    good(names.align(512, 40), 512, 40);
    good(names.on_page(10), page, 10);
    good(names.whole_pages(page + 1), page, 2 * page);
    void *block = NULL;
    expect(names.posix(&block, 256, 1000) == 0, "posix_memalign answers");
    good(block, 256, 1000);
    free(names.allocate(50));
    names.give_back(keep(malloc(60)));
    return 0;
}
