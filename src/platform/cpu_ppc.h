// PowerPC: r13 in 64-bit code, r2 in 32-bit code.

#ifndef ASH_PLATFORM_CPU_PPC_H
#define ASH_PLATFORM_CPU_PPC_H

#if defined(__powerpc64__)
#define CPU_THREAD_POINTER "mr %0, 13"
#else
#define CPU_THREAD_POINTER "mr %0, 2"
#endif

#endif
