// stress_walk: the heap is walked, --steps times, and its statistics are taken, while --threads
// threads allocate, free, end and begin. After each walk and each snapshot what it has said is
// held against what the threads know (observe.h):
//   - a block that was allocated all the time was reported, once, with its size;
//   - a block that was reported was allocated at some time;
//   - the bytes allocated are at least those of the former blocks, at most those of the latter;
//   - the figures add up, level by level, and none is negative.
// Every other walk is of one heap alone.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ashlar/stats.h"
#include "ashlar/walk.h"
#include "observe.h"

enum { TABLE = 1 << 16 };

struct report {
    void *start;
    size_t bytes;
    bool explained;
};

struct watch {
    struct world *world;
    const char *program;
    bool only_apart;  // this walk is of the other heap
    struct report reports[TABLE];
    size_t reported, areas, throughout;
    size_t least, most;  // bytes allocated
    uint64_t walks, samples, exact, skipped;
};

static void fail(const struct watch *watch, const char *claim, const void *start, size_t bytes) {
    fprintf(stderr, "%s: not so: %s (block %p, %zu bytes; walk %llu, sample %llu)\n",
            watch->program, claim, start, bytes, (unsigned long long)watch->walks,
            (unsigned long long)watch->samples);
    _Exit(1);  // threads run: one that has ended and waits to be joined is no leak
}

// Walks -------------------------------------------------------------------------------------

static struct report *find(struct watch *watch, const void *start) {
    size_t at = (size_t)(((uintptr_t)start >> 4) * 0x9e3779b97f4a7c15u >> 40) % TABLE;
    while (watch->reports[at].start != NULL && watch->reports[at].start != start) {
        at = (at + 1) % TABLE;
    }
    return &watch->reports[at];
}

static bool visit(const struct ash_area *area, void *block, size_t block_bytes, void *argument) {
    struct watch *watch = argument;
    if (block == NULL) {
        watch->areas++;
        ash_free(ash_malloc(100));  // a visitor may
        return true;
    }
    struct report *report = find(watch, block);
    if (report->start != NULL) {
        fail(watch, "a block is reported once", block, block_bytes);
    }
    if ((char *)block < (char *)area->start ||
        (char *)block + block_bytes > (char *)area->start + area->bytes) {
        fail(watch, "a block lies in its area", block, block_bytes);
    }
    *report = (struct report){.start = block, .bytes = block_bytes};
    if (++watch->reported > TABLE / 2) {
        fail(watch, "there are no more blocks than the threads have", block, block_bytes);
    }
    return true;
}

static void expect_reported(void *argument, void *start, size_t bytes, bool apart) {
    struct watch *watch = argument;
    if (watch->only_apart && !apart) {
        return;
    }
    watch->throughout++;
    const struct report *report = find(watch, start);
    if (report->start == NULL) {
        fail(watch, "a block that was allocated during the whole walk is reported", start, bytes);
    }
    if (report->bytes != bytes) {
        fail(watch, "a block is reported with its size", start, report->bytes);
    }
}

static void explain(void *argument, void *start, size_t bytes, bool apart) {
    (void)bytes;
    (void)apart;
    struct report *report = find(argument, start);
    report->explained |= report->start != NULL;
}

static void walk(struct watch *watch) {
    memset(watch->reports, 0, sizeof watch->reports);
    watch->reported = 0;
    watch->only_apart = watch->walks++ % 2 != 0;
    world_look(watch->world);
    if (!ash_heap_visit(watch->only_apart ? watch->world->apart : NULL, true, visit, watch)) {
        fail(watch, "a walk has memory", NULL, 0);
    }
    world_throughout(watch->world, expect_reported, watch);
    world_wait(watch->world);
    if (!world_ever(watch->world, explain, watch)) {
        watch->skipped++;
        return;
    }
    for (size_t i = 0; i < TABLE; i++) {
        const struct report *report = &watch->reports[i];
        if (report->start != NULL && !report->explained) {
            fail(watch, "a block that was free during the whole walk is not reported",
                 report->start, report->bytes);
        }
    }
}

// Statistics --------------------------------------------------------------------------------

static void add_least(void *argument, void *start, size_t bytes, bool apart) {
    (void)start;
    (void)apart;
    ((struct watch *)argument)->least += bytes;
}

static void add_most(void *argument, void *start, size_t bytes, bool apart) {
    (void)start;
    (void)apart;
    ((struct watch *)argument)->most += bytes;
}

static void expect_sum(const struct watch *watch, const char *name, size_t whole,
                       const size_t *parts, size_t count) {
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += parts[i];
        if (parts[i] > whole) {
            fail(watch, "no part is larger than the whole", name, parts[i]);
        }
    }
    if (sum != whole) {
        fprintf(stderr, "%s: %s is %zu, its parts are %zu\n", watch->program, name, whole, sum);
        fail(watch, "the figures add up", NULL, 0);
    }
}

static void expect_identity(const struct watch *watch, const struct ash_stats *s) {
    const size_t mapped[] = {s->other, s->unused, s->purged, s->committed};
    const size_t committed[] = {s->metadata, s->dirty, s->active};
    const size_t active[] = {s->run_rest, s->span_free, s->ready, s->returning, s->allocated};
    const size_t allocated[] = {s->small, s->large, s->huge};
    expect_sum(watch, "mapped", s->mapped, mapped, 4);
    expect_sum(watch, "committed", s->committed, committed, 3);
    expect_sum(watch, "active", s->active, active, 5);
    expect_sum(watch, "allocated", s->allocated, allocated, 3);
}

static void expect_peaks(const struct watch *watch, const struct ash_stats *s) {
    if (s->mapped_peak < s->mapped - s->other || s->active_peak > s->mapped_peak) {
        fail(watch, "a peak is not below what is", NULL, s->mapped_peak);
    }
}

// Then a block takes more than the program may use of it: behind it is its canary.
static bool hardened(void) {
    const char *tier = getenv("ASHLAR_HARDEN");
    return tier != NULL && strcmp(tier, "0") != 0;
}

static void sample(struct watch *watch) {
    watch->samples++;
    watch->least = watch->most = 0;
    world_look(watch->world);
    struct ash_stats stats = {.bytes = sizeof stats};
    if (!ash_stats_get(&stats)) {
        fail(watch, "statistics are to be had", NULL, 0);
    }
    world_throughout(watch->world, add_least, watch);
    world_wait(watch->world);
    bool whole = world_ever(watch->world, add_most, watch);
    expect_identity(watch, &stats);
    expect_peaks(watch, &stats);
    watch->exact += stats.exact;
    if (stats.exact != 0 && stats.allocated < watch->least) {
        fail(watch, "what is allocated all the time counts", NULL, watch->least - stats.allocated);
    }
    if (stats.exact != 0 && whole && !hardened() && stats.allocated > watch->most) {
        fail(watch, "what is free all the time does not count as allocated", NULL,
             stats.allocated - watch->most);
    }
    struct ash_stats apart = {.bytes = sizeof apart};
    (void)ash_heap_stats_get(watch->world->apart, &apart);
    expect_identity(watch, &apart);
}

// Nothing moves any more: nothing may be left over.
static void expect_rest(const struct watch *watch) {
    (void)ash_collect();
    struct ash_stats stats = {.bytes = sizeof stats};
    (void)ash_stats_get(&stats);
    expect_identity(watch, &stats);
    if (stats.other != 0) {
        fail(watch, "all that is mapped is accounted for", NULL, stats.other);
    }
    if (stats.allocated != 0 || stats.returning != 0 || stats.exact != 1) {
        fail(watch, "nothing is allocated in the end", NULL, stats.allocated + stats.returning);
    }
}

int main(int argc, char **argv) {
    struct stress_options options = {
        .program = "stress_walk", .seed = 1, .steps = 200, .threads = 8};
    stress_parse(&options, argc, argv);
    struct watch *watch = own_memory(sizeof *watch);
    watch->program = options.program;
    watch->world = world_make(options.threads);
    struct worker *workers = stress_workers(&options, watch->world);
    world_start(watch->world, workers);
    uint64_t end = stress_now_ms() + options.seconds * 1000;
    // Where processors are busy, the threads may begin late: as long as there was nothing to meet,
    // the walks go on.
    uint64_t most = options.steps * 1000;
    for (uint64_t i = 0;
         i < options.steps || stress_now_ms() < end || (watch->throughout == 0 && i < most); i++) {
        walk(watch);
        for (int k = 0; k < 4; k++) {
            sample(watch);
        }
    }
    world_end(watch->world, workers);
    expect_rest(watch);
    printf(
        "stress_walk: %llu walks (%llu with a log too short), the last of %zu blocks in %zu areas, "
        "%zu blocks met throughout; %llu samples, %llu of them exact\n",
        (unsigned long long)watch->walks, (unsigned long long)watch->skipped, watch->reported,
        watch->areas, watch->throughout, (unsigned long long)watch->samples,
        (unsigned long long)watch->exact);
    if (watch->throughout == 0 || watch->skipped * 2 > watch->walks ||
        watch->exact * 10 < watch->samples * 9) {
        fail(watch, "the test has seen enough", NULL, 0);
    }
    printf("stress_walk: ok\n");
    return 0;
}
