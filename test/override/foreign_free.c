// foreign_free: pointers that ashlar never handed out are ignored by free and unknown to
// malloc_usable_size: blocks of glibc's own malloc, as a process has them from before an
// interposition, mapped pages, static and stack memory.

#define _GNU_SOURCE
#include "common.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static char fixed[4096] __attribute__((aligned(4096)));

static void ignored(void *block, const char *claim) {
    errno = 0;
    memset(block, 0x3C, 64);
    free(keep(block));
    expect(errno == 0, claim);
    expect(malloc_usable_size(keep(block)) == 0, claim);
    for (size_t i = 0; i < 64; i++) {
        expect(((char *)block)[i] == 0x3C, claim);
    }
}

int main(void) {
    require_ashlar();
    char local[4096] __attribute__((aligned(4096)));
    void *(*glibc_malloc)(size_t) = NULL;
    void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    void *found = libc == NULL ? NULL : dlsym(libc, "malloc");
    memcpy(&glibc_malloc, &found, sizeof(found));
    expect(found != NULL && found != dlsym(RTLD_DEFAULT, "malloc"), "glibc's malloc is found");

    ignored(glibc_malloc(100), "a small block of glibc is ignored");
    ignored(glibc_malloc(100000), "a medium block of glibc is ignored");
    ignored(glibc_malloc((size_t)40 << 20), "a mapped block of glibc is ignored");
    ignored(mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            "a mapping is ignored");
    ignored(fixed, "static memory is ignored");
    ignored(local, "the stack is ignored");
    ignored(local + 24, "an odd place on the stack is ignored");
    expect(exercise(4, 20000), "malloc works afterwards");
    return 0;
}
