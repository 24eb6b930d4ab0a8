// A library whose IFUNC resolver allocates, while the loader relocates the program that refers to
// it (this library itself is done by then, or its own calls would go nowhere). What the allocator
// stores in thread-local variables then is lost when their image is copied: the heap must be found
// again. With IDENTITY_FORGET it cannot be, which must be noticed.

#include "ifunc.h"

#include "subject.h"

static struct early early;

static int answer(void) {
    return 42;
}

__attribute__((used)) static int (*resolve(void))(void) {
    early.block = ash_malloc(1000);
    early.heap = early.block == NULL ? NULL : identity_owner(early.block);
    early.runs++;
    if (IDENTITY_FORGET) {
        identity_forget();
    }
    return answer;
}

int ifunc_answer(void) __attribute__((ifunc("resolve")));

const struct early *ifunc_early(void) {
    return &early;
}
