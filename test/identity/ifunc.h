// What the resolver of ifunc_library.c did.

#ifndef ASHLAR_TEST_IDENTITY_IFUNC_H
#define ASHLAR_TEST_IDENTITY_IFUNC_H

struct early {
    void *block;
    void *heap;
    int runs;
};

int ifunc_answer(void);
const struct early *ifunc_early(void);

#endif
