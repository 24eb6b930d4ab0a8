#include "api/large.h"

#include <stdint.h>

#include "api/boot.h"
#include "api/helper.h"
#include "ashlar/ashlar.h"
#include "base/compiler.h"
#include "base/config.h"
#include "supply/huge.h"
#include "supply/run.h"
#include "supply/store.h"

static void *large_run(size_t bytes, size_t align, bool *zero) {
    return align <= ASH_UNIT_BYTES ? ash_run_take(bytes, align, zero) : NULL;
}

static void *large_huge(size_t bytes, size_t align, bool *zero) {
    *zero = true;
    return ash_huge_take(bytes, align);
}

// By its size one of the two; the other one if the first has no place for it. Of the
// store only what it holds already: growing for it unit by unit is no way to ask for
// what the system has just refused.
static void *large_either(size_t bytes, size_t align, bool *zero) {
    if (bytes <= ASH_RUN_MAX) {
        void *run = large_run(bytes, align, zero);
        return run != NULL ? run : large_huge(bytes, align, zero);
    }
    void *huge = large_huge(bytes, align, zero);
    if (huge != NULL || bytes > ash_store_measure().free_bytes) {
        return huge;
    }
    return large_run(bytes, align, zero);
}

void *ash_large_take(size_t bytes, size_t align, bool *zero) {
    if (bytes > ASH_LARGE_MAX || align > PTRDIFF_MAX / 2 || !ash_boot()) {
        return NULL;
    }
    bytes = bytes == 0 ? 1 : bytes;
    void *block = large_either(bytes, align, zero);
    if (ash_unlikely(block == NULL) && bytes <= ash_store_measure().active_bytes) {
        (void)ash_collect();  // empty spans may be what is in the way
        block = large_either(bytes, align, zero);
    }
    ash_helper_start();
    return block;
}
