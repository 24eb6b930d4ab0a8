#include "ashlar/arena.h"

#include <errno.h>

#include "api/boot.h"
#include "api/collect.h"
#include "api/thread.h"
#include "base/bits.h"
#include "base/fmt.h"
#include "heap/realm.h"
#include "platform/os.h"
#include "platform/report.h"
#include "supply/arena.h"
#include "supply/ledger.h"
#include "supply/reserve.h"

enum {
    ARENA_FLAGS = ASH_ARENA_EXCLUSIVE | ASH_ARENA_COMMITTED | ASH_ARENA_HUGE_PAGES |
                  ASH_ARENA_PINNED | ASH_ARENA_ZERO,
    ARENA_NODES = 64,
    ARENA_LINE_UNITS = 64,
};

_Static_assert((int)ASH_ARENA_EXCLUSIVE == (int)ASH_TRAIT_EXCLUSIVE &&
                   (int)ASH_ARENA_COMMITTED == (int)ASH_TRAIT_COMMITTED &&
                   (int)ASH_ARENA_HUGE_PAGES == (int)ASH_TRAIT_HUGE_PAGES &&
                   (int)ASH_ARENA_PINNED == (int)ASH_TRAIT_PINNED &&
                   (int)ASH_ARENA_ZERO == (int)ASH_TRAIT_ZERO,
               "flags are traits");

static bool arena_is_sound(unsigned flags, int numa_node) {
    return (flags & ~(unsigned)ARENA_FLAGS) == 0 && numa_node >= -1 && numa_node < ARENA_NODES;
}

static bool arena_says(enum ash_arena_result result) {
    static const int errors[] = {
        [ASH_ARENA_DONE] = 0,     [ASH_ARENA_NO_MEMORY] = ENOMEM,    [ASH_ARENA_BAD_RANGE] = EINVAL,
        [ASH_ARENA_BUSY] = EBUSY, [ASH_ARENA_TIMED_OUT] = ETIMEDOUT,
    };
    if (result != ASH_ARENA_DONE) {
        errno = errors[result];
    }
    return result == ASH_ARENA_DONE;
}

static bool arena_hands_over(enum ash_arena_result result, struct ash_arena *made,
                             ash_arena_t **arena) {
    if (arena != NULL) {
        *arena = made;
    }
    return arena_says(result);
}

// Making --------------------------------------------------------------------------------

ASH_NOINLINE bool ash_arena_reserve(size_t bytes, unsigned flags, ash_arena_t **arena) {
    struct ash_arena *made = NULL;
    enum ash_arena_result result = ASH_ARENA_BAD_RANGE;
    if (arena_is_sound(flags, -1)) {
        result = ash_boot() ? ash_reserve_take(bytes, flags, &made) : ASH_ARENA_NO_MEMORY;
    }
    return arena_hands_over(result, made, arena);
}

ASH_NOINLINE size_t ash_arena_reserve_huge(size_t pages, int numa_node, size_t timeout_ms,
                                           unsigned flags, ash_arena_t **arena) {
    struct ash_arena *made = NULL;
    enum ash_arena_result result = ASH_ARENA_BAD_RANGE;
    size_t got = 0;
    if (arena_is_sound(flags, numa_node)) {
        got = pages;
        result = ash_boot() ? ash_reserve_take_huge(&got, numa_node, timeout_ms, flags, &made)
                            : ASH_ARENA_NO_MEMORY;
        got = made == NULL ? 0 : got;
    }
    (void)arena_hands_over(result, made, arena);
    return got;
}

static size_t arena_count_nodes(uint64_t nodes, size_t numa_nodes) {
    size_t count = 0;
    for (uint64_t rest = nodes; rest != 0; rest &= rest - 1) {
        count++;
    }
    return numa_nodes == 0 || count < numa_nodes ? count : numa_nodes;
}

ASH_NOINLINE size_t ash_arena_reserve_huge_interleave(size_t pages, size_t numa_nodes,
                                                      size_t timeout_ms) {
    uint64_t nodes = ash_os_nodes();
    uint64_t begin_ms = ash_os_clock_ms();
    size_t count = arena_count_nodes(nodes, numa_nodes);
    size_t sum = 0, wanted = 0;
    for (size_t i = 0; i < count && sum == wanted && wanted < pages; i++, nodes &= nodes - 1) {
        size_t passed_ms = (size_t)(ash_os_clock_ms() - begin_ms);
        if (timeout_ms != 0 && passed_ms >= timeout_ms) {
            errno = ETIMEDOUT;
            break;
        }
        size_t share = pages / count + (i < pages % count ? 1 : 0);
        wanted += share;
        sum += ash_arena_reserve_huge(share, ash_ctz64(nodes),
                                      timeout_ms == 0 ? 0 : timeout_ms - passed_ms, 0, NULL);
    }
    return sum;
}

ASH_NOINLINE bool ash_arena_manage(void *start, size_t bytes, unsigned flags, int numa_node,
                                   ash_arena_commit_fn *commit, void *argument,
                                   ash_arena_t **arena) {
    struct ash_arena *made = NULL;
    enum ash_arena_result result = ASH_ARENA_BAD_RANGE;
    struct ash_arena_gift gift = {start, bytes, flags, numa_node, commit, argument};
    if (arena_is_sound(flags, numa_node)) {
        result = ash_boot() ? ash_arena_hand_in(&gift, &made) : ASH_ARENA_NO_MEMORY;
    }
    return arena_hands_over(result, made, arena);
}

// Empty spans at hand and blocks on their way are collected before it is refused.
ASH_NOINLINE bool ash_arena_unload(ash_arena_t *arena, void **base, size_t *accessed,
                                   size_t *bytes) {
    struct ash_arena_area area = {NULL, 0};
    size_t used = 0;
    enum ash_arena_result result = ash_arena_unload_now(arena, &area, &used);
    if (result == ASH_ARENA_BUSY) {
        (void)ash_collect();
        result = ash_arena_unload_now(arena, &area, &used);
    }
    if (result == ASH_ARENA_DONE && base != NULL) {
        *base = area.start;
    }
    if (result == ASH_ARENA_DONE && accessed != NULL) {
        *accessed = area.bytes == 0 ? 0 : used;
    }
    if (result == ASH_ARENA_DONE && bytes != NULL) {
        *bytes = area.bytes;
    }
    return arena_says(result);
}

// Questions -------------------------------------------------------------------------------

ASH_NOINLINE void *ash_arena_area(const ash_arena_t *arena, size_t *bytes) {
    struct ash_arena_area area = ash_arena_measure(arena);
    if (bytes != NULL) {
        *bytes = area.bytes;
    }
    return area.start;
}

ASH_NOINLINE bool ash_arena_contains(const ash_arena_t *arena, const void *address) {
    struct ash_arena_area area = ash_arena_measure(arena);
    return (uintptr_t)address - (uintptr_t)area.start < area.bytes;
}

ASH_NOINLINE size_t ash_arena_min_alignment(void) {
    return ASH_SLICE_BYTES;
}

ASH_NOINLINE size_t ash_arena_min_size(void) {
    return ASH_SLICE_BYTES;
}

static void arena_write(const char *line, void *argument) {
    (void)argument;
    ash_report_write(line);
}

static void arena_describe(const struct ash_arena *arena, struct ash_fmt *line) {
    static const char *const kinds[] = {"reserved", "1 GiB pages", "handed in"};
    static const char *const traits[] = {", exclusive", ", committed", ", huge pages", ", pinned"};
    struct ash_arena_area area = ash_arena_measure(arena);
    ash_fmt_text(line, "arena ");
    ash_fmt_uint(line, (uint64_t)(arena - ash_arenas));
    ash_fmt_text(line, ": ");
    ash_fmt_uint(line, area.bytes >> 10);
    ash_fmt_text(line, " KiB at ");
    ash_fmt_hex(line, (uint64_t)(uintptr_t)area.start);
    ash_fmt_text(line, ", ");
    ash_fmt_text(line, kinds[arena->kind]);
    for (unsigned i = 0; i < sizeof traits / sizeof traits[0]; i++) {
        ash_fmt_text(line, (arena->traits >> i & 1) != 0 ? traits[i] : "");
    }
    if (arena->node >= 0) {
        ash_fmt_text(line, ", node ");
        ash_fmt_uint(line, (uint64_t)arena->node);
    }
    ash_fmt_text(line, "\n");
}

// Of the arena's n-th unit.
static const char *arena_symbol(const struct ash_arena *arena, size_t n) {
    const struct ash_unit *unit = ash_ledger_unit(ash_arena_first(arena) + n);
    if (unit->free == ash_arena_mask(arena, n)) {
        return unit->dirty == 0 ? "." : "-";
    }
    return unit->free == 0 ? "x" : "+";
}

// The line from the arena's n-th unit on; the first one is about it all. False behind the last.
static bool arena_line(const struct ash_arena *arena, size_t n, struct ash_fmt *line) {
    ash_ledger_lock();
    bool more = arena->stage == ASH_ARENA_OPEN && n < arena->units + ARENA_LINE_UNITS;
    if (more && n == 0) {
        arena_describe(arena, line);
    } else if (more) {
        ash_fmt_text(line, "  ");
        size_t end = ash_min(n, arena->units);
        for (size_t i = n - ARENA_LINE_UNITS; i < end; i++) {
            ash_fmt_text(line, arena_symbol(arena, i));
        }
        ash_fmt_text(line, "\n");
    }
    ash_ledger_unlock();
    return more;
}

ASH_NOINLINE void ash_arenas_print(void (*out)(const char *line, void *argument), void *argument) {
    uint32_t end = ash_arena_end();
    for (uint32_t i = 0; i < end; i++) {
        for (size_t n = 0;; n += ARENA_LINE_UNITS) {
            char text[192];
            struct ash_fmt line;
            ash_fmt_init(&line, text, sizeof text);
            if (!arena_line(&ash_arenas[i], n, &line)) {
                break;
            }
            (out != NULL ? out : arena_write)(text, argument);
        }
    }
}

// Heaps -----------------------------------------------------------------------------------

ASH_NOINLINE ash_heap_t *ash_heap_new_in_arena(ash_arena_t *arena) {
    if (!ash_arena_join(arena)) {
        errno = ENOMEM;
        return NULL;
    }
    struct ash_realm *realm = ash_realm_new(ash_thread_realm(NULL));
    if (realm == NULL) {
        ash_arena_leave(arena);
        errno = ENOMEM;
        return NULL;
    }
    realm->origin.only = arena;
    return realm;
}

ASH_NOINLINE bool ash_heap_set_numa_affinity(ash_heap_t *heap, int numa_node) {
    if (numa_node < -1 || numa_node >= ARENA_NODES) {
        errno = EINVAL;
        return false;
    }
    // relaxed: requests that are on their way may still see the old one.
    atomic_store_explicit(&heap->origin.node1, (uint32_t)(numa_node + 1), memory_order_relaxed);
    return true;
}
