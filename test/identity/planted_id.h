// The planted rung: the word at the thread pointer, taken for the thread's id. On x86 and s390x the
// C library keeps its own address there. On AArch64, ARM and others the word points to a table that
// moves when libraries are loaded; on RISC-V it is the first thread-local variable.

#ifndef ASHLAR_TEST_IDENTITY_PLANTED_ID_H
#define ASHLAR_TEST_IDENTITY_PLANTED_ID_H

static inline uintptr_t ash_id_raw(void) {
    uintptr_t pointer;
    ash_cpu_thread_pointer(pointer);
    return *(const uintptr_t *)pointer;
}

#endif
