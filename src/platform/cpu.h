// The only file that asks which CPU this is. It picks one cpu_<arch>.h, which says what
// it has, and fills in the rest.
//
// ash_cpu_pause()      the hint inside a short spin loop.
// ash_cpu_keep(a, b)   the compiler forgets what it knows of two variables, and
//                      keeps them out of the register that returns a result.
// ash_cpu_below(v, word)   v < *word, the word read as a relaxed atomic.
// ash_cpu_weak_symbol(name)   a symbol that the compiler refers to by itself, such as
//                      C++'s personality, may be absent at load time.
// ASH_CPU_HAS_THREAD_POINTER  1 if a register points to the thread's own storage and
//                      ash_cpu_thread_pointer(p) reads it.

#ifndef ASH_PLATFORM_CPU_H
#define ASH_PLATFORM_CPU_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

#if !defined(__GNUC__) || defined(__TINYC__)
// An unknown compiler: no assembly.
#elif defined(__x86_64__) || defined(__i386__)
#include "platform/cpu_x86.h"
#elif defined(__aarch64__)
#include "platform/cpu_aarch64.h"
#elif defined(__arm__)
#include "platform/cpu_arm.h"
#elif defined(__riscv)
#include "platform/cpu_riscv.h"
#elif defined(__powerpc__)
#include "platform/cpu_ppc.h"
#elif defined(__s390x__)
#include "platform/cpu_s390x.h"
#elif defined(__mips__)
#include "platform/cpu_mips.h"
#elif defined(__loongarch__)
#include "platform/cpu_loongarch.h"
#elif defined(__sparc__)
#include "platform/cpu_sparc.h"
#elif defined(__hppa__)
#include "platform/cpu_hppa.h"
#elif defined(__sh__)
#include "platform/cpu_sh.h"
#endif

#define ash_cpu_weak_symbol(name) __asm__(".weak " name)

#ifndef ash_cpu_keep
#define ash_cpu_keep(a, b) ((void)0)  // most address as well from either
#endif

#ifndef ash_cpu_below
#define ash_cpu_below(value, word) ((value) < atomic_load_explicit(word, memory_order_relaxed))
#endif

#ifndef ash_cpu_pause
#define ash_cpu_pause() __asm__ __volatile__("" ::: "memory")
#endif

// Volatile: a coroutine may go on in another thread, and the register is read anew.
#ifdef CPU_THREAD_POINTER
#define ASH_CPU_HAS_THREAD_POINTER 1
#define ash_cpu_thread_pointer(p) __asm__ __volatile__(CPU_THREAD_POINTER : "=r"(p))
#else
#define ASH_CPU_HAS_THREAD_POINTER 0
#endif

#endif
