// PA-RISC.

#ifndef ASH_PLATFORM_CPU_HPPA_H
#define ASH_PLATFORM_CPU_HPPA_H

#define CPU_THREAD_POINTER "mfctl %%cr27, %0"

#endif
