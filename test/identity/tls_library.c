// A library with thread-local storage, copied under forty names. Each thread touches it on its
// first call, so that the C library has to make room for it in that thread.

#include <stdint.h>

int touch(void);

static _Thread_local unsigned char storage[40];
static _Thread_local uintptr_t calls;

// How often the calling thread has called this; 0 if its storage was overwritten.
int touch(void) {
    for (unsigned i = 0; i < sizeof(storage); i++) {
        if (storage[i] != (unsigned char)(calls * (i + 1))) {
            return 0;
        }
        storage[i] = (unsigned char)((calls + 1) * (i + 1));
    }
    return (int)++calls;
}
