// SPARC.

#ifndef ASH_PLATFORM_CPU_SPARC_H
#define ASH_PLATFORM_CPU_SPARC_H

#define CPU_THREAD_POINTER "mov %%g7, %0"

#endif
