#include "api/large.h"

#include <stdint.h>

#include "api/boot.h"
#include "base/config.h"
#include "supply/huge.h"
#include "supply/run.h"

void *ash_large_take(size_t bytes, size_t align, bool *zero) {
    if (bytes > PTRDIFF_MAX - ASH_UNIT_BYTES || align > PTRDIFF_MAX / 2 || !ash_boot()) {
        return NULL;
    }
    if (bytes <= ASH_RUN_MAX && align <= ASH_UNIT_BYTES) {
        void *run = ash_run_take(bytes == 0 ? 1 : bytes, align, zero);
        if (run != NULL) {
            return run;
        }
    }
    *zero = true;
    return ash_huge_take(bytes == 0 ? 1 : bytes, align);
}
