// several LIBRARY FIRST COUNT HOW: copies of the allocator side by side in one process.
//
// LIBRARY is the allocator as a shared library; FIRST is the first of COUNT copies of its file (00
// stands for the number). HOW is `names` (each copy is opened under its name) or `namespaces`
// (LIBRARY is opened by dlmopen, COUNT times). All threads use all copies, blocks go back to the
// copy they came from, the copies are closed while threads that used them still live, and then
// these threads end.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "subject.h"
#include "support.h"

enum { THREADS = 4, COPIES_MAX = 16, HELD = 200 };

static const char usage[] = "LIBRARY FIRST COUNT names|namespaces";

struct copy {
    void *handle;
    void *(*take)(size_t bytes);
    void (*give)(void *block);
    void *(*heap)(void);
    size_t (*heap_count)(void);
    void (*identity)(struct ash_thread_identity *identity, size_t bytes);
};

static struct copy copies[COPIES_MAX];
static unsigned copy_count;
static struct stage used, closed;

#ifdef LM_ID_NEWLM
static void *open_apart(const char *path) {
    return dlmopen(LM_ID_NEWLM, path, RTLD_NOW | RTLD_LOCAL);
}
#else
static void *open_apart(const char *path) {
    fail("this C library has no namespaces for %s", path);
}
#endif

static void find(const struct copy *copy, void *function, const char *name) {
    void *found = dlsym(copy->handle, name);
    if (found == NULL) {
        fail("the library has no %s: not the allocator under test?", name);
    }
    memcpy(function, &found, sizeof(found));
}

static void open_copy(struct copy *copy, const char *path, bool apart) {
    copy->handle = apart ? open_apart(path) : dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (copy->handle == NULL) {
        fail("%s opens: %s", path, dlerror());
    }
    find(copy, &copy->take, "ash_malloc");
    find(copy, &copy->give, "ash_free");
    find(copy, &copy->heap, "identity_heap");
    find(copy, &copy->heap_count, "identity_heap_count");
    find(copy, &copy->identity, "ash_thread_identity");
}

static void use(struct random *random, void *heaps[]) {
    unsigned char *held[COPIES_MAX][HELD];
    for (size_t i = 0; i < HELD; i++) {
        for (unsigned c = 0; c < copy_count; c++) {
            size_t bytes = random_size(random);
            held[c][i] = copies[c].take(bytes);
            expect(held[c][i] != NULL, "every copy has memory");
            memset(held[c][i], (int)c + 1, 16);
        }
    }
    for (size_t i = 0; i < HELD; i++) {
        for (unsigned c = 0; c < copy_count; c++) {
            expect(held[c][i][0] == c + 1 && held[c][i][15] == c + 1, "a block is one copy's own");
            copies[c].give(held[c][i]);
        }
    }
    for (unsigned c = 0; c < copy_count; c++) {
        expect(heaps[c] == NULL || heaps[c] == copies[c].heap(), "a thread keeps its heap");
        heaps[c] = copies[c].heap();
    }
}

static void *work(void *argument) {
    struct random random = {(uint32_t)(uintptr_t)argument};
    void *heaps[COPIES_MAX] = {NULL};
    for (int i = 0; i < 20; i++) {
        use(&random, heaps);
    }
    for (unsigned c = 1; c < copy_count; c++) {
        expect(heaps[c] != heaps[0], "each copy has heaps of its own");
    }
    atomic_fetch_add(&used.now, 1);
    stage_wait(&closed, 1);
    return NULL;
}

static void check_copy(const struct copy *copy) {
    struct ash_thread_identity identity;
    copy->identity(&identity, sizeof(identity));
    expect(identity.foreign == 0 && identity.changed == 0, "no copy finds a fault");
    expect(strcmp(identity.slot, identity.slot_now) == 0, "every copy uses its slot");
    expect(copy->heap_count() <= THREADS + 1, "every copy has one heap for each thread");
}

static void open_all(int argc, char **argv) {
    char path[4096];
    const char *library = argument(argc, argv, 1, usage);
    const char *first = argument(argc, argv, 2, usage);
    bool apart = strcmp(argument(argc, argv, 4, usage), "namespaces") == 0;
    copy_count = (unsigned)number(argc, argv, 3, 3);
    expect(copy_count <= COPIES_MAX && strlen(first) < sizeof(path), "the arguments are sane");
    strcpy(path, first);
    char *digits = strstr(path, "00");
    expect(digits != NULL, "the path has the number 00");
    for (unsigned c = 0; c < copy_count; c++) {
        digits[0] = (char)('0' + c / 10);
        digits[1] = (char)('0' + c % 10);
        open_copy(&copies[c], apart ? library : path, apart);
    }
}

int main(int argc, char **argv) {
    deadline(120);
    open_all(argc, argv);
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = thread_start(work, (void *)(uintptr_t)(i + 1));
    }
    stage_wait(&used, THREADS);
    for (unsigned c = 0; c < copy_count; c++) {
        check_copy(&copies[c]);
        expect(dlclose(copies[c].handle) == 0, "a copy is closed");
    }
    stage_set(&closed, 1);
    for (unsigned i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
    }
    printf("%u copies side by side\n", copy_count);
    return 0;
}
