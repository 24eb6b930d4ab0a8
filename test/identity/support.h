// What the identity programs share: claims that end the program, a deadline, random numbers,
// blocks whose contents are checked, and threads that meet.

#ifndef ASHLAR_TEST_IDENTITY_SUPPORT_H
#define ASHLAR_TEST_IDENTITY_SUPPORT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Ends the program with exit status 1 and `fails: <text>` on standard error. None of these
// allocates: the allocator may be what is broken.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Ends the program unless the claim holds.
void expect(bool holds, const char *claim);

// Ends the program after so many seconds: a deadlock is a failure, not a wait. Also has standard
// output written line by line.
void deadline(unsigned seconds);

// The number in argv[index], or `otherwise` if there is none. Anything else ends the program.
unsigned long number(int argc, char **argv, int index, unsigned long otherwise);

// The argument, or the end of the program with `usage`.
const char *argument(int argc, char **argv, int index, const char *usage);

// The kernel's id of the calling thread.
uint32_t kernel_tid(void);

struct random {
    uint32_t state;
};

uint32_t random_next(struct random *random);
// Mostly small, some to 40 KiB, few to 600 KiB.
size_t random_size(struct random *random);

// A block that says of itself how long it is and what it holds. At least 16 bytes.
struct parcel {
    size_t bytes;
    uint32_t mark;
};

// By one of malloc, calloc, aligned_alloc and realloc of the subject, filled.
struct parcel *parcel_make(struct random *random, size_t bytes);
// Ends the program if the contents changed.
void parcel_check(const struct parcel *parcel);
// Checks, then frees.
void parcel_give(struct parcel *parcel);

// Starts and joins threads; failures end the program.
pthread_t thread_start(void *(*body)(void *), void *argument);
void *thread_join(pthread_t thread);

// Waits for the child of a fork; ends the program unless it exited with 0.
void child_join(int process, const char *what);

// A counter that threads wait for. A spin with yields: no lock, no allocation, no C library
// state, so that even a thread without a thread pointer of its own may wait here.
struct stage {
    atomic_uint now;
};

void stage_set(struct stage *stage, unsigned value);
void stage_wait(struct stage *stage, unsigned value);

#endif
