// Every lock of the library, between its callers and platform/lock.c (ld's --wrap).

#include "platform/lock.h"

#include "count.h"

_Static_assert(COUNT_RANKS == ASH_RANK_KEY + 1, "a count for every rank");

void __real_ash_lock_take(struct ash_lock *lock);
bool __real_ash_lock_try(struct ash_lock *lock);
void __real_ash_lock_drop(struct ash_lock *lock);
void __wrap_ash_lock_take(struct ash_lock *lock);
bool __wrap_ash_lock_try(struct ash_lock *lock);
void __wrap_ash_lock_drop(struct ash_lock *lock);

static uint32_t bit_of(const struct ash_lock *lock) {
    return 1u << lock->rank;
}

static void note_taken(const struct ash_lock *lock, uint64_t waited_ns) {
    struct count_thread *thread = count_self();
    thread->since_accesses[lock->rank] = thread->all_accesses;
    thread->since_ns[lock->rank] = count_now_ns();
    if (thread->steady) {
        struct count_lock *count = &thread->sum.locks[lock->rank];
        count->taken++;
        count->waited += waited_ns != 0 ? 1 : 0;
        count->waited_ns += waited_ns;
    }
}

// Its own word moves to who takes it: that counts as under the lock.
static bool try(struct ash_lock *lock) {
    struct count_thread *thread = count_self();
    thread->held |= bit_of(lock);
    bool taken = __real_ash_lock_try(lock);
    if (!taken) {
        thread->held &= ~bit_of(lock);
    }
    return taken;
}

void __wrap_ash_lock_take(struct ash_lock *lock) {
    if (try(lock)) {
        note_taken(lock, 0);
        return;
    }
    uint64_t start = count_now_ns();
    __real_ash_lock_take(lock);
    count_self()->held |= bit_of(lock);
    note_taken(lock, count_now_ns() - start + 1);
}

bool __wrap_ash_lock_try(struct ash_lock *lock) {
    bool taken = try(lock);
    if (taken) {
        note_taken(lock, 0);
    }
    return taken;
}

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

void __wrap_ash_lock_drop(struct ash_lock *lock) {
    struct count_thread *thread = count_self();
    if (thread->steady) {
        struct count_lock *count = &thread->sum.locks[lock->rank];
        uint64_t held_ns = count_now_ns() - thread->since_ns[lock->rank];
        uint64_t accesses = thread->all_accesses - thread->since_accesses[lock->rank];
        count->held_ns += held_ns;
        count->held_ns_max = larger(count->held_ns_max, held_ns);
        count->accesses += accesses;
        count->accesses_max = larger(count->accesses_max, accesses);
    }
    __real_ash_lock_drop(lock);
    thread->held &= ~bit_of(lock);
}
