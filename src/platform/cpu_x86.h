// x86: the word at the thread pointer is the thread pointer itself, by the ABI.

#ifndef ASH_PLATFORM_CPU_X86_H
#define ASH_PLATFORM_CPU_X86_H

#if defined(__x86_64__)
#define CPU_THREAD_POINTER "mov %%fs:0, %0"
#else
#define CPU_THREAD_POINTER "mov %%gs:0, %0"
#endif

// Compilers load an atomic word into a register before they compare it.
#define ash_cpu_below ash_cpu_below
ASH_INLINE bool ash_cpu_below(size_t value, const void *word) {
    __asm__ goto("cmp %1, %0\n\tjae %l2"
                 :
                 : "r"(value), "m"(*(const size_t *)word)
                 : "cc"
                 : not_below);
    return true;
not_below:
    return false;
}

#define ash_cpu_pause() __asm__ __volatile__("pause" ::: "memory")
#define ash_cpu_keep(a, b) __asm__("" : "+c"(a), "+d"(b))

#endif
