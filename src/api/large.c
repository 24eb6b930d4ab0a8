#include "api/large.h"

#include <stdint.h>

#include "api/boot.h"
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

// By its size one of the two; the other one if the first has no place for it: the
// store may hold what the system has not got, and the other way round.
static void *large_either(size_t bytes, size_t align, bool *zero) {
    void *(*const first)(size_t, size_t, bool *) = bytes <= ASH_RUN_MAX ? large_run : large_huge;
    void *(*const second)(size_t, size_t, bool *) = bytes <= ASH_RUN_MAX ? large_huge : large_run;
    void *block = first(bytes, align, zero);
    return block != NULL ? block : second(bytes, align, zero);
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
    return block;
}
