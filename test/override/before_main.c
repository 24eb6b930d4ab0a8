// before_main: allocations from an IFUNC resolver, from the preinit array and from the earliest and
// latest constructors, freed in main and after it.

#define _GNU_SOURCE
#include "common.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { STAGES = 4 };

static char *made[STAGES];

static void allocate(int stage) {
    made[stage] = malloc(1000);
    memset(made[stage], 'a' + stage, 1000);
    for (size_t bytes = 1; bytes < 3000000; bytes *= 3) {
        free(keep(calloc(1, bytes)));
    }
}

#ifdef WITH_IFUNC
static int answer(void) {
    return 42;
}

// The resolver runs while the dynamic linker still relocates this program.
__attribute__((used)) static int (*resolve(void))(void) {
    allocate(0);
    return answer;
}

int question(void) __attribute__((ifunc("resolve")));
#else
// A static program resolves IFUNCs before it has thread storage; no malloc works there.
int question(void);
int question(void) {
    allocate(0);
    return 42;
}
#endif

static void in_preinit(int argc, char **argv, char **envp) {
    (void)argc;
    (void)argv;
    (void)envp;
    allocate(1);
}

__attribute__((section(".preinit_array"), used)) static void (*const preinit)(int, char **,
                                                                              char **) = in_preinit;

__attribute__((constructor(101))) static void first_constructor(void) {
    allocate(2);
}

__attribute__((constructor)) static void last_constructor(void) {
    allocate(3);
}

__attribute__((destructor(101))) static void last_destructor(void) {
    expect(exercise(9, 1000), "a destructor allocates");
    free(made[3]);
}

int main(void) {
    require_ashlar();
    expect(question() == 42, "the resolved function answers");
    for (int stage = 0; stage < STAGES; stage++) {
        expect(made[stage] != NULL, "a block was made before main");
        expect(malloc_usable_size(made[stage]) >= 1000, "it is ashlar's");
        expect(made[stage][0] == 'a' + stage && made[stage][999] == 'a' + stage,
               "its contents are there");
    }
    free(made[0]);
    free(made[1]);
    free(made[2]);
    expect(exercise(8, 5000), "main allocates");
    return 0;
}
