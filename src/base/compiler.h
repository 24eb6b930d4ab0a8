// The only file that knows the compiler.

#ifndef ASH_BASE_COMPILER_H
#define ASH_BASE_COMPILER_H

#define ash_likely(c) __builtin_expect(!!(c), 1)
#define ash_unlikely(c) __builtin_expect(!!(c), 0)

// A function that is rarely called: kept out of line, away from the hot code.
#define ASH_COLD __attribute__((noinline, cold))

// Never merged into a caller. Entry points need it: a compiler that sees both
// sides of a coroutine switch may keep one thread's heap across it.
// (A test takes this away, to see that it is noticed.)
#ifndef ASH_NOINLINE
#define ASH_NOINLINE __attribute__((noinline))
#endif
#define ASH_INLINE static inline __attribute__((always_inline))

// Resolved at load time if some library has it, NULL otherwise.
#define ASH_WEAK __attribute__((weak))

// Runs before main, as early as the loader allows.
#define ASH_CONSTRUCTOR __attribute__((constructor(101)))

// The same, after all of those.
#define ASH_CONSTRUCTOR_LAST __attribute__((constructor(102)))

// Runs when the process exits, after main and its exit handlers.
#define ASH_DESTRUCTOR __attribute__((destructor))

// Accesses that ThreadSanitizer must not see: heap/peek.h alone.
#define ASH_UNSEEN __attribute__((noinline, no_sanitize("thread")))

#define ASH_HIDDEN __attribute__((visibility("hidden")))

// A large variable, zero at first, that few processes touch: behind all others, so that those that
// every process writes to lie together, in few pages.
// The second: the first of them, whose beginning shares a page with the others.
#define ASH_FAR __attribute__((section(".bss.far")))
#define ASH_FAR_FIRST __attribute__((section(".bss.edge")))

// A variable that is whole pages: behind those, so that no gap is between others.
#define ASH_PAGES __attribute__((section(".bss.pages")))

// As ASH_FAR for constants without pointers that ordinary processes do not read.
#define ASH_FAR_CONST __attribute__((section(".rodata.far")))

// A thread-local variable reached without a call: one load of its offset, one of it.
// Or one that may be anywhere, and costs a call.
#define ASH_THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))
#define ASH_THREAD_LOCAL_ANYWHERE _Thread_local __attribute__((tls_model("global-dynamic")))

#define ash_builtin_thread_pointer() __builtin_thread_pointer()  // platform/id_builtin.h

#define ash_ctz32(x) __builtin_ctz(x)
#define ash_ctz64(x) __builtin_ctzll(x)
#define ash_clz64(x) __builtin_clzll(x)
// A word whose lowest byte is the one at the lowest address.
#define ash_little_endian64(x) \
    (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? (x) : __builtin_bswap64(x))
#define ash_mul_overflows(a, b, out) __builtin_mul_overflow(a, b, out)
#define ash_add_overflows(a, b, out) __builtin_add_overflow(a, b, out)

#endif
