// RISC-V.

#ifndef ASH_PLATFORM_CPU_RISCV_H
#define ASH_PLATFORM_CPU_RISCV_H

#define CPU_THREAD_POINTER "mv %0, tp"

#endif
