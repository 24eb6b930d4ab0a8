// dlopen_late LIBRARY: a process that runs on glibc loads libashlar.so late. It must load (thread
// storage for late libraries is scarce), its ash_* functions must work beside glibc's malloc, and
// malloc must stay glibc's. With `copy` as second argument ashlar is preloaded already and LIBRARY
// is a second copy of the file: both work side by side.

#define _GNU_SOURCE
#include "common.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *(*ash_malloc)(size_t);
static void (*ash_free)(void *);
static size_t (*ash_usable_size)(const void *);
static bool (*ash_is_active)(void);

static void find(void *handle, void *slot, const char *name) {
    void *found = dlsym(handle, name);
    if (found == NULL) {
        fprintf(stderr, "fails: the library has no %s: not ashlar?\n", name);
        exit(1);
    }
    memcpy(slot, &found, sizeof(found));
}

static void *native_load(void *unused) {
    void *blocks[500];
    for (size_t i = 0; i < 500; i++) {
        blocks[i] = ash_malloc(i * i % 50000);
        expect(blocks[i] != NULL, "ash_malloc answers");
        expect(ash_usable_size(blocks[i]) >= i * i % 50000, "ash_usable_size knows the block");
        memset(blocks[i], 1, i * i % 50000);
        expect(malloc_usable_size(keep(malloc(i))) >= i, "malloc answers beside it");
    }
    for (size_t i = 0; i < 500; i++) {
        ash_free(blocks[i]);
    }
    return unused;
}

int main(int argc, char **argv) {
    bool copy = argc == 3 && strcmp(argv[2], "copy") == 0;
    expect(argc == 2 || copy, "usage: dlopen_late LIBRARY [copy]");
    if (copy) {
        require_ashlar();
    }
    void *malloc_before = dlsym(RTLD_DEFAULT, "malloc");
    void *old = keep(malloc(100));
    void *handle = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        fprintf(stderr, "fails: the library loads late: %s\n", dlerror());
        return 1;
    }
    find(handle, &ash_malloc, "ash_malloc");
    find(handle, &ash_free, "ash_free");
    find(handle, &ash_usable_size, "ash_usable_size");
    find(handle, &ash_is_active, "ash_is_active");

    expect(!ash_is_active(), "a library that is not the process's malloc says so");
    expect(dlsym(RTLD_DEFAULT, "malloc") == malloc_before, "malloc stays what it was");
    expect(ash_usable_size(old) == 0, "a block of the other malloc is not known");
    native_load(NULL);
    pthread_t threads[8];
    for (size_t i = 0; i < 8; i++) {
        expect(pthread_create(&threads[i], NULL, native_load, NULL) == 0, "a thread starts");
    }
    for (size_t i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
    }
    expect(exercise(3, 20000), "the process's own malloc still works");
    free(old);
    // The library is never really unloaded: a thread that exits now still runs its code.
    expect(dlclose(handle) == 0, "dlclose answers");
    ash_free(ash_malloc(100));
    return 0;
}
