#include "compat/mimalloc_layer.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "ashlar/control.h"
#include "base/bits.h"

_Atomic bool ash_mi_special;
_Atomic bool ash_mi_checked;

typedef void (*layer_function)(void);

// A function that the program has registered. The argument is stored first, so whoever sees the
// function sees its argument.
struct layer_callback {
    _Atomic(layer_function) function;
    _Atomic(void *) user;
};

static struct layer_callback layer_output, layer_errors, layer_later;

struct layer_thread {
    ash_heap_t *heap;  // NULL: the thread's own
    bool deferring;
    unsigned long long heartbeat;
};

static ASH_THREAD_LOCAL struct layer_thread layer_thread;

static void layer_register(struct layer_callback *callback, layer_function function, void *arg) {
    atomic_store_explicit(&callback->user, arg, memory_order_relaxed);
    // release: pairs with the acquire in layer_registered, for the argument.
    atomic_store_explicit(&callback->function, function, memory_order_release);
}

static layer_function layer_registered(struct layer_callback *callback, void **arg) {
    // acquire: pairs with the release in layer_register.
    layer_function function = atomic_load_explicit(&callback->function, memory_order_acquire);
    *arg = atomic_load_explicit(&callback->user, memory_order_relaxed);
    return function;
}

// Output --------------------------------------------------------------------------------

void mi_register_output(mi_output_fun *out, void *arg) {
    layer_register(&layer_output, (layer_function)out, arg);
    ash_set_output(out, arg);
}

static void layer_write(const char *text, size_t length) {
    while (length > 0) {
        ssize_t done = write(STDERR_FILENO, text, length);
        if (done < 0 && errno != EINTR) {
            return;
        }
        text += done < 0 ? 0 : done;
        length -= done < 0 ? 0 : (size_t)done;
    }
}

void ash_mi_print(mi_output_fun *out, void *arg, const char *text) {
    int saved_errno = errno;
    if (out == NULL) {
        out = (mi_output_fun *)layer_registered(&layer_output, &arg);
    }
    if (out != NULL) {
        out(text, arg);
    } else {
        layer_write(text, strlen(text));
    }
    errno = saved_errno;
}

void ash_mi_add(struct ash_mi_text *line, const char *text) {
    size_t bytes = ash_min(strlen(text), sizeof line->text - 1 - line->length);
    memcpy(line->text + line->length, text, bytes);
    line->length += bytes;
    line->text[line->length] = 0;
}

void ash_mi_add_number(struct ash_mi_text *line, long long number) {
    char digits[24];
    char *at = digits + sizeof digits;
    unsigned long long rest =
        number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number;
    *--at = 0;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0) {
        *--at = '-';
    }
    ash_mi_add(line, at);
}

// Errors --------------------------------------------------------------------------------

// What ashlar itself finds, in this interface's codes; 0 for what has none.
static int layer_code(enum ash_error error) {
    switch (error) {
    case ASH_E_DOUBLE_FREE:
        return EAGAIN;
    case ASH_E_LIST_OVERWRITTEN:
    case ASH_E_HUGE_RACE:
        return EFAULT;
    case ASH_E_NO_BLOCK:
    case ASH_E_NOT_A_START:
    case ASH_E_FOREIGN_FREE:
    case ASH_E_HEAP_ENDED:
    case ASH_E_SUBPROC_ENDED:
    case ASH_E_LOCAL_FOREIGN:
        return EINVAL;
    default:
        return 0;
    }
}

static void layer_hear(enum ash_error error, const char *text, const void *pointer, void *unused) {
    (void)text, (void)pointer, (void)unused;
    void *arg;
    int code = layer_code(error);
    mi_error_fun *told = (mi_error_fun *)layer_registered(&layer_errors, &arg);
    if (told != NULL && code != 0) {
        told(code, arg);
    }
}

void mi_register_error(mi_error_fun *fun, void *arg) {
    layer_register(&layer_errors, (layer_function)fun, arg);
    ash_set_error_handler(fun == NULL ? NULL : layer_hear, NULL);
    if (fun != NULL) {
        atomic_store_explicit(&ash_mi_checked, true, memory_order_relaxed);
    }
}

// The words of the catalogue. The table of ashlar itself is not for other libraries.
#define ASH_ERROR(ENUM, NUMBER, KIND, WHY, NEXT, ...) \
    {ASH_E_##ENUM, "ashlar: ASH" #NUMBER ": " WHY "; " NEXT "\n"},
static const struct {
    enum ash_error error;
    const char *line;
} layer_lines[] = {
#include "ashlar/errors.def"
};
#undef ASH_ERROR

static const char *layer_line(enum ash_error error) {
    size_t at = 0;
    while (layer_lines[at].error != error) {
        at++;
    }
    return layer_lines[at].line;
}

void ash_mi_say(enum ash_error error) {
    ash_mi_print(NULL, NULL, layer_line(error));
}

static void layer_say_error(enum ash_error error) {
    static _Atomic long said;
    if (!mi_option_is_enabled(mi_option_show_errors) ||
        atomic_fetch_add_explicit(&said, 1, memory_order_relaxed) >=
            mi_option_get(mi_option_max_errors)) {
        return;
    }
    ash_mi_say(error);
}

ASH_COLD void ash_mi_error(int code, enum ash_error error) {
    int saved_errno = errno;
    void *arg;
    layer_say_error(error);
    mi_error_fun *told = (mi_error_fun *)layer_registered(&layer_errors, &arg);
    if (told != NULL) {
        told(code, arg);
    }
    errno = saved_errno;
}

ASH_COLD void *ash_mi_failed(size_t size) {
    if (size > PTRDIFF_MAX) {
        ash_mi_error(EOVERFLOW, ASH_E_MI_SIZE);
    } else if (errno == EINVAL) {
        ash_mi_error(EINVAL, ASH_E_MI_ALIGNMENT);
    } else {
        ash_mi_error(ENOMEM, ASH_E_MI_NO_MEMORY);
    }
    return NULL;
}

bool ash_mi_product(size_t count, size_t size, size_t *total) {
    if (ash_mul_overflows(count, size, total)) {
        errno = ENOMEM;
        ash_mi_error(EOVERFLOW, ASH_E_MI_PRODUCT);
        return false;
    }
    return true;
}

ASH_COLD bool ash_mi_is_block(const void *block) {
    if (block == NULL || ash_usable_size(block) != 0) {
        return true;
    }
    ash_mi_error(EINVAL, ASH_E_NOT_A_START);
    return false;
}

// The thread's heap, and what is called now and then ----------------------------------------

ash_heap_t *ash_mi_set_heap(ash_heap_t *heap) {
    ash_heap_t *before = layer_thread.heap != NULL ? layer_thread.heap : ash_heap_main();
    layer_thread.heap = heap == ash_heap_main() ? NULL : heap;
    if (layer_thread.heap != NULL) {
        atomic_store_explicit(&ash_mi_special, true, memory_order_relaxed);
    }
    return before;
}

void ash_mi_forget_heap(const ash_heap_t *heap) {
    if (layer_thread.heap == heap) {
        layer_thread.heap = NULL;
    }
}

static void layer_defer(bool force, size_t heartbeat, void *unused) {
    (void)heartbeat, (void)unused;
    ash_mi_deferred(force);
}

void mi_register_deferred_free(mi_deferred_free_fun *deferred_free, void *arg) {
    layer_register(&layer_later, (layer_function)deferred_free, arg);
    ash_set_deferred_free(deferred_free == NULL ? NULL : layer_defer, NULL);
}

// It may allocate: then it is not called again within.
void ash_mi_deferred(bool force) {
    void *arg;
    mi_deferred_free_fun *later = (mi_deferred_free_fun *)layer_registered(&layer_later, &arg);
    if (later != NULL && !layer_thread.deferring) {
        int saved_errno = errno;
        layer_thread.deferring = true;
        later(force, ++layer_thread.heartbeat, arg);
        layer_thread.deferring = false;
        errno = saved_errno;
    }
}

ASH_COLD ash_heap_t *ash_mi_heap_slow(void) {
    return layer_thread.heap;
}

// In this order: the options say what to reserve. Every program that uses the layer links this
// file.
ASH_CONSTRUCTOR static void layer_start(void) {
    ash_mi_options_start();
    ash_mi_arenas_start();
}
