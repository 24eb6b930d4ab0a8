// x86: the word at the thread pointer is the thread pointer itself, by the ABI.

#ifndef ASH_PLATFORM_CPU_X86_H
#define ASH_PLATFORM_CPU_X86_H

#if defined(__x86_64__)
#define CPU_THREAD_POINTER "mov %%fs:0, %0"
#else
#define CPU_THREAD_POINTER "mov %%gs:0, %0"
#endif

#define ash_cpu_pause() __asm__ __volatile__("pause" ::: "memory")
#define ash_cpu_keep(a, b) __asm__("" : "+c"(a), "+d"(b))

#endif
