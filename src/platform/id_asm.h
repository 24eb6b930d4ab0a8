// The thread pointer from its register: right in every configuration that was tried, with
// compilers of all ages. docs/thread-identity.md has the list.

#ifndef ASH_PLATFORM_ID_ASM_H
#define ASH_PLATFORM_ID_ASM_H

#if !ASH_CPU_HAS_THREAD_POINTER
#error "ASH_ID=asm: platform/cpu_<arch>.h names no register for this processor; use tls or pthread"
#endif

static inline uintptr_t ash_id_raw(void) {
    uintptr_t pointer;
    ash_cpu_thread_pointer(pointer);
    return pointer;
}

#endif
