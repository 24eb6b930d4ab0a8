// SuperH.

#ifndef ASH_PLATFORM_CPU_SH_H
#define ASH_PLATFORM_CPU_SH_H

#define CPU_THREAD_POINTER "stc gbr, %0"

#endif
