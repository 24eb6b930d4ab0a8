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
// ASH_CPU_HAS_TAGS     1 if such processors may have memory tags (platform/tags.h). Only where this
//                      one has:
// ash_cpu_tag_store(p) a granule gets the tag of the pointer to it.
// ash_cpu_tag_load(p)  the pointer with the tag of its granule; 0 where memory has none.
// ash_cpu_tag_draw(p, except)   the pointer with a tag by chance, none whose bit is set in
// `except`. ash_cpu_tags_ignore(), ash_cpu_tags_heed()   the calling thread's accesses are not
// compared any
//                      more, and are again.

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

#ifndef ASH_CPU_HAS_TAGS
#define ASH_CPU_HAS_TAGS 0
#define ash_cpu_tag_store(p) ((void)(p))
#define ash_cpu_tag_load(p) (p)
#define ash_cpu_tag_draw(p, except) ((void)(except), (p))
#define ash_cpu_tags_ignore() ((void)0)
#define ash_cpu_tags_heed() ((void)0)
#endif

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
