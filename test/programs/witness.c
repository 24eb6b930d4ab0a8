// witness: preloaded behind the allocator, it reports from inside every process which library
// serves malloc there. One line for each process goes to the file named by ASHLAR_WITNESS:
//
//     PROGRAM <tab> PID <tab> FILE <tab> active|inactive|foreign
//
// `active` is ashlar's own word together with its knowledge of a block just made by malloc, and
// FILE is where that ashlar lies. `foreign` means that there is no ashlar in the process, and FILE
// is where malloc lies. (malloc alone would not do: a program that takes its address may have it in
// its own table of jumps.)

#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *state(void) {
    bool (*ash_is_active)(void) = NULL;
    size_t (*ash_usable_size)(const void *) = NULL;
    void *is_active = dlsym(RTLD_DEFAULT, "ash_is_active");
    void *usable_size = dlsym(RTLD_DEFAULT, "ash_usable_size");
    if (is_active == NULL || usable_size == NULL) {
        return "foreign";
    }
    memcpy(&ash_is_active, &is_active, sizeof(is_active));
    memcpy(&ash_usable_size, &usable_size, sizeof(usable_size));
    void *volatile block = malloc(100);
    bool ours = ash_is_active() && ash_usable_size(block) >= 100;
    free(block);
    return ours ? "active" : "inactive";
}

__attribute__((constructor)) static void testify(void) {
    int error = errno;
    const char *path = getenv("ASHLAR_WITNESS");
    Dl_info info;
    void *found = dlsym(RTLD_DEFAULT, "ash_is_active");
    if (found == NULL) {
        found = dlsym(RTLD_DEFAULT, "malloc");
    }
    if (path != NULL && dladdr(found, &info) != 0) {
        char line[4096];
        int length = snprintf(line, sizeof(line), "%s\t%d\t%s\t%s\n", program_invocation_short_name,
                              (int)getpid(), info.dli_fname, state());
        int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (fd >= 0 && length > 0 && write(fd, line, (size_t)length) != length) {
            abort();
        }
        close(fd);
    }
    errno = error;
}
