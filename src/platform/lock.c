// Three states, after Drepper's "Futexes are tricky": a thread that has waited
// takes the lock as 2, because another may still sleep behind it.

#include "platform/lock.h"

#include "base/assert.h"
#include "base/compiler.h"
#include "platform/cpu.h"
#include "platform/identity.h"
#include "platform/os.h"

enum { LOCK_FREE = 0, LOCK_HELD = 1, LOCK_WAITED = 2 };

// A hostile build sleeps sooner.
enum { LOCK_SPINS = ASH_HOSTILE ? 1 : 64 };
enum { LOCK_RANKS = ASH_RANK_KEY + 1 };

// Who holds the lock of each rank, and who holds all; 0 for nobody. Threads by their
// ids: a thread-local variable would cost every thread of every program. The first is
// for the assertions of debug builds alone.
static _Atomic uintptr_t lock_holders[LOCK_RANKS];
static _Atomic uintptr_t lock_holder_of_all;

void ash_lock_hold_all(bool holding) {
    // relaxed: a thread only ever looks for its own id.
    atomic_store_explicit(&lock_holder_of_all, holding ? ash_identity() : 0, memory_order_relaxed);
}

static bool lock_is_held_by_me(const _Atomic uintptr_t *holder) {
    uintptr_t id = atomic_load_explicit(holder, memory_order_relaxed);
    return ash_unlikely(id != 0) && id == ash_identity();
}

static bool lock_holds_all(void) {
    return lock_is_held_by_me(&lock_holder_of_all);
}

static bool lock_is_in_order(const struct ash_lock *lock) {
    bool in_order = true;
    for (uint32_t rank = lock->rank; rank < LOCK_RANKS; rank++) {
        in_order = in_order && !lock_is_held_by_me(&lock_holders[rank]);
    }
    return in_order || lock_holds_all();
}

static void lock_note_taken(const struct ash_lock *lock) {
    if (ASH_DEBUG) {
        atomic_store_explicit(&lock_holders[lock->rank], ash_identity(), memory_order_relaxed);
    }
}

static void lock_note_dropped(const struct ash_lock *lock) {
    if (ASH_DEBUG) {
        ash_assert(lock_is_held_by_me(&lock_holders[lock->rank]));
        atomic_store_explicit(&lock_holders[lock->rank], 0, memory_order_relaxed);
    }
}

bool ash_lock_try(struct ash_lock *lock) {
    if (lock_holds_all()) {
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
    if (lock_holds_all()) {
        return;
    }
    lock_note_dropped(lock);
    // release: pairs with the acquires above.
    uint32_t was = atomic_exchange_explicit(&lock->word, LOCK_FREE, memory_order_release);
    if (ash_unlikely(was == LOCK_WAITED)) {
        ash_os_wake(&lock->word);
    }
}
