// The once-only start, as it is: src/api/boot.c, with nothing real to start.

#include "access.h"
#include "stage.h"

// The small world's sizeclass.h has no boot.
void ash_class_boot(void);

#include "api/boot.c"

static unsigned boots, seen[STAGE_THREADS];
static bool fails;

// Once, however often the start fails.
void ash_options_boot(void) {}

void ash_class_boot(void) {
    boots++;
}

bool ash_region_boot(void) {
    bool worked = !fails;
    fails = false;
    return worked;
}

void ash_hard_start(void) {}

void ash_lock_take(struct ash_lock *lock) {
    access_lock(lock);
}

void ash_lock_drop(struct ash_lock *lock) {
    access_unlock(lock);
}

// Around fork, which no scenario is about.
void ash_os_on_fork(const struct ash_fork_hooks *hooks) {
    (void)hooks;
}

struct ash_heap *ash_thread_find(void) {
    return NULL;
}

void ash_registry_fork_child(struct ash_heap *mine) {
    (void)mine;
}

void ash_hold_home(struct ash_heap *mine) {
    (void)mine;
}

void ash_hold_home_end(struct ash_heap *mine) {
    (void)mine;
}

#define BOOT_NOTHING(name) \
    void name(void) {}

BOOT_NOTHING(ash_hard_seal)
BOOT_NOTHING(ash_late_fork_prepare)
BOOT_NOTHING(ash_late_fork_done)
BOOT_NOTHING(ash_registry_enter)
BOOT_NOTHING(ash_registry_leave)
BOOT_NOTHING(ash_store_fork_prepare)
BOOT_NOTHING(ash_store_fork_done)
BOOT_NOTHING(ash_huge_fork_prepare)
BOOT_NOTHING(ash_huge_fork_done)
BOOT_NOTHING(ash_meta_fork_prepare)
BOOT_NOTHING(ash_meta_fork_done)

static void prepare(void) {
    stage_name(&boots, sizeof boots, "what the start writes", 0);
    stage_name(&boot_done, sizeof boot_done, "boot_done", 0);
    stage_name(&boot_lock, sizeof boot_lock, "the boot lock", 0);
}

static void prepare_to_fail(void) {
    prepare();
    fails = true;
}

static void start_as(unsigned thread) {
    if (ash_boot()) {
        seen[thread] = boots;
    }
}

static void start_first(void) {
    start_as(0);
}

static void start_second(void) {
    start_as(1);
}

static void start_third(void) {
    start_as(2);
}

static void started_once(void) {
    stage_claim(boots == 1);
    stage_claim(seen[0] == 1 && seen[1] == 1 && seen[2] == 1);
}

static void started_at_the_second_try(void) {
    stage_claim(boots == 2);
    stage_claim((seen[0] == 2) + (seen[1] == 2) + (seen[2] == 2) == 2);
}

const struct stage_scenario stage_scenarios[] = {
    {"boot",
     "three threads start, one does it, all see what it wrote",
     prepare,
     {start_first, start_second, start_third},
     started_once,
     0},
    {"boot_fails",
     "a start that failed is tried again",
     prepare_to_fail,
     {start_first, start_second, start_third},
     started_at_the_second_try,
     0},
    {0},
};
