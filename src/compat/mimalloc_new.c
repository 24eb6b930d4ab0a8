// C++'s operator new under the names of mimalloc.h, without a C++ runtime: its functions are found
// at load time, if the program is a C++ program (override/operators.c).

#include <errno.h>
#include <signal.h>

#include "base/bits.h"
#include "compat/mimalloc_layer.h"

// std::get_new_handler() and std::__throw_bad_alloc() of libstdc++ and libc++.
ASH_WEAK void (*_ZSt15get_new_handlerv(void))(void);
ASH_WEAK _Noreturn void _ZSt17__throw_bad_allocv(void);

// True if the program's new_handler has returned: then it is worth to try again. It may throw, if
// the caller may.
static bool new_layer_again(bool may_throw) {
    void (*handler)(void) = _ZSt15get_new_handlerv != NULL ? _ZSt15get_new_handlerv() : NULL;
    if (handler == NULL) {
        return false;
    }
    if (!may_throw) {
        return ash_new_handler_returns(handler);
    }
    handler();
    return true;
}

// What is left when there is no memory: NULL in the end only if nothing may be thrown.
static void *new_layer_none(bool may_throw) {
    if (may_throw && _ZSt17__throw_bad_allocv != NULL) {
        _ZSt17__throw_bad_allocv();
    }
    if (may_throw) {
        ash_mi_say(ASH_E_NO_CXX);
        raise(SIGABRT);
    }
    return NULL;
}

static void *new_layer_take(ash_heap_t *heap, size_t size, size_t align, bool may_throw) {
    do {
        void *block = align <= ASH_MIN_ALIGN && ash_is_power_of_two(align)
                          ? ash_mi_take(heap, size)
                          : ash_mi_take_at(heap, size, align, 0);
        if (ash_likely(block != NULL)) {
            return block;
        }
    } while (new_layer_again(may_throw));
    return new_layer_none(may_throw);
}

void *mi_new(size_t size) {
    return new_layer_take(ash_mi_heap(), size, ASH_MIN_ALIGN, true);
}

void *mi_new_aligned(size_t size, size_t alignment) {
    return new_layer_take(ash_mi_heap(), size, alignment, true);
}

void *mi_new_nothrow(size_t size) {
    return new_layer_take(ash_mi_heap(), size, ASH_MIN_ALIGN, false);
}

void *mi_new_aligned_nothrow(size_t size, size_t alignment) {
    return new_layer_take(ash_mi_heap(), size, alignment, false);
}

// An overflow is no lack of memory: a new_handler cannot help.
void *mi_new_n(size_t count, size_t size) {
    size_t total;
    return ash_mi_product(count, size, &total) ? mi_new(total) : new_layer_none(true);
}

void *mi_new_realloc(void *p, size_t newsize) {
    if (ash_mi_refuses(p)) {
        return NULL;
    }
    do {
        void *moved = mi_realloc(p, newsize);
        if (ash_likely(moved != NULL)) {
            return moved;
        }
    } while (new_layer_again(true));
    return new_layer_none(true);
}

void *mi_new_reallocn(void *p, size_t newcount, size_t size) {
    size_t total;
    return ash_mi_product(newcount, size, &total) ? mi_new_realloc(p, total) : new_layer_none(true);
}

void *mi_heap_alloc_new(mi_heap_t *heap, size_t size) {
    return new_layer_take(ash_mi_ours(heap), size, ASH_MIN_ALIGN, true);
}

void *mi_heap_alloc_new_n(mi_heap_t *heap, size_t count, size_t size) {
    size_t total;
    return ash_mi_product(count, size, &total) ? mi_heap_alloc_new(heap, total)
                                               : new_layer_none(true);
}
