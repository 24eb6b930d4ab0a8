// In C++ there are allocators too.

#include "calls.h"

#include <map>
#include <vector>

template <class Allocator> static void call_allocator(Allocator allocator) {
    std::vector<int, Allocator> numbers(allocator);
    for (int i = 0; i < 1000; i++) {
        numbers.push_back(i);
    }
    std::vector<int, Allocator> copy(numbers);
    HOLDS(copy == numbers && copy.get_allocator() == numbers.get_allocator());
    numbers.swap(copy);
    HOLDS(mi_any_heap_contains(numbers.data()));
}

struct alignas(256) wide {
    char bytes[256];
};

template <template <class> class Allocator> static void call_allocators() {
    call_allocator(Allocator<int>());
    std::vector<wide, Allocator<wide>> aligned(3);
    HOLDS(reinterpret_cast<std::uintptr_t>(aligned.data()) % 256 == 0);
    std::map<int, int, std::less<int>, Allocator<std::pair<const int, int>>> pairs;
    pairs[1] = 2;
    HOLDS(pairs[1] == 2 && mi_any_heap_contains(&pairs[1]));
}

static void call_allocator_of_a_heap() {
    mi_heap_t *heap = mi_heap_new();
    {
        std::vector<int, mi_heap_stl_allocator<int>> numbers(10, 1,
                                                             mi_heap_stl_allocator<int>(heap));
        HOLDS(mi_heap_contains(heap, numbers.data()));
        HOLDS(numbers.get_allocator() != mi_heap_stl_allocator<int>());
        numbers.get_allocator().collect(true);
    }
    mi_heap_destroy(heap);
}

int main() {
    call_everything();
    call_allocators<mi_stl_allocator>();
    call_allocators<mi_heap_stl_allocator>();
    call_allocators<mi_heap_destroy_stl_allocator>();
    call_allocator_of_a_heap();
    return faults == 0 ? 0 : 1;
}
