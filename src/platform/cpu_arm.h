// 32-bit ARM. The register exists from version 6K on, and Thumb-1 code cannot read it.

#ifndef ASH_PLATFORM_CPU_ARM_H
#define ASH_PLATFORM_CPU_ARM_H

#if __ARM_ARCH >= 7 || defined(__ARM_ARCH_6K__) || defined(__ARM_ARCH_6ZK__)
#define CPU_THREAD_POINTER "mrc p15, 0, %0, c13, c0, 3"
#endif

#if __ARM_ARCH >= 7
#define ash_cpu_pause() __asm__ __volatile__("yield" ::: "memory")
#endif

#endif
