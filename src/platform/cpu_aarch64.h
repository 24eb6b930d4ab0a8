// AArch64.

#ifndef ASH_PLATFORM_CPU_AARCH64_H
#define ASH_PLATFORM_CPU_AARCH64_H

#define CPU_THREAD_POINTER "mrs %0, tpidr_el0"

#define ash_cpu_pause() __asm__ __volatile__("isb" ::: "memory")

// The instructions are numbers, because assemblers know their names only if they are told of a
// processor that has them; and so the registers are fixed.
#if defined(__LP64__)
#include <stdint.h>

#define ASH_CPU_HAS_TAGS 1

// stg x0, [x0]
static inline void ash_cpu_tag_store(void *tagged) {
    register void *at __asm__("x0") = tagged;
    __asm__ __volatile__(".inst 0xd9200800" : : "r"(at) : "memory");
}

// ldg x0, [x0]
static inline void *ash_cpu_tag_load(void *p) {
    register void *at __asm__("x0") = p;
    __asm__ __volatile__(".inst 0xd9600000" : "+r"(at) : : "memory");
    return at;
}

// irg x0, x0, x1
static inline void *ash_cpu_tag_draw(void *p, uint64_t except) {
    register void *at __asm__("x0") = p;
    register uint64_t not_these __asm__("x1") = except;
    __asm__ __volatile__(".inst 0x9ac11000" : "+r"(at) : "r"(not_these));
    return at;
}

// msr tco, #1 and #0
#define ash_cpu_tags_ignore() __asm__ __volatile__(".inst 0xd503419f" ::: "memory")
#define ash_cpu_tags_heed() __asm__ __volatile__(".inst 0xd503409f" ::: "memory")
#endif

#endif
