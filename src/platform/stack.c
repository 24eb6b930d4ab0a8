#define _GNU_SOURCE

#include "platform/stack.h"

#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/bits.h"
#include "base/fmt.h"
#include "platform/os.h"
#include "platform/report.h"

enum {
    STACK_OWN = 8,  // frames of ours that are left out, about as many as a release has
    STACK_RAW = ASH_STACK_FRAMES + STACK_OWN,
    STACK_LINE = 280,
};

// Of the C library where it has it: not of musl, and nowhere in a static program.
ASH_WEAK int backtrace(void **frames, int room);
ASH_WEAK int dladdr(const void *address, Dl_info *info);
ASH_WEAK int dl_iterate_phdr(int (*see)(struct dl_phdr_info *, size_t, void *), void *argument);

// Of the compiler's run-time library, whose interface is that of the C++ ABI.
struct _Unwind_Context;
ASH_WEAK int _Unwind_Backtrace(int (*see)(struct _Unwind_Context *, void *), void *argument);
ASH_WEAK uintptr_t _Unwind_GetIP(struct _Unwind_Context *context);
struct stack_bases {
    void *text, *data, *function;
};
ASH_WEAK const void *_Unwind_Find_FDE(void *address, struct stack_bases *bases);

// The part of the address space where the module with our own code lies. Set when loaded, constant
// after.
static uintptr_t stack_own_start, stack_own_bytes;

static int stack_see_module(struct dl_phdr_info *info, size_t bytes, void *argument) {
    (void)bytes;
    uintptr_t first = UINTPTR_MAX, end = 0;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_LOAD) {
            uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            first = ash_min(first, start);
            end = ash_max(end, start + info->dlpi_phdr[i].p_memsz);
        }
    }
    if ((uintptr_t)argument - first >= end - first) {
        return 0;
    }
    stack_own_start = first;
    stack_own_bytes = end - first;
    return 1;
}

static bool stack_is_own(const void *frame) {
    return (uintptr_t)frame - stack_own_start < stack_own_bytes;
}

struct stack_raw {
    void *frames[STACK_RAW];
    uint32_t count;
};

static int stack_see_frame(struct _Unwind_Context *context, void *argument) {
    struct stack_raw *raw = argument;
    raw->frames[raw->count++] =
        (void *)_Unwind_GetIP(context);     // NOLINT(performance-no-int-to-ptr)
    return raw->count < STACK_RAW ? 0 : 5;  // _URC_END_OF_STACK
}

// A function's address as data: POSIX has it that way for dlsym.
static void *stack_here(void) {
    union {
        void (*function)(void);
        void *address;
    } here = {ash_stack_load};
    return here.address;
}

// The unwinder ends the process if it does not find the tables of who calls it. Static programs
// register theirs in a constructor that may run later than ours.
static bool stack_is_walkable(void) {
    static _Atomic uint32_t known;
    // relaxed: who reads an old value asks once more.
    if (atomic_load_explicit(&known, memory_order_relaxed) != 0) {
        return true;
    }
    struct stack_bases bases;
    if (_Unwind_Find_FDE != NULL && _Unwind_Find_FDE((char *)stack_here() + 1, &bases) == NULL) {
        return false;
    }
    atomic_store_explicit(&known, 1, memory_order_relaxed);
    return true;
}

static void stack_walk(struct stack_raw *raw) {
    raw->count = 0;
    if (!stack_is_walkable()) {
        return;
    }
    if (backtrace != NULL) {
        raw->count = (uint32_t)backtrace(raw->frames, STACK_RAW);
    } else if (_Unwind_Backtrace != NULL && _Unwind_GetIP != NULL) {
        (void)_Unwind_Backtrace(stack_see_frame, raw);
    }
}

// The first call of backtrace loads the unwinder.
void ash_stack_load(void) {
    struct stack_raw raw;
    stack_walk(&raw);
    if (dl_iterate_phdr != NULL) {
        (void)dl_iterate_phdr(stack_see_module, stack_here());
    }
}

// Where ashlar is part of the program all frames lie in the same place: then ours stay.
static uint32_t stack_own_frames(const struct stack_raw *raw) {
    uint32_t own = 0;
    while (own < raw->count && stack_is_own(raw->frames[own])) {
        own++;
    }
    return own == raw->count ? 0 : own;
}

static void stack_keep(struct ash_stack *stack, const struct stack_raw *raw, uint32_t from) {
    stack->thread = ash_os_thread_id();
    stack->exact = 0;
    stack->count = 0;
    while (stack->count < ASH_STACK_FRAMES && from < raw->count) {
        stack->frames[stack->count++] = raw->frames[from++];
    }
}

void ash_stack_capture(struct ash_stack *stack) {
    struct stack_raw raw;
    stack_walk(&raw);
    stack_keep(stack, &raw, stack_own_frames(&raw));
}

// Between our handler and what it interrupted lies the frame that the kernel has made.
void ash_stack_capture_interrupted(struct ash_stack *stack) {
    struct stack_raw raw;
    stack_walk(&raw);
    uint32_t own = stack_own_frames(&raw);
    stack_keep(stack, &raw, own > 0 ? own + 1 : 0);
    stack->exact = own > 0;
}

// Writing ---------------------------------------------------------------------------------

static void stack_add_place(struct ash_fmt *line, const void *frame) {
    Dl_info info = {0};
    if (dladdr == NULL || dladdr(frame, &info) == 0 || info.dli_fname == NULL) {
        ash_fmt_hex(line, (uint64_t)(uintptr_t)frame);
        return;
    }
    ash_fmt_text(line, info.dli_fname);
    ash_fmt_text(line, "+");
    ash_fmt_hex(line, (uint64_t)((uintptr_t)frame - (uintptr_t)info.dli_fbase));
    if (info.dli_sname != NULL) {
        ash_fmt_text(line, " (");
        ash_fmt_text(line, info.dli_sname);
        ash_fmt_text(line, ")");
    }
}

void ash_stack_say(const struct ash_stack *stack, const char *what) {
    char text[STACK_LINE];
    struct ash_fmt line;
    ash_fmt_init(&line, text, sizeof text);
    ash_fmt_text(&line, what);
    ash_fmt_text(&line, " by thread ");
    ash_fmt_uint(&line, stack->thread);
    ash_fmt_text(&line, stack->count > 0 ? ":" : ", where is not known");
    ash_say(line.text);
    for (uint32_t i = 0; i < stack->count; i++) {
        ash_fmt_init(&line, text, sizeof text);
        ash_fmt_text(&line, "  #");
        ash_fmt_uint(&line, i);
        ash_fmt_text(&line, " ");
        // A return address may be the next line's, and even the next function's.
        bool is_exact = i == 0 && stack->exact;
        stack_add_place(&line, (const char *)stack->frames[i] - (is_exact ? 0 : 1));
        ash_say(line.text);
    }
}
