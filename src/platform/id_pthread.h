// What the thread library calls the thread.

#ifndef ASH_PLATFORM_ID_PTHREAD_H
#define ASH_PLATFORM_ID_PTHREAD_H

#include <pthread.h>

static inline uintptr_t ash_id_raw(void) {
    return (uintptr_t)pthread_self();
}

#endif
