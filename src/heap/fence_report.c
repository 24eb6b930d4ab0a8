#include "heap/fence_report.h"

#include <stddef.h>
#include <stdint.h>

#include "base/errors.h"
#include "base/fmt.h"
#include "heap/peek.h"
#include "heap/state.h"
#include "platform/report.h"
#include "supply/fence.h"
#include "supply/guard_report.h"
#include "supply/huge.h"
#include "supply/region.h"
#include "supply/run.h"

enum { FENCE_WHY = 100 };

static void fence_report(const char *block, size_t bytes, const void *address) {
    char text[FENCE_WHY];
    struct ash_fmt why;
    ash_fmt_init(&why, text, sizeof text);
    size_t distance = (uintptr_t)address - (uintptr_t)block - bytes + 1;
    ash_fmt_text(&why, "an access ");
    ash_fmt_uint(&why, distance);
    ash_fmt_text(&why, distance == 1 ? " byte behind a block of " : " bytes behind a block of ");
    ash_fmt_uint(&why, bytes);
    ash_fmt_text(&why, " bytes");
    ash_report_pointer(ASH_E_FENCE, "overflow", block, why.text);
}

// The run whose slice it is: only the first record of a run says so. NULL if it is none with a
// fence.
static const struct ash_record *fence_run_of(const void *address) {
    const struct ash_record *record = ash_record_of(address);
    uint32_t slice = ash_record_slice(record);
    while (ash_record_slice(record) > 0 && ash_peek_byte(&record->kind) == ASH_KIND_FREE) {
        record--;
    }
    bool inside = slice - ash_record_slice(record) < ash_peek_number(&record->slices);
    bool has_fence = ash_peek_byte(&record->kind) == ASH_KIND_RUN &&
                     ash_peek_byte(&record->fence) != ASH_FENCE_NONE;
    return inside && has_fence ? record : NULL;
}

static void fence_report_run(const struct ash_record *run, const void *address) {
    const char *block = ash_run_start(run);
    const ash_state *says = ash_state_at(run, 0);
    size_t held = ash_peek_size(&run->run_bytes);
    if ((uintptr_t)address - (uintptr_t)block >= held && ash_state_is_live(says)) {
        fence_report(block, held - ash_state_slack(says), address);
    }
}

void ash_fence_report_access(const void *address) {
    ash_guard_report_access(address);
    if (ash_fence.room == 0) {
        return;
    }
    const struct ash_record *run = ash_region_contains(address) ? fence_run_of(address) : NULL;
    if (run != NULL) {
        fence_report_run(run, address);
        return;
    }
    struct ash_huge huge = ash_huge_find_fence(address);
    if (huge.start != NULL) {
        fence_report(huge.start, huge.bytes, address);
    }
}
