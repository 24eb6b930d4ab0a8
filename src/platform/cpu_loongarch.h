// LoongArch.

#ifndef ASH_PLATFORM_CPU_LOONGARCH_H
#define ASH_PLATFORM_CPU_LOONGARCH_H

#define CPU_THREAD_POINTER "move %0, $tp"

#endif
