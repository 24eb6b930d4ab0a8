// deepbind PLUGIN: loads a library with RTLD_DEEPBIND, which makes it use libc's malloc beside
// ashlar. It must work, and its blocks, freed by the main program, are ignored.

#define _GNU_SOURCE
#include "common.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    require_ashlar();
    expect(argc == 2, "usage: deepbind PLUGIN");
    void *handle = dlopen(argv[1], RTLD_NOW | RTLD_DEEPBIND);
    expect(handle != NULL, "the plugin loads");
    void *(*plugin_make)(size_t) = NULL;
    int (*plugin_work)(void) = NULL;
    void *make = dlsym(handle, "plugin_make");
    void *work = dlsym(handle, "plugin_work");
    expect(make != NULL && work != NULL, "the plugin has its functions");
    memcpy(&plugin_make, &make, sizeof(make));
    memcpy(&plugin_work, &work, sizeof(work));
    for (size_t i = 1; i < 200; i++) {
        expect(plugin_work() == 1, "the plugin allocates and frees");
        expect(exercise((unsigned)i, 100), "the program allocates beside it");
        free(plugin_make(i * 100));
    }
    expect(dlclose(handle) == 0, "the plugin unloads");
    return 0;
}
