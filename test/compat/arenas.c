// Arenas: reserved ones, and memory of the program's own.

#define _GNU_SOURCE

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <ashlar/compat/mimalloc.h>

#include "support.h"

static void count_lines(const char *message, void *argument) {
    size_t *count = argument;
    *count += message[strlen(message) - 1] == '\n';
}

static void keep_code(int code, void *argument) {
    *(int *)argument = code;
}

CLAIM(a_heap_in_an_arena_stays_in_it) {
    mi_arena_id_t arena = NULL;
    size_t bytes = 0;
    expect_equal(mi_reserve_os_memory_ex(32 << 20, true, false, true, &arena), 0);
    char *start = mi_arena_area(arena, &bytes);
    expect(start != NULL && bytes >= 32 << 20);
    mi_heap_t *heap = mi_heap_new_in_arena(arena);
    mi_heap_t *tagged = mi_heap_new_ex(3, true, arena);
    void *block = mi_heap_malloc(heap, 100), *large = mi_heap_malloc(tagged, 200000);
    expect(mi_arena_contains(arena, block) && mi_arena_contains(arena, large));
    expect(!mi_arena_contains(arena, &arena) && mi_heap_malloc(heap, 64 << 20) == NULL);
    void *outside = mi_malloc(100);
    expect(!mi_arena_contains(arena, outside));
    mi_free(outside);
    mi_heap_destroy(heap);
    mi_heap_destroy(tagged);
    expect_equal(mi_reserve_os_memory(4 << 20, false, true), 0);
}

struct committed {
    size_t calls, bytes;
    bool refuse;
};

static bool commit_some(bool commit, void *start, size_t bytes, bool *is_zero, void *argument) {
    struct committed *committed = argument;
    committed->calls++;
    committed->bytes += commit ? bytes : 0;
    expect(start != NULL && bytes > 0);
    *is_zero = commit;
    return !committed->refuse && (!commit || mprotect(start, bytes, PROT_READ | PROT_WRITE) == 0);
}

CLAIM(memory_of_the_program_is_committed_as_it_is_needed) {
    struct committed committed = {0};
    mi_arena_id_t arena = NULL;
    size_t size = 64 << 20;
    void *memory = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect(mi_manage_memory(memory, size, false, false, true, -1, true, commit_some, &committed,
                            &arena));
    mi_heap_t *heap = mi_heap_new_in_arena(arena);
    char *block = mi_heap_malloc(heap, 1 << 20);
    expect(block >= (char *)memory && block < (char *)memory + size);
    memset(block, 1, 1 << 20);
    expect(committed.bytes >= 1 << 20 && committed.bytes < size);
    committed.refuse = true;
    expect(mi_heap_malloc(heap, 8 << 20) == NULL);
    committed.refuse = false;
    mi_heap_destroy(heap);
}

CLAIM(memory_of_the_program_is_used) {
    mi_arena_id_t arena = NULL;
    size_t size = 64 << 20, bytes = 0;
    int usable = PROT_READ | PROT_WRITE;
    char *memory = mmap(NULL, 2 * size, usable, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect(mi_manage_os_memory_ex(memory, size, true, true, true, -1, true, &arena));
    expect(mi_manage_os_memory(memory + size, size, true, false, true, -1));
    expect(!mi_manage_os_memory(memory, 100, true, false, true, -1));
    char *start = mi_arena_area(arena, &bytes);
    expect(start >= memory && start + bytes <= memory + size);
    expect((uintptr_t)start % mi_arena_min_alignment() == 0 && bytes >= mi_arena_min_size());
    mi_heap_t *heap = mi_heap_new_in_arena(arena);
    expect(mi_arena_contains(arena, mi_heap_malloc(heap, 10000)));
    mi_heap_destroy(heap);
    size_t lines = 0;
    mi_register_output(count_lines, &lines);
    mi_arenas_print();
    expect(lines > 1);
    size_t before = lines;
    mi_debug_show_arenas();
    expect_equal(lines, 2 * before);
}

CLAIM(what_cannot_be_reserved_is_said) {
    mi_arena_id_t arena = &arena;
    size_t reserved = 1;
    errno = 7;
    expect_equal(mi_reserve_os_memory_ex(SIZE_MAX / 16 * 15, true, false, false, &arena), ENOMEM);
    expect(arena == NULL && errno == 7);
    int code = mi_reserve_huge_os_pages_at(100000, -1, 10);
    expect(code == ENOMEM || code == ETIMEDOUT);
    code = mi_reserve_huge_os_pages_at_ex(100000, -1, 10, true, &arena);
    expect(code == ENOMEM || code == ETIMEDOUT);
    code = mi_reserve_huge_os_pages_interleave(100000, 0, 10);
    expect(code == ENOMEM || code == ETIMEDOUT);
    code = mi_reserve_huge_os_pages(100000, 0.01, &reserved);
    expect((code == ENOMEM || code == ETIMEDOUT) && reserved < 100000 && errno == 7);
    code = 0;
    mi_register_error(keep_code, &code);
    mi_heap_set_numa_affinity(mi_heap_main(), 1000000);
    expect_equal(code, EINVAL);
    code = 0;
    mi_heap_set_numa_affinity(mi_heap_main(), -1);
    expect_equal(code, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_heap_in_an_arena_stays_in_it),
        cmocka_unit_test(memory_of_the_program_is_committed_as_it_is_needed),
        cmocka_unit_test(memory_of_the_program_is_used),
        cmocka_unit_test(what_cannot_be_reserved_is_said),
    };
    return RUN_TESTS(tests);
}
