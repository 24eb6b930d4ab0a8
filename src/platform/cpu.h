// The only file that asks which CPU this is.
//
// ash_cpu_pause()      the hint inside a short spin loop.
// ash_cpu_keep(a, b)   the compiler forgets what it knows of two variables, and
//                      keeps them out of the register that returns a result.
// ash_cpu_weak_symbol(name)   a symbol that the compiler refers to by itself, such as
//                      C++'s personality, may be absent at load time.

#ifndef ASH_PLATFORM_CPU_H
#define ASH_PLATFORM_CPU_H

#define ash_cpu_weak_symbol(name) __asm__(".weak " name)

#if defined(__x86_64__) || defined(__i386__)
#define ash_cpu_keep(a, b) __asm__("" : "+c"(a), "+d"(b))
#else
#define ash_cpu_keep(a, b) ((void)0)  // others address as well from either
#endif

#if defined(__x86_64__) || defined(__i386__)
#define ash_cpu_pause() __asm__ __volatile__("pause" ::: "memory")
#elif defined(__aarch64__)
#define ash_cpu_pause() __asm__ __volatile__("isb" ::: "memory")
#else
#define ash_cpu_pause() __asm__ __volatile__("" ::: "memory")
#endif

#endif
