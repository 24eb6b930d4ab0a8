#include "supply/run.h"

#include "base/bits.h"
#include "platform/os.h"
#include "supply/region.h"
#include "supply/store.h"

static _Atomic size_t run_total;

static size_t run_slices(size_t bytes) {
    return (bytes + ASH_SLICE_BYTES - 1) >> ASH_SLICE_SHIFT;
}

// Also counts: `bytes` replaces what the run held before.
static void run_set(struct ash_record *run, size_t slices, size_t bytes) {
    size_t pages = ash_round_up(run->lead + bytes, ash_os_page_bytes());
    size_t usable = ash_min(pages, slices << ASH_SLICE_SHIFT) - run->lead;
    // relaxed: a count.
    atomic_fetch_add_explicit(&run_total, usable - run->run_bytes, memory_order_relaxed);
    run->slices = (uint32_t)slices;
    run->run_bytes = usable;
}

// The slices are taken: makes a run of them.
static struct ash_record *run_begin(struct ash_record *run, size_t slices, size_t lead,
                                    size_t bytes) {
    run->kind = ASH_KIND_RUN;
    run->back = 0;
    run->run_bytes = 0;
    run->lead = (uint32_t)lead;
    run_set(run, slices, bytes);
    return run;
}

size_t ash_run_charge(size_t bytes) {
    return run_slices(bytes) << ASH_SLICE_SHIFT;
}

size_t ash_run_bytes(const struct ash_record *run) {
    return (size_t)run->slices << ASH_SLICE_SHIFT;
}

struct ash_record *ash_run_take(const struct ash_origin *origin, size_t bytes, size_t align,
                                bool *zero) {
    size_t slices = run_slices(bytes);
    struct ash_record *run =
        ash_store_take(origin, slices, ash_max(align >> ASH_SLICE_SHIFT, 1), zero);
    return run == NULL ? NULL : run_begin(run, slices, 0, bytes);
}

// Where the alignment is larger than a slice the block may start some slices behind an
// aligned one: these are taken with the others and given back at once.
struct ash_record *ash_run_take_at(const struct ash_origin *origin, size_t bytes, size_t align,
                                   size_t offset, bool *zero) {
    size_t distance = (align - offset % align) % align;
    size_t skipped = distance >> ASH_SLICE_SHIFT;
    size_t lead = ash_run_lead(align, offset);
    size_t slices = run_slices(lead + bytes);
    struct ash_record *first =
        ash_store_take(origin, skipped + slices, ash_max(align >> ASH_SLICE_SHIFT, 1), zero);
    if (first == NULL) {
        return NULL;
    }
    struct ash_record *run = run_begin(first + skipped, slices, lead, bytes);
    if (skipped > 0) {
        ash_store_give(first, skipped);
    }
    return run;
}

void ash_run_give(struct ash_record *run) {
    atomic_fetch_sub_explicit(&run_total, run->run_bytes, memory_order_relaxed);
    ash_store_give(run, run->slices);
}

bool ash_run_resize(struct ash_record *run, size_t bytes) {
    size_t slices = run_slices(run->lead + bytes);
    if (slices > run->slices && !ash_store_take_at(run + run->slices, slices - run->slices)) {
        return false;
    }
    size_t old_slices = run->slices;
    run_set(run, slices, bytes);
    if (slices < old_slices) {
        ash_store_give(run + slices, old_slices - slices);
    }
    return true;
}

size_t ash_run_total(void) {
    return atomic_load_explicit(&run_total, memory_order_relaxed);
}
