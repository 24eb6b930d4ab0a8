// Tens of thousands of heaps at once: each has its block, costs little, and leaves nothing.

#include <ashlar/ashlar.h>
#include <ashlar/stats.h>

#include "support.h"

// EACH: bytes of bookkeeping for the heap, the thread's part of it, the places of a bin and the
// tables of a slice. An address space of 32 bits has room for fewer; audits walk all of them again
// and again.
enum { HEAPS = ASH_AUDIT || sizeof(void *) < 8 ? 2000 : 20000, EACH = 6144, SMALL = 100 };

static ash_heap_t *heaps[HEAPS];
static char *blocks[HEAPS];

static struct ash_stats figures(void) {
    struct ash_stats stats = {.bytes = sizeof stats};
    expect(ash_stats_get(&stats));
    return stats;
}

static void make_all(void) {
    for (int i = 0; i < HEAPS; i++) {
        heaps[i] = ash_heap_new();
        expect(heaps[i] != NULL);
        blocks[i] = ash_heap_malloc(heaps[i], SMALL);
        expect(blocks[i] != NULL);
        blocks[i][0] = (char)i;
    }
}

// What one has cost is used again by the next, so the second round costs nothing.
CLAIM(tens_of_thousands_of_heaps_work_and_stay_compact) {
    struct ash_stats before = figures(), full = before;
    for (int round = 0; round < 2; round++) {
        size_t metadata = full.metadata;
        make_all();
        for (int i = 0; i < HEAPS; i++) {
            expect(ash_heap_of(blocks[i]) == heaps[i] && blocks[i][0] == (char)i);
        }
        full = figures();
        expect(full.metadata <= (round == 0 ? before.metadata + (size_t)HEAPS * EACH : metadata));
        for (int i = 0; i < HEAPS; i++) {
            ash_heap_destroy(heaps[i]);
        }
        (void)ash_collect();
        expect_equal(figures().active, before.active);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tens_of_thousands_of_heaps_work_and_stay_compact),
    };
    return RUN_TESTS(tests);
}
