// The store, driven by random operations, against a bitmap in which the lowest fit is searched for
// slice by slice.

#include "supply/store.h"

#include <string.h>

#include "api/boot.h"
#include "base/bits.h"
#include "base/options.h"
#include "supply/region.h"
#include "support.h"

enum { UNIT = ASH_UNIT_SLICES, SLICE = ASH_SLICE_BYTES };

static size_t free_slices(void) {
    return ash_store_measure().free_bytes / SLICE;
}

enum { MODEL_UNITS = 40, MODEL_SLICES = MODEL_UNITS * UNIT, MODEL_RUNS = 120 };

struct model_run {
    uint32_t slice, slices;  // none if 0 slices
};

static bool model_used[MODEL_SLICES];
static bool model_written[MODEL_SLICES];  // not zero as far as the model knows
static struct model_run model_runs[MODEL_RUNS];
static size_t model_used_count;

static bool model_is_free(size_t slice, size_t slices) {
    for (size_t i = slice; i < slice + slices; i++) {
        expect(i < MODEL_SLICES);
        if (model_used[i]) {
            return false;
        }
    }
    return true;
}

// Where the store must find the run: slices that are not active yet are free as well.
static size_t model_find(size_t slices, size_t align) {
    size_t step = slices > UNIT ? UNIT : align;
    size_t whole = slices > UNIT ? ash_round_up(slices, UNIT) : slices;
    for (size_t slice = 0;; slice += step) {
        bool in_unit = slices > UNIT || slice % UNIT + slices <= UNIT;
        if (in_unit && model_is_free(slice, whole)) {
            return slice;
        }
    }
}

static void model_set(size_t slice, size_t slices, bool used) {
    for (size_t i = slice; i < slice + slices; i++) {
        expect(model_used[i] != used);
        model_used[i] = used;
        model_written[i] = true;
        if (used) {
            memset((char *)ash_region.base + i * SLICE + i % 64, 1, 1);
        }
    }
    model_used_count += used ? slices : 0;
    model_used_count -= used ? 0 : slices;
}

static bool model_any_written(size_t slice, size_t slices) {
    bool any = false;
    for (size_t i = slice; i < slice + slices; i++) {
        any |= model_written[i];
    }
    return any;
}

static void model_take(struct sequence *sequence, struct model_run *run) {
    size_t slices = 1 + sequence_below(sequence, 4);
    size_t kind = sequence_below(sequence, 12);
    slices = kind == 0 ? 33 + sequence_below(sequence, 70) : kind < 3 ? 4 * slices + 15 : slices;
    size_t align = slices > UNIT ? 1 : (size_t)1 << (kind % 6 * (kind % 2));
    size_t wanted = model_find(slices, align);
    bool zero = false;
    struct ash_record *first = ash_store_take(NULL, slices, align, &zero);
    expect(first != NULL);
    expect_equal(ash_record_slice(first), wanted);
    expect_equal(zero, !model_any_written(wanted, slices));
    for (size_t i = wanted; zero && i < wanted + slices; i++) {
        expect_equal(((char *)ash_region.base)[i * SLICE + i % 64], 0);
    }
    model_set(wanted, slices, true);
    *run = (struct model_run){(uint32_t)wanted, (uint32_t)slices};
}

// Gives back all of the run, or its end.
static void model_give(struct sequence *sequence, struct model_run *run) {
    uint32_t kept = (uint32_t)sequence_below(sequence, 3) == 0 ? run->slices / 2 : 0;
    uint32_t slice = run->slice + kept, slices = run->slices - kept;
    ash_store_give(&ash_region.records[slice], slices);
    model_set(slice, slices, false);
    run->slices = kept;
}

static void model_grow(struct sequence *sequence, struct model_run *run) {
    uint32_t more = 1 + (uint32_t)sequence_below(sequence, 40);
    uint32_t end = run->slice + run->slices;
    bool room = end + more <= ash_region.active * UNIT && model_is_free(end, more);
    expect_equal(ash_store_take_at(&ash_region.records[end], more), room);
    if (room) {
        model_set(end, more, true);
        run->slices += more;
    }
}

static void model_purge(void) {
    (void)ash_store_purge(true);
    for (size_t i = 0; i < MODEL_SLICES; i++) {
        model_written[i] &= model_used[i];
    }
}

static void model_step(struct sequence *sequence) {
    struct model_run *run = &model_runs[sequence_below(sequence, MODEL_RUNS)];
    if (run->slices == 0 && model_used_count < MODEL_SLICES / 3) {
        model_take(sequence, run);
    } else if (run->slices > 0 && sequence_below(sequence, 4) == 0) {
        model_grow(sequence, run);
    } else if (run->slices > 0) {
        model_give(sequence, run);
    }
    if (sequence_below(sequence, 200) == 0) {
        model_purge();
    }
    expect_equal(free_slices(), ash_region.active * UNIT - model_used_count);
    ash_store_audit();
}

static void body_random_operations(uint64_t seed) {
    struct sequence sequence = sequence_from(seed);
    expect(ash_boot());
    ash_options.values[ASH_OPTION_PURGE_DELAY] = 3600000;  // the model purges
    for (int step = 0; step < (ASH_DEBUG ? 3000 : 10000); step++) {
        model_step(&sequence);
    }
    for (int i = 0; i < MODEL_RUNS; i++) {
        while (model_runs[i].slices > 0) {
            model_give(&sequence, &model_runs[i]);
        }
    }
    ash_store_audit();
    expect_equal(free_slices(), ash_region.active * UNIT);
}

CLAIM(random_operations_agree_with_a_bitmap) {
    body_random_operations(51);
}

CLAIM(other_random_operations_agree_with_a_bitmap) {
    body_random_operations(52);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_agree_with_a_bitmap),
        cmocka_unit_test(other_random_operations_agree_with_a_bitmap),
    };
    return RUN_TESTS(tests);
}
