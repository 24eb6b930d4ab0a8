// Call stacks: who called, as addresses that are turned into names when they are written.
//
// The C library's backtrace walks frames by the tables that exceptions need, so programs without
// frame pointers have stacks, too. Where it has none, the unwinder of the compiler's run-time
// library does, if the program has that (each that has C++ does); else stacks are empty, and say
// so.

#ifndef ASH_PLATFORM_STACK_H
#define ASH_PLATFORM_STACK_H

#include <stdint.h>

#include "base/compiler.h"

enum { ASH_STACK_FRAMES = 16 };

struct ash_stack {
    uint32_t thread;  // the kernel's id of the thread whose stack it is
    uint16_t count;
    uint16_t exact;                  // 1: the first one is no return address, but where it was
    void *frames[ASH_STACK_FRAMES];  // return addresses, the innermost first; none of ours
};

// Makes capturing ready: may load a library, and allocate. Not within the dynamic loader's own
// work, so at the start of the process or of the library.
ASH_COLD void ash_stack_load(void);

// The calling thread's stack. The unwinder may allocate; async-signal-safe after ash_stack_load as
// far as backtrace(3) is.
ASH_COLD void ash_stack_capture(struct ash_stack *stack);

// The same in the handler of a signal: of what was interrupted.
ASH_COLD void ash_stack_capture_interrupted(struct ash_stack *stack);

// Writes "ashlar: <what> by thread 4711:" and a line for each frame.
ASH_COLD void ash_stack_say(const struct ash_stack *stack, const char *what);

#endif
