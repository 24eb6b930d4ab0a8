// The address of a thread-local variable.

#ifndef ASH_PLATFORM_ID_TLS_H
#define ASH_PLATFORM_ID_TLS_H

#if ASH_SLOT == ASH_SLOT_DYNAMIC
static ASH_THREAD_LOCAL_ANYWHERE char id_mark;
#else
static ASH_THREAD_LOCAL char id_mark;
#endif

static inline uintptr_t ash_id_raw(void) {
    return (uintptr_t)&id_mark;
}

#endif
