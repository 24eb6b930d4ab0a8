// z/Architecture: two access registers.

#ifndef ASH_PLATFORM_CPU_S390X_H
#define ASH_PLATFORM_CPU_S390X_H

#define CPU_THREAD_POINTER "ear %0, %%a0\n\tsllg %0, %0, 32\n\tear %0, %%a1"

#endif
