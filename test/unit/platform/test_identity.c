#define _GNU_SOURCE

#include "platform/identity.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/rungs.h"
#include "support.h"

enum { THREADS = 9 };

// glibc sleeps on a word of a barrier, which has to be aligned to 4 bytes; m68k's ABI alone
// aligns it to 2.
static _Alignas(8) pthread_barrier_t barrier;

static void *note_id(void *id) {
    *(uintptr_t *)id = ash_identity();
    pthread_barrier_wait(&barrier);  // all of them live
    expect_equal(ash_identity(), *(uintptr_t *)id);
    return NULL;
}

CLAIM(living_threads_have_different_ids) {
    pthread_t threads[THREADS];
    uintptr_t ids[THREADS + 1];
    ids[THREADS] = ash_identity();
    expect(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
    for (int i = 0; i < THREADS; i++) {
        expect(pthread_create(&threads[i], NULL, note_id, &ids[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i <= THREADS; i++) {
        expect(ids[i] != 0);
        for (int k = 0; k < i; k++) {
            expect(ids[i] != ids[k]);
        }
    }
}

CLAIM(a_forks_child_keeps_its_id) {
    uintptr_t id = ash_identity();
    pid_t child = fork();
    if (child == 0) {
        _exit(ash_identity() == id ? 0 : 1);
    }
    int status = -1;
    expect(waitpid(child, &status, 0) == child);
    expect_equal(status, 0);
}

CLAIM(the_rungs_have_names) {
    expect(ash_identity_rung() != NULL);
    expect(ash_slot_rung() != NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(living_threads_have_different_ids),
        cmocka_unit_test(a_forks_child_keeps_its_id),
        cmocka_unit_test(the_rungs_have_names),
    };
    return RUN_TESTS(tests);
}
