#include "supply/run.h"

#include "base/bits.h"
#include "platform/os.h"
#include "supply/fence.h"
#include "supply/region.h"
#include "supply/store.h"

static _Atomic size_t run_total;

// With room for a fence, if there are any.
static size_t run_slices(size_t bytes) {
    return (bytes + ash_fence.rounding) >> ASH_SLICE_SHIFT;
}

// Fences ------------------------------------------------------------------------------

static ASH_NOINLINE bool run_open(struct ash_record *run) {
    char *end = ash_run_start(run) + run->run_bytes;
    if (!ash_fence_open(end, (enum ash_fence_kind)run->fence)) {
        return false;
    }
    run->fence = ASH_FENCE_NONE;
    return true;
}

static bool run_open_fence(struct ash_record *run) {
    return ash_likely(run->fence == ASH_FENCE_NONE) || run_open(run);
}

// Shuts the page behind `pages` bytes of the run's slices; with an `align` the block's `bytes` are
// moved to end there, or less than that before. Where it is not to be, there is room for a canary.
// Where the block's bytes end.
static ASH_NOINLINE size_t run_shut_fence(struct ash_record *run, size_t pages, size_t bytes,
                                          size_t align) {
    if (ash_record_unit(run) < ash_region.unit_max) {
        run->fence = (uint8_t)ash_fence_shut(ash_record_start(run) + pages);
    }
    if (run->fence == ASH_FENCE_NONE) {
        return pages + ash_fence.room;
    }
    if (align != 0) {
        run->lead = (uint32_t)ash_round_down(pages - bytes, align);
    }
    return pages;
}

static ASH_NOINLINE bool run_ends_there(const struct ash_record *run, size_t slices, size_t bytes) {
    return slices == run->slices &&
           run->lead + run->run_bytes == ash_round_up(run->lead + bytes, ash_os_page_bytes());
}

// Also counts: `bytes` replaces what the run held before. It has no fence.
ASH_INLINE void run_set(struct ash_record *run, size_t slices, size_t bytes, size_t align) {
    size_t end = ash_round_up(run->lead + bytes, ash_os_page_bytes());
    run->slices = (uint32_t)slices;
    if (ash_unlikely(ash_fence.room != 0)) {
        end = run_shut_fence(run, end, bytes, align);
    }
    size_t usable = ash_min(end, slices << ASH_SLICE_SHIFT) - run->lead;
    // relaxed: a count.
    atomic_fetch_add_explicit(&run_total, usable - run->run_bytes, memory_order_relaxed);
    run->run_bytes = usable;
}

// The slices are taken: makes a run of them. `align` 0: the block stays `lead` bytes behind the
// start.
ASH_INLINE struct ash_record *run_begin(struct ash_record *run, size_t slices, size_t lead,
                                        size_t bytes, size_t align) {
    run->kind = ASH_KIND_RUN;
    run->class_index = 0;
    run->fence = ASH_FENCE_NONE;
    run->tidy = 0;
    run->back = 0;
    run->run_bytes = 0;
    run->lead = (uint32_t)lead;
    run_set(run, slices, bytes, align);
    return run;
}

// Taking, giving, resizing ------------------------------------------------------------------------

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
    return run == NULL ? NULL : run_begin(run, slices, 0, bytes, align);
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
    struct ash_record *run = run_begin(first + skipped, slices, lead, bytes, 0);
    if (skipped > 0) {
        ash_store_give(first, skipped);
    }
    return run;
}

// Slices with pages that the system does not open are not to be used again.
static ASH_COLD void run_give_open(struct ash_record *run) {
    size_t slices = (run->lead + run->run_bytes) >> ASH_SLICE_SHIFT;
    if (slices > 0) {
        ash_store_give(run, slices);
    } else {
        run->kind = ASH_KIND_FREE;
    }
}

void ash_run_give(struct ash_record *run) {
    atomic_fetch_sub_explicit(&run_total, run->run_bytes, memory_order_relaxed);
    if (ash_unlikely(!run_open_fence(run))) {
        run_give_open(run);
        return;
    }
    ash_store_give(run, run->slices);
}

bool ash_run_resize(struct ash_record *run, size_t bytes) {
    size_t slices = run_slices(run->lead + bytes), old_slices = run->slices;
    if (ash_unlikely(run->fence != ASH_FENCE_NONE) && run_ends_there(run, slices, bytes)) {
        return true;
    }
    if (slices > old_slices && !ash_store_take_at(run + old_slices, slices - old_slices)) {
        return false;
    }
    if (!run_open_fence(run)) {
        if (slices > old_slices) {
            ash_store_give(run + old_slices, slices - old_slices);
        }
        return false;
    }
    run_set(run, slices, bytes, 0);
    if (slices < old_slices) {
        ash_store_give(run + slices, old_slices - slices);
    }
    return true;
}

size_t ash_run_total(void) {
    return atomic_load_explicit(&run_total, memory_order_relaxed);
}
