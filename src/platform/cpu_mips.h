// MIPS: the kernel emulates the instruction on processors without it.

#ifndef ASH_PLATFORM_CPU_MIPS_H
#define ASH_PLATFORM_CPU_MIPS_H

#define CPU_THREAD_POINTER ".set push\n\t.set mips32r2\n\trdhwr %0, $29\n\t.set pop"

#endif
