// faults SLOT FAULT EXPECTED STEPS [LIBRARY]: the workload with a fault, then what the library
// says of it.
//
// SLOT is the rung that must be compiled in. FAULT is none, wiped, downgrade or foreign; EXPECTED
// is the same, unless the run is to fail (a run that forbids rebinding must fail when the slot is
// wiped). FAULT `corrupt` overwrites a block, which must be noticed.

#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "subject.h"
#include "workload.h"

static const char usage[] = "SLOT FAULT EXPECTED STEPS [LIBRARY]";

static const char *const fault_names[] = {"none", "wiped", "downgrade", "foreign", "corrupt"};

static enum fault fault_named(const char *name) {
    for (unsigned i = 0; i < sizeof(fault_names) / sizeof(*fault_names); i++) {
        if (strcmp(name, fault_names[i]) == 0) {
            return (enum fault)i;
        }
    }
    fail("'%s' is no fault: none, wiped, downgrade, foreign or corrupt", name);
}

static bool same(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

// The map has no slot that could be wiped or get a heap planted; every call looks the heap up.
static void check_map(const struct ash_thread_identity *identity) {
    expect(same(identity->slot_now, "map"), "the map stays the map");
    expect(identity->foreign == 0, "the map never holds another thread's heap");
}

// The C library empties the keys of a thread that ends, in each round of destructors. Whoever frees
// after that finds the slot empty.
static size_t ends_rebound(const struct ash_thread_identity *identity) {
    return same(identity->slot, "key") ? WORKLOAD_THREADS * PTHREAD_DESTRUCTOR_ITERATIONS : 0;
}

static void check_slot(const struct ash_thread_identity *identity, enum fault fault) {
    bool kept = same(identity->slot, identity->slot_now);
    bool lower = same(identity->slot_now, "map") ||
                 (same(identity->slot_now, "key") && !same(identity->slot, "key"));
    switch (fault) {
    case FAULT_WIPED:
        expect(identity->rebound > 0, "a wiped slot is found again");
        expect(kept, "a wiped slot is used on");
        expect(identity->foreign == 0, "no foreign heap is seen");
        break;
    case FAULT_DOWNGRADE:
        expect(lower, "a disabled slot gives way to the key or the map");
        expect(identity->foreign == 1, "a slot is disabled once");
        break;
    case FAULT_FOREIGN:
        expect(identity->foreign >= 1, "a foreign heap is counted");
        expect(lower, "a slot that held a foreign heap gives way to the key or the map");
        break;
    default:
        expect(identity->rebound <= ends_rebound(identity), "no slot is found empty");
        expect(identity->foreign == 0, "no foreign heap is seen");
        expect(kept, "the slot is used as compiled");
    }
}

int main(int argc, char **argv) {
    const char *slot = argument(argc, argv, 1, usage);
    struct workload workload = {
        .fault = fault_named(argument(argc, argv, 2, usage)),
        .steps = number(argc, argv, 4, 20000),
        .library = argc > 5 ? argv[5] : NULL,
    };
    enum fault expected = fault_named(argument(argc, argv, 3, usage));
    deadline(300);

    struct ash_thread_identity identity;
    ash_thread_identity(&identity, sizeof(identity));
    if (!same(identity.slot, slot)) {
        fail("the rung %s was asked for, %s is compiled in", slot, identity.slot);
    }
    workload.slot_holds_heaps = !same(slot, "map");
    if (workload.fault != FAULT_CORRUPT && !workload.slot_holds_heaps) {
        workload.fault = FAULT_NONE;
    }
    workload_run(&workload);

    ash_thread_identity(&identity, sizeof(identity));
    printf("slot %s (now %s), id %s (now %s), %s; checks %zu, rebound %zu, foreign %zu, "
           "changed %zu, reaped %zu\n",
           identity.slot, identity.slot_now, identity.id, identity.id_now, identity.chosen,
           identity.checks, identity.rebound, identity.foreign, identity.changed, identity.reaped);
    expect(identity.changed == 0 && same(identity.id, identity.id_now), "no id changes");
    if (workload.slot_holds_heaps) {
        check_slot(&identity, expected);
    } else {
        check_map(&identity);
    }
    return 0;
}
