// The compiler's own __builtin_thread_pointer. Compilers claim it where they cannot compile
// it, and read the wrong register on two systems; so it is only used where it is asked
// for, by compilers that were tried. Tests compare it with the register.

#ifndef ASH_PLATFORM_ID_BUILTIN_H
#define ASH_PLATFORM_ID_BUILTIN_H

#if defined(__APPLE__) || defined(_WIN32)
#define ID_BUILTIN_TRIED 0
#elif defined(__clang__)
#if defined(__aarch64__) || defined(__arm__) || defined(__powerpc64__) || defined(__s390x__)
#define ID_BUILTIN_TRIED (__clang_major__ >= 9)
#elif defined(__riscv)
#define ID_BUILTIN_TRIED (__clang_major__ >= 11)
#elif defined(__x86_64__) || defined(__i386__)
#define ID_BUILTIN_TRIED (__clang_major__ >= 14)
#else
#define ID_BUILTIN_TRIED 0
#endif
#elif defined(__aarch64__) || defined(__arm__) || defined(__s390x__)
#define ID_BUILTIN_TRIED (__GNUC__ >= 9)
#elif defined(__x86_64__) || defined(__i386__)
#define ID_BUILTIN_TRIED (__GNUC__ >= 11)
#elif defined(__riscv) || defined(__mips__) || defined(__loongarch__)
#define ID_BUILTIN_TRIED (__GNUC__ >= 12)
#else
#define ID_BUILTIN_TRIED 0
#endif

#if !ID_BUILTIN_TRIED
#error "ASH_ID=builtin: this compiler's __builtin_thread_pointer was not tried here; use asm"
#endif

static inline uintptr_t ash_id_raw(void) {
    return (uintptr_t)ash_builtin_thread_pointer();
}

#endif
