// A fixed mix of everything the library offers, played by three threads. Any call may fail; then
// it must say so properly, and the workload goes on without the block.

#ifndef ASHLAR_TEST_WORKLOAD_H
#define ASHLAR_TEST_WORKLOAD_H

#include <stddef.h>

// Returns how many calls failed. With `leak` one block is not freed.
size_t workload_run(int leak);

#endif
