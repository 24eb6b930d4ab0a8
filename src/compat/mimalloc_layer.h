// What the files of the mimalloc layer share. The layer is a library of its own over ashlar's
// public functions: nothing here knows how memory is kept.
//
// A thread has a default heap, which its calls without a heap allocate from; most have none, which
// is the thread's own heap, that is ash_malloc. So that this costs one load and one branch, a word
// of the process says whether any thread has had one.

#ifndef ASH_COMPAT_MIMALLOC_LAYER_H
#define ASH_COMPAT_MIMALLOC_LAYER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "ashlar/ashlar.h"
#include "ashlar/compat/mimalloc.h"
#include "ashlar/errors.h"
#include "base/compiler.h"

// Written once by each event, never cleared.
extern _Atomic bool ash_mi_special;  // see above
extern _Atomic bool
    ash_mi_checked;  // pointers are looked at first: somebody wants to hear of bad ones

// The calling thread's default heap, NULL for its own.
ASH_COLD ash_heap_t *ash_mi_heap_slow(void);

ASH_INLINE ash_heap_t *ash_mi_heap(void) {
    // relaxed: a thread that sets its own default heap sees what it has written.
    return ash_likely(!atomic_load_explicit(&ash_mi_special, memory_order_relaxed))
               ? NULL
               : ash_mi_heap_slow();
}

// Sets it, and returns the one before.
ash_heap_t *ash_mi_set_heap(ash_heap_t *heap);

// The calling thread does not use `heap` as its default any more.
void ash_mi_forget_heap(const ash_heap_t *heap);

// Calls the deferred function at once.
void ash_mi_deferred(bool force);

// Errors: codes as in mi_register_error. errno is kept.
ASH_COLD void ash_mi_error(int code, enum ash_error error);

// Writes the line that the catalogue has for the error.
void ash_mi_say(enum ash_error error);

// NULL, after telling why `size` bytes could not be had: errno says what the core has found.
ASH_COLD void *ash_mi_failed(size_t size);

// The product; false, with errno ENOMEM, after telling of an overflow.
bool ash_mi_product(size_t count, size_t size, size_t *total);

// Whether `block` can be freed or resized; if not, that has been told.
ASH_COLD bool ash_mi_is_block(const void *block);

ASH_INLINE bool ash_mi_refuses(const void *block) {
    return ash_unlikely(atomic_load_explicit(&ash_mi_checked, memory_order_relaxed)) &&
           !ash_mi_is_block(block);
}

// Allocating, from `heap` or with NULL from the thread's own; a failure has been told. 0 bytes are
// 1 when a block is resized.
void *ash_mi_take(ash_heap_t *heap, size_t size);
void *ash_mi_take_zero(ash_heap_t *heap, size_t size);
void *ash_mi_take_at(ash_heap_t *heap, size_t size, size_t align, size_t offset);
void *ash_mi_take_zero_at(ash_heap_t *heap, size_t size, size_t align, size_t offset);
void *ash_mi_resize(ash_heap_t *heap, void *block, size_t size);
void *ash_mi_resize_zero(ash_heap_t *heap, void *block, size_t size);
void *ash_mi_resize_at(ash_heap_t *heap, void *block, size_t size, size_t align, size_t offset);
void *ash_mi_resize_zero_at(ash_heap_t *heap, void *block, size_t size, size_t align,
                            size_t offset);

// The `bytes` at `from` and `end` zeroes behind them.
void *ash_mi_copy(ash_heap_t *heap, const void *from, size_t bytes, size_t end);
char *ash_mi_realpath(ash_heap_t *heap, const char *path, char *resolved);

static inline ash_heap_t *ash_mi_ours(const void *heap) {
    union {
        const void *theirs;
        ash_heap_t *ours;
    } as = {heap};
    return as.ours;
}

static inline mi_heap_t *ash_mi_theirs(ash_heap_t *heap) {
    return (mi_heap_t *)(void *)heap;
}

// Says in the first word of a structure of ashlar's how large it is here.
static inline void ash_mi_sized(size_t *first, size_t bytes) {
    *first = bytes;
}

// Text for an output function, or NULL for the one that is registered.
struct ash_mi_text {
    char text[200];
    size_t length;
};

void ash_mi_add(struct ash_mi_text *line, const char *text);
void ash_mi_add_number(struct ash_mi_text *line, long long number);
void ash_mi_print(mi_output_fun *out, void *arg, const char *text);

// Calls the new_handler; false if it threw. Of override/new_handler.cc, which is in this library
// too.
bool ash_new_handler_returns(void (*handler)(void));

// From the environment, once, before main.
void ash_mi_options_start(void);
void ash_mi_arenas_start(void);

#endif
