#include "ashlar/typed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ashlar/walk.h"
#include "base/bits.h"
#include "base/config.h"
#include "os_fake.h"
#include "players.h"
#include "supply/region.h"
#include "support.h"

enum { SIZE = 48, MANY = 6000, TYPES = 200, GROUPS = 16 };

static char *many[MANY];

static void enter(const char *tier) {
    os_fake_set_env("ASHLAR_HARDEN", tier);
    player_enter(0);
}

// The first number from `from` on whose blocks are in another heap than the block.
static ash_type_t type_apart_from(const void *block, ash_type_t from) {
    for (ash_type_t type = from;; type++) {
        void *tried = ash_malloc_typed(SIZE, type);
        bool apart = ash_heap_of(tried) != ash_heap_of(block);
        ash_free(tried);
        if (apart) {
            return type;
        }
    }
}

static const struct ash_record *span_of(const void *block) {
    return ash_record_find(block);
}

static void malloc_has_them(const char *tier) {
    enter(tier);
    void *blocks[] = {ash_malloc_typed(SIZE, 1), ash_calloc_typed(3, SIZE, 2),
                      ash_malloc_aligned_typed(SIZE, 256, 3), ash_realloc_typed(NULL, SIZE, 4)};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        expect(blocks[i] != NULL && ash_heap_of(blocks[i]) == ash_heap_main());
        ash_free(blocks[i]);
    }
    void *block = ash_malloc(SIZE);
    const struct ash_record *span = span_of(block);
    ash_free(block);
    expect(span_of(ash_malloc_typed(SIZE, 5)) == span);
}

CLAIM(below_tier_2_types_are_mallocs) {
    malloc_has_them("0");
}

CLAIM(at_tier_1_types_are_mallocs) {
    malloc_has_them("1");
}

CLAIM(a_name_is_a_number) {
    expect(ASH_TYPE("struct node") == ASH_TYPE("struct node"));
    expect(ASH_TYPE("struct node") != ASH_TYPE("struct edge"));
    expect(ASH_TYPE("") != ASH_TYPE("a") && ASH_TYPE("a") != ASH_TYPE("aa"));
    expect(ASH_TYPE("one name that is longer than forty characters, with a tail of its own") !=
           ASH_TYPE("one name that is longer than forty characters, with the tail of others"));
}

CLAIM(types_of_different_groups_share_no_span) {
    enter("2");
    void *plain = ash_malloc(SIZE), *first = ash_malloc_typed(SIZE, 1);
    expect(ash_heap_of(first) != ash_heap_of(plain));
    ash_type_t types[] = {1, type_apart_from(first, 2)};
    for (int i = 0; i < MANY; i++) {
        many[i] = i % 3 == 2 ? ash_malloc(SIZE) : ash_malloc_typed(SIZE, types[i % 3]);
    }
    for (int i = 0; i < MANY; i += 97) {
        for (int other = 0; other < MANY; other++) {
            expect(i % 3 == other % 3 || span_of(many[i]) != span_of(many[other]));
        }
    }
}

// What is still in use keeps the span its type's.
CLAIM(a_freed_block_is_not_handed_out_as_another_type) {
    enter("2");
    void *kept = ash_malloc_typed(SIZE, 1);
    char *freed[64];
    for (int i = 0; i < 64; i++) {
        freed[i] = ash_malloc_typed(SIZE, 1);
        expect(span_of(freed[i]) == span_of(kept));
    }
    for (int i = 0; i < 64; i++) {
        ash_free(freed[i]);
    }
    ash_type_t other = type_apart_from(kept, 2);
    for (int i = 0; i < MANY; i++) {
        const char *block = i % 2 == 0 ? ash_malloc(SIZE) : ash_malloc_typed(SIZE, other);
        for (int n = 0; n < 64; n++) {
            expect(block != freed[n]);
        }
    }
    int again = 0;
    for (int i = 0; i < MANY; i++) {
        const char *block = ash_malloc_typed(SIZE, 1);
        for (int n = 0; n < 64; n++) {
            again += block == freed[n];
        }
    }
    expect_equal(again, 64);  // but to its own type it is
}

CLAIM(a_type_has_one_heap_whatever_is_called) {
    enter("3");
    ash_heap_t *heap = ash_heap_of(ash_malloc_typed(SIZE, 7));
    expect(ash_heap_of(ash_malloc_typed(5 * (size_t)ASH_SLICE_BYTES, 7)) == heap);
    char *block = ash_calloc_typed(4, SIZE, 7);
    expect(ash_heap_of(block) == heap && block[0] == 0 && block[4 * SIZE - 1] == 0);
    block = ash_realloc_typed(block, 40 * SIZE, 7);
    expect(ash_heap_of(block) == heap);
    block = ash_malloc_aligned_typed(SIZE, 512, 7);
    expect(ash_heap_of(block) == heap && (uintptr_t)block % 512 == 0);
    player_enter(1);
    expect(ash_heap_of(ash_malloc_typed(SIZE, 7)) == heap);
    ash_free(block);
    player_enter(0);
    expect(ash_heap_of(ash_realloc_typed(ash_malloc(SIZE), 4000, 7)) == heap);
    expect(ash_heap_of(ash_realloc_typed(NULL, SIZE, 7)) == heap);
}

CLAIM(there_are_16_groups) {
    enter("2");
    ash_heap_t *heaps[TYPES];
    int count = 0;
    for (ash_type_t type = 0; type < TYPES; type++) {
        ash_heap_t *heap = ash_heap_of(ash_malloc_typed(SIZE, type));
        int at = 0;
        while (at < count && heaps[at] != heap) {
            at++;
        }
        heaps[at] = heap;
        count = at == count ? count + 1 : count;
    }
    expect_equal(count, GROUPS);
}

CLAIM(threads_in_a_sub_process_have_no_types) {
    enter("2");
    ash_subproc_t *part = ash_subproc_new();
    player_enter(1);
    expect(ash_subproc_add_current_thread(part) == 0);
    expect(ash_heap_of(ash_malloc_typed(SIZE, 1)) == ash_heap_main());
    player_enter(0);
    expect(ash_heap_of(ash_malloc_typed(SIZE, 1)) != ash_heap_main());
}

CLAIM(what_cannot_be_is_refused) {
    enter("2");
    volatile size_t most = SIZE_MAX;
    errno = 0;
    expect(ash_calloc_typed(most, 2, 1) == NULL && errno == ENOMEM);
    errno = 0;
    expect(ash_malloc_typed(most, 1) == NULL && errno == ENOMEM);
    errno = 0;
    expect(ash_malloc_aligned_typed(1, 3, 1) == NULL && errno == EINVAL);
}

// Whoever asks for the heap of a block does not know what it is there for.
CLAIM(a_group_does_not_end) {
    enter("2");
    char *block = ash_malloc_typed(SIZE, 1);
    ash_heap_t *heap = ash_heap_of(block);
    memset(block, 7, SIZE);
    ash_heap_destroy(heap);
    ash_heap_delete(heap);
    for (int i = 0; i < GROUPS; i++) {  // would be made of what had ended
        expect(ash_heap_new() != heap);
    }
    expect(ash_heap_of(block) == heap && block[SIZE - 1] == 7);
    expect(ash_heap_of(ash_malloc_typed(SIZE, 1)) == heap);
    ash_free(block);
}

CLAIM(without_memory_there_is_no_group) {
    enter("2");
    ash_free(ash_malloc(1));
    while (ash_heap_new() != NULL) {  // what realms lie in is used up
        os_fake_fail_from(OS_FAKE_ANY, 1);
    }
    void *block = ash_malloc(SIZE);
    for (ash_type_t type = 0; type < GROUPS; type++) {
        errno = 0;
        expect(ash_malloc_typed(1, type) == NULL && errno == ENOMEM);
        errno = 0;
        expect(ash_calloc_typed(1, 1, type) == NULL && errno == ENOMEM);
        errno = 0;
        expect(ash_malloc_aligned_typed(1, 64, type) == NULL && errno == ENOMEM);
        errno = 0;
        expect(ash_realloc_typed(NULL, SIZE, type) == NULL && errno == ENOMEM);
        expect(ash_realloc_typed(block, SIZE - 1, type) == block);  // stays what it is
    }
    expect(ash_realloc_typed(block, 0, 1) == NULL);
    expect_equal(ash_usable_size(block), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_tier_2_types_are_mallocs),
        cmocka_unit_test(at_tier_1_types_are_mallocs),
        cmocka_unit_test(a_name_is_a_number),
        cmocka_unit_test(types_of_different_groups_share_no_span),
        cmocka_unit_test(a_freed_block_is_not_handed_out_as_another_type),
        cmocka_unit_test(a_type_has_one_heap_whatever_is_called),
        cmocka_unit_test(there_are_16_groups),
        cmocka_unit_test(threads_in_a_sub_process_have_no_types),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(a_group_does_not_end),
        cmocka_unit_test(without_memory_there_is_no_group),
    };
    return RUN_TESTS(tests);
}
