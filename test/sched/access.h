// What the code under test calls: accesses to atomic objects, locks and futexes. The model answers.
//
// Plain memory needs no calls: that code is compiled with -fsanitize=thread, and race.c answers
// what the compiler inserts.

#ifndef ASHLAR_SCHED_ACCESS_H
#define ASHLAR_SCHED_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum access_order {
    ACCESS_RELAXED,
    ACCESS_ACQUIRE,
    ACCESS_RELEASE,
    ACCESS_ACQ_REL,
    ACCESS_SEQ_CST,
};

uint64_t access_load(const void *at, size_t bytes, const char *operation, const char *function,
                     const char *operand, int order);
void access_store(const void *at, size_t bytes, const char *operation, const char *function,
                  const char *operand, uint64_t value, int order);
uint64_t access_exchange(const void *at, size_t bytes, const char *operation, const char *function,
                         const char *operand, uint64_t value, int order);
uint64_t access_add(const void *at, size_t bytes, const char *operation, const char *function,
                    const char *operand, uint64_t value, int order);
bool access_cas(const void *at, size_t bytes, const char *operation, const char *function,
                const char *operand, void *expected, uint64_t value, int order, int failed);

// A lock of the model's own. The word is 0 when free.
void access_lock(const void *at);
bool access_trylock(const void *at);
void access_unlock(const void *at);

// Polling: goes on when the word is 0.
void access_poll(const void *at);

// A futex: sleeps if the word has the value; wakes one sleeper.
void access_wait(const void *at, uint64_t value);
void access_wake(const void *at);

#endif
