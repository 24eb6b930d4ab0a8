// AArch64.

#ifndef ASH_PLATFORM_CPU_AARCH64_H
#define ASH_PLATFORM_CPU_AARCH64_H

#define CPU_THREAD_POINTER "mrs %0, tpidr_el0"

#define ash_cpu_pause() __asm__ __volatile__("isb" ::: "memory")

#endif
