// builtin: where the compiler's own __builtin_thread_pointer may be used, it says in every thread
// what the register says. With the argument `kernel` the kernel's id stands for the builtin's
// answer: must fail.

#include <stdio.h>
#include <string.h>

#include "support.h"

enum { THREADS = 8 };

uintptr_t raw_id_asm(void);
uintptr_t raw_id_builtin(void);

static bool kernels;

static uintptr_t builtin_now(void) {
    return kernels ? kernel_tid() : raw_id_builtin();
}

static void *compare(void *unused) {
    for (int i = 0; i < 1000; i++) {
        expect(raw_id_asm() != 0, "the register is not 0");
        expect(raw_id_asm() == builtin_now(), "the builtin says what the register says");
    }
    return unused;
}

int main(int argc, char **argv) {
    kernels = argc > 1 && strcmp(argv[1], "kernel") == 0;
    pthread_t threads[THREADS];
    compare(NULL);
    for (int i = 0; i < THREADS; i++) {
        threads[i] = thread_start(compare, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
    }
    puts("the builtin and the register agree");
    return 0;
}
