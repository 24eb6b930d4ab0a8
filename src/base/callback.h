// A function of the program's, and the argument it wants: two words that are read together.
//
// One thread at a time sets them, while others may be calling. Whoever reads a function reads the
// argument that was set with it: the function is taken away before the argument changes, and
// looked at again after that was read.

#ifndef ASH_BASE_CALLBACK_H
#define ASH_BASE_CALLBACK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

typedef void ash_callback_fn(void);

struct ash_callback {
    _Atomic(ash_callback_fn *) callee;  // NULL: none
    _Atomic(void *) passed;
};

static inline void ash_callback_set(struct ash_callback *callback, ash_callback_fn *function,
                                    void *argument) {
    atomic_store_explicit(&callback->callee, NULL, memory_order_relaxed);
    // release: who reads the new argument sees that the old function is gone.
    atomic_store_explicit(&callback->passed, argument, memory_order_release);
    // release: pairs with the acquire in ash_callback_get.
    atomic_store_explicit(&callback->callee, function, memory_order_release);
}

static inline bool ash_callback_is_set(struct ash_callback *callback) {
    // relaxed: ash_callback_get decides.
    return atomic_load_explicit(&callback->callee, memory_order_relaxed) != NULL;
}

static inline ash_callback_fn *ash_callback_get(struct ash_callback *callback, void **argument) {
    for (;;) {
        // acquire: the argument, and what the program has made ready before it set them.
        ash_callback_fn *function = atomic_load_explicit(&callback->callee, memory_order_acquire);
        *argument = atomic_load_explicit(&callback->passed, memory_order_acquire);
        if (atomic_load_explicit(&callback->callee, memory_order_relaxed) == function) {
            return function;
        }
    }
}

#endif
