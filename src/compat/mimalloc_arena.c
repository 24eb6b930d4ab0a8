// Arenas of mimalloc.h, over ashlar/arena.h.

#include "ashlar/arena.h"

#include <errno.h>
#include <stdint.h>

#include "compat/mimalloc_layer.h"

// 0, or what errno says, which is kept.
static int arena_code(bool done, int saved_errno) {
    int code = done ? 0 : errno;
    errno = saved_errno;
    return code;
}

static unsigned arena_flag(bool wanted, enum ash_arena_flag flag) {
    return wanted ? (unsigned)flag : 0;
}

static void arena_store(mi_arena_id_t *arena_id, ash_arena_t *arena) {
    if (arena_id != NULL) {
        *arena_id = arena;
    }
}

// Reserving -----------------------------------------------------------------------------

// All of it is usable at once, and in memory when it is touched: that is what `commit` asks for
// here.
int mi_reserve_os_memory_ex(size_t size, bool commit, bool allow_large, bool exclusive,
                            mi_arena_id_t *arena_id) {
    int saved_errno = errno;
    (void)commit;
    ash_arena_t *arena = NULL;
    unsigned flags =
        arena_flag(allow_large, ASH_ARENA_HUGE_PAGES) | arena_flag(exclusive, ASH_ARENA_EXCLUSIVE);
    int code = arena_code(ash_arena_reserve(size, flags, &arena), saved_errno);
    arena_store(arena_id, code == 0 ? arena : NULL);
    return code;
}

int mi_reserve_os_memory(size_t size, bool commit, bool allow_large) {
    return mi_reserve_os_memory_ex(size, commit, allow_large, false, NULL);
}

int mi_reserve_huge_os_pages_at_ex(size_t pages, int numa_node, size_t timeout_msecs,
                                   bool exclusive, mi_arena_id_t *arena_id) {
    int saved_errno = errno;
    ash_arena_t *arena = NULL;
    size_t got = ash_arena_reserve_huge(pages, numa_node < 0 ? -1 : numa_node, timeout_msecs,
                                        arena_flag(exclusive, ASH_ARENA_EXCLUSIVE), &arena);
    arena_store(arena_id, arena);
    return arena_code(got == pages, saved_errno);
}

int mi_reserve_huge_os_pages_at(size_t pages, int numa_node, size_t timeout_msecs) {
    return mi_reserve_huge_os_pages_at_ex(pages, numa_node, timeout_msecs, false, NULL);
}

// 0 nodes are all there are, or as many as the option allows.
int mi_reserve_huge_os_pages_interleave(size_t pages, size_t numa_nodes, size_t timeout_msecs) {
    int saved_errno = errno;
    if (numa_nodes == 0) {
        numa_nodes = (size_t)mi_option_get_clamp(mi_option_use_numa_nodes, 0, 64);
    }
    size_t got = ash_arena_reserve_huge_interleave(pages, numa_nodes, timeout_msecs);
    return arena_code(got >= pages, saved_errno);
}

int mi_reserve_huge_os_pages(size_t pages, double max_secs, size_t *pages_reserved) {
    int saved_errno = errno;
    size_t timeout_msecs = max_secs > 0 && max_secs < 1e6 ? (size_t)(max_secs * 1000) : 0;
    size_t got = ash_arena_reserve_huge_interleave(pages, 0, timeout_msecs);
    if (pages_reserved != NULL) {
        *pages_reserved = got;
    }
    return arena_code(got >= pages, saved_errno);
}

// Memory of the program's own -----------------------------------------------------------------

bool mi_manage_memory(void *start, size_t size, bool is_committed, bool is_pinned, bool is_zero,
                      int numa_node, bool exclusive, mi_commit_fun_t *commit_fun,
                      void *commit_fun_arg, mi_arena_id_t *arena_id) {
    ash_arena_t *arena = NULL;
    unsigned flags = arena_flag(is_committed, ASH_ARENA_COMMITTED) |
                     arena_flag(is_pinned, ASH_ARENA_PINNED) | arena_flag(is_zero, ASH_ARENA_ZERO) |
                     arena_flag(exclusive, ASH_ARENA_EXCLUSIVE);
    bool done = ash_arena_manage(start, size, flags, numa_node < 0 ? -1 : numa_node, commit_fun,
                                 commit_fun_arg, &arena);
    arena_store(arena_id, done ? arena : NULL);
    return done;
}

bool mi_manage_os_memory_ex(void *start, size_t size, bool is_committed, bool is_pinned,
                            bool is_zero, int numa_node, bool exclusive, mi_arena_id_t *arena_id) {
    return mi_manage_memory(start, size, is_committed, is_pinned, is_zero, numa_node, exclusive,
                            NULL, NULL, arena_id);
}

bool mi_manage_os_memory(void *start, size_t size, bool is_committed, bool is_pinned, bool is_zero,
                         int numa_node) {
    return mi_manage_os_memory_ex(start, size, is_committed, is_pinned, is_zero, numa_node, false,
                                  NULL);
}

// Heaps and questions -------------------------------------------------------------------------

mi_heap_t *mi_heap_new_in_arena(mi_arena_id_t arena_id) {
    ash_heap_t *heap =
        arena_id == NULL ? ash_heap_new() : ash_heap_new_in_arena((ash_arena_t *)arena_id);
    return ash_mi_theirs(heap != NULL ? heap : ash_mi_failed(0));
}

mi_heap_t *mi_heap_new_ex(int heap_tag, bool allow_destroy, mi_arena_id_t arena_id) {
    (void)heap_tag, (void)allow_destroy;
    return mi_heap_new_in_arena(arena_id);
}

void mi_heap_set_numa_affinity(mi_heap_t *heap, int numa_node) {
    if (!ash_heap_set_numa_affinity(ash_mi_ours(heap), numa_node < 0 ? -1 : numa_node)) {
        ash_mi_error(EINVAL, ASH_E_MI_NUMA_NODE);
    }
}

void *mi_arena_area(mi_arena_id_t arena_id, size_t *size) {
    if (arena_id == NULL) {
        if (size != NULL) {
            *size = 0;
        }
        return NULL;
    }
    return ash_arena_area((ash_arena_t *)arena_id, size);
}

bool mi_arena_contains(mi_arena_id_t arena_id, const void *p) {
    return arena_id != NULL && ash_arena_contains((ash_arena_t *)arena_id, p);
}

size_t mi_arena_min_alignment(void) {
    return ash_arena_min_alignment();
}

size_t mi_arena_min_size(void) {
    return ash_arena_min_size();
}

static void layer_arena_line(const char *line, void *argument) {
    (void)argument;
    ash_mi_print(NULL, NULL, line);
}

void mi_arenas_print(void) {
    ash_arenas_print(layer_arena_line, NULL);
}

void mi_debug_show_arenas(void) {
    mi_arenas_print();
}

// At the start ----------------------------------------------------------------------------

static const size_t ARENA_START_MS_A_PAGE = 500;

void ash_mi_arenas_start(void) {
    size_t pages = (size_t)mi_option_get_clamp(mi_option_reserve_huge_os_pages, 0, 128 * 1024);
    long node = mi_option_get(mi_option_reserve_huge_os_pages_at);
    size_t bytes = mi_option_get_size(mi_option_reserve_os_memory);
    int code = 0;
    if (pages > 0 && node >= 0) {
        code = mi_reserve_huge_os_pages_at(pages, (int)node, pages * ARENA_START_MS_A_PAGE);
    } else if (pages > 0) {
        code = mi_reserve_huge_os_pages_interleave(pages, 0, pages * ARENA_START_MS_A_PAGE);
    }
    if (bytes > 0) {
        int second =
            mi_reserve_os_memory(bytes, true, mi_option_is_enabled(mi_option_allow_large_os_pages));
        code = code != 0 ? code : second;
    }
    if (code != 0) {
        ash_mi_error(code, ASH_E_MI_RESERVE);
    }
}
