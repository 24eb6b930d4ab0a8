// The library that deepbind loads: linked with libc alone, it finds libc's malloc before ashlar's.

#include <stdlib.h>
#include <string.h>

void *plugin_make(size_t bytes);
int plugin_work(void);

void *plugin_make(size_t bytes) {
    void *block = malloc(bytes);
    memset(block, 1, bytes);
    return block;
}

int plugin_work(void) {
    int good = 1;
    for (size_t i = 1; i < 2000; i++) {
        char *volatile block = malloc(i);
        good = good && block != NULL;
        memset(block, 2, i);
        block = realloc(block, i * 2);
        good = good && block[0] == 2;
        free(block);
    }
    return good;
}
