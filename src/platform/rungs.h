// Which rungs of the two ladders are built in: one for the heap slot, one for the
// thread's id. Found out from what the compiler says of the target; a build may force
// any with -DASH_SLOT=ASH_SLOT_KEY or -DASH_ID=ASH_ID_TLS. No __has_builtin: there are
// compilers without it, and compilers whose answer is wrong. docs/thread-identity.md
// tells the story and has the table of platforms.

#ifndef ASH_PLATFORM_RUNGS_H
#define ASH_PLATFORM_RUNGS_H

#include "platform/cpu.h"

// Where a thread keeps the pointer to its heap.
#define ASH_SLOT_TLS 1      // a thread-local variable at a fixed offset, read without a call
#define ASH_SLOT_DYNAMIC 2  // a thread-local variable anywhere: for libraries that are dlopen'ed
#define ASH_SLOT_KEY 3      // a value of a pthread key
#define ASH_SLOT_MAP 4      // nowhere: each call looks the kernel's thread id up
#define ASH_SLOT_STATIC 5   // a plain variable: there are no threads
#define ASH_SLOT_MACOS 6    // a pthread key read through the thread register
#define ASH_SLOT_WINDOWS 7  // a TlsAlloc index read from the thread's environment block

// What tells two living threads apart, for diagnosis. No fast path uses it.
#define ASH_ID_BUILTIN 1  // __builtin_thread_pointer, of compilers that were tried
#define ASH_ID_ASM 2      // the register that holds the thread pointer
#define ASH_ID_TLS 3      // the address of a thread-local variable
#define ASH_ID_PTHREAD 4  // pthread_self
#define ASH_ID_PLANTED 5  // a wrong one, for a test that must fail

// Thread-local variables that the compiler emulates are reached by a call that
// allocates on first use. No macro says so everywhere; these targets are known, and
// the build looks at the objects as well (cmake/AshlarRungs.cmake).
#if defined(__TINYC__) || !defined(__GNUC__) || defined(__OpenBSD__) || defined(__CYGWIN__)
#define ASH_TLS_EMULATED 1
#elif defined(__ANDROID__) && (!defined(__ANDROID_API__) || __ANDROID_API__ < 29)
#define ASH_TLS_EMULATED 1
#else
#define ASH_TLS_EMULATED 0
#endif

#ifndef ASH_SLOT
#define ASH_SLOT_FORCED 0
#if defined(__wasm__) && !defined(__wasm_atomics__)
#define ASH_SLOT ASH_SLOT_STATIC
#elif defined(_WIN32)
#define ASH_SLOT ASH_SLOT_WINDOWS
#elif defined(__APPLE__)
#define ASH_SLOT ASH_SLOT_MACOS
#elif ASH_TLS_EMULATED || !defined(__ELF__)
#define ASH_SLOT ASH_SLOT_KEY
#else
#define ASH_SLOT ASH_SLOT_TLS
#endif
#else
#define ASH_SLOT_FORCED 1
#endif

// The register is known by name where cpu.h has it, and Apple and Windows use it for
// something else.
#ifndef ASH_ID
#if ASH_CPU_HAS_THREAD_POINTER && !defined(__APPLE__) && !defined(_WIN32)
#define ASH_ID ASH_ID_ASM
#elif ASH_SLOT == ASH_SLOT_TLS
#define ASH_ID ASH_ID_TLS
#else
#define ASH_ID ASH_ID_PTHREAD
#endif
#endif

#endif
