// Three states, after Drepper's "Futexes are tricky": a thread that has waited
// takes the lock as 2, because another may still sleep behind it.

#include "platform/lock.h"

#include "base/assert.h"
#include "base/compiler.h"
#include "platform/cpu.h"
#include "platform/os.h"

enum { LOCK_FREE = 0, LOCK_HELD = 1, LOCK_WAITED = 2, LOCK_SPINS = 64 };

// One bit per rank this thread holds. Debug builds only.
static ASH_THREAD_LOCAL uintptr_t lock_ranks;

static ASH_THREAD_LOCAL bool lock_holding_all;

void ash_lock_hold_all(bool holding) {
    lock_holding_all = holding;
}

static bool lock_is_in_order(const struct ash_lock *lock) {
    return lock_holding_all || lock_ranks >> lock->rank == 0;
}

static void lock_note_taken(const struct ash_lock *lock) {
    if (ASH_DEBUG) {
        lock_ranks |= (uintptr_t)1 << lock->rank;
    }
}

bool ash_lock_try(struct ash_lock *lock) {
    if (ash_unlikely(lock_holding_all)) {
        return true;
    }
    uint32_t expected = LOCK_FREE;
    // acquire: pairs with the release in ash_lock_drop.
    bool taken = atomic_compare_exchange_strong_explicit(
        &lock->word, &expected, LOCK_HELD, memory_order_acquire, memory_order_relaxed);
    if (taken) {
        lock_note_taken(lock);
    }
    return taken;
}

static ASH_COLD void lock_wait(struct ash_lock *lock) {
    for (int spin = 0; spin < LOCK_SPINS; spin++) {
        ash_cpu_pause();
        if (atomic_load_explicit(&lock->word, memory_order_relaxed) == LOCK_FREE &&
            ash_lock_try(lock)) {
            return;
        }
    }
    // acquire: pairs with the release in ash_lock_drop.
    while (atomic_exchange_explicit(&lock->word, LOCK_WAITED, memory_order_acquire) != LOCK_FREE) {
        ash_os_wait(&lock->word, LOCK_WAITED);
    }
    lock_note_taken(lock);
}

void ash_lock_take(struct ash_lock *lock) {
    ash_assert(lock_is_in_order(lock));  // before it could hang
    if (ash_unlikely(!ash_lock_try(lock))) {
        lock_wait(lock);
    }
}

void ash_lock_drop(struct ash_lock *lock) {
    if (ash_unlikely(lock_holding_all)) {
        return;
    }
    if (ASH_DEBUG) {
        ash_assert((lock_ranks >> lock->rank & 1) != 0);
        lock_ranks &= ~((uintptr_t)1 << lock->rank);
    }
    // release: pairs with the acquires above.
    uint32_t was = atomic_exchange_explicit(&lock->word, LOCK_FREE, memory_order_release);
    if (ash_unlikely(was == LOCK_WAITED)) {
        ash_os_wake(&lock->word);
    }
}
