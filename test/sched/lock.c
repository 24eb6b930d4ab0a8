// The lock of the platform floor, as it is: src/platform/lock.c over a futex of the model.

#include "access.h"
#include "stage.h"

// Audit builds spin once, and so does this one.
#include "platform/lock.c"

static struct ash_lock lock = ASH_LOCK(ASH_RANK_STORE);
static unsigned counter, tries;

uintptr_t ash_identity(void) {
    return 1;
}

void ash_os_wait(_Atomic uint32_t *word, uint32_t value) {
    access_wait((const void *)(uintptr_t)word, value);
}

void ash_os_wake(_Atomic uint32_t *word) {
    access_wake((const void *)(uintptr_t)word);
}

_Noreturn void ash_assert_failed(const char *what, const char *file, int line) {
    (void)file;
    (void)line;
    stage_fail(what);
}

static void prepare(void) {
    stage_name(&lock, sizeof lock, "the lock", 0);
    stage_name(&counter, sizeof counter, "what it protects", 0);
    stage_exclusive(&lock_holder_of_all, sizeof lock_holder_of_all);
}

static void counts(void) {
    ash_lock_take(&lock);
    counter++;
    ash_lock_drop(&lock);
}

static void tries_to_count(void) {
    if (ash_lock_try(&lock)) {
        counter++;
        tries++;
        ash_lock_drop(&lock);
    }
}

static void counted_twice(void) {
    stage_claim(counter == 2);
}

static void counted_thrice(void) {
    stage_claim(counter == 3);
}

static void counted_what_was_tried(void) {
    stage_reach(tries == 0 ? 0 : 1);
    stage_claim(counter == 2 + tries);
}

const struct stage_scenario stage_scenarios[] = {
    {"two", "two threads take turns", prepare, {counts, counts}, counted_twice, 0},
    {"three",
     "three threads take turns, and who sleeps is woken",
     prepare,
     {counts, counts, counts},
     counted_thrice,
     0},
    {"try",
     "a try fails or has the lock",
     prepare,
     {counts, counts, tries_to_count},
     counted_what_was_tried,
     2},
    {0},
};
