// The mi_new family without memory: the new_handler is called, then std::bad_alloc is thrown; and
// mimalloc-new-delete.h's operators.

#include <cstdint>
#include <cstdio>
#include <new>
#include <string>
#include <vector>

#include <ashlar/compat/mimalloc-new-delete.h>
#include <ashlar/compat/mimalloc.h>

static int faults, handled;
static const std::size_t NEVER = PTRDIFF_MAX - 65536;

#define HOLDS(c) \
    ((c) ? (void)0 : (void)(faults++, std::fprintf(stderr, "line %d: %s\n", __LINE__, #c)))

// Twice it seems to find memory, then it gives up.
static void handle() {
    if (++handled == 3) {
        std::set_new_handler(nullptr);
    }
}

static void throw_other() {
    handled++;
    throw 7;
}

template <class Call> static bool throws_bad_alloc(Call call) {
    handled = 0;
    std::set_new_handler(handle);
    try {
        call();
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

static void throwing() {
    mi_heap_t *heap = mi_heap_new();
    HOLDS(throws_bad_alloc([] { return mi_new(NEVER); }) && handled == 3);
    HOLDS(throws_bad_alloc([] { return mi_new_aligned(NEVER, 64); }) && handled == 3);
    HOLDS(throws_bad_alloc([] { return mi_new_n(NEVER, 1); }) && handled == 3);
    HOLDS(throws_bad_alloc([] { return mi_new_n(NEVER, 8); }) && handled == 0);
    HOLDS(throws_bad_alloc([heap] { return mi_heap_alloc_new(heap, NEVER); }) && handled == 3);
    HOLDS(throws_bad_alloc([heap] { return mi_heap_alloc_new_n(heap, NEVER, 8); }));
    void *block = mi_new(10);
    HOLDS(throws_bad_alloc([block] { return mi_new_realloc(block, NEVER); }) && handled == 3);
    HOLDS(throws_bad_alloc([block] { return mi_new_reallocn(block, NEVER, 8); }));
    block = mi_new_reallocn(block, 10, 10);
    mi_free(mi_new_realloc(block, 1000));
    mi_heap_delete(heap);
}

static void not_throwing() {
    handled = 0;
    std::set_new_handler(handle);
    HOLDS(mi_new_nothrow(NEVER) == nullptr && handled == 3);
    handled = 0;
    std::set_new_handler(throw_other);
    HOLDS(mi_new_aligned_nothrow(NEVER, 64) == nullptr && handled == 1);
    int thrown = 0;
    try {
        mi_free(mi_new(NEVER));
    } catch (int what) {
        thrown = what;
    }
    HOLDS(thrown == 7 && handled == 2);
    std::set_new_handler(nullptr);
}

struct alignas(512) wide {
    char bytes[512];
};

static void operators() {
    int *number = new int(7);
    wide *array = new wide[3], *one = new (std::nothrow) wide;
    std::string *text = new std::string(1000, 'x');
    HOLDS(mi_any_heap_contains(number) && mi_any_heap_contains(array));
    HOLDS(reinterpret_cast<std::uintptr_t>(array) % 512 == 0 && mi_any_heap_contains(text->data()));
    delete number;
    delete[] array;
    delete one;
    delete text;
    std::vector<int> numbers(1000, 1);
    HOLDS(mi_any_heap_contains(numbers.data()));
    char *chars = new (std::nothrow) char[10];
    operator delete[](chars, std::nothrow);
}

int main() {
    throwing();
    not_throwing();
    operators();
    return faults == 0 ? 0 : 1;
}
