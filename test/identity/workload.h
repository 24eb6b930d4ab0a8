// Threads that allocate, free their own blocks and each other's, end with busy key destructors,
// touch the storage of late libraries and fork, while a fault is made between their calls. Every
// block is checked.

#ifndef ASHLAR_TEST_IDENTITY_WORKLOAD_H
#define ASHLAR_TEST_IDENTITY_WORKLOAD_H

#include <stddef.h>

#include "support.h"

enum { WORKLOAD_THREADS = 4 };

enum fault { FAULT_NONE, FAULT_WIPED, FAULT_DOWNGRADE, FAULT_FOREIGN, FAULT_CORRUPT };

struct workload {
    enum fault fault;
    unsigned long steps;    // of each thread
    const char *library;    // a library with thread-local storage, or NULL
    bool slot_holds_heaps;  // false where there is no slot to break
};

void workload_run(const struct workload *workload);

#endif
