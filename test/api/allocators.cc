// The allocators and the memory resource of <ashlar/allocator.hpp>, in real containers.

#include <ashlar/allocator.hpp>

#include <cstdio>
#include <list>
#include <map>
#include <scoped_allocator>
#include <string>
#include <utility>
#include <vector>

static int faults;

#define HOLDS(c) ((c) ? (void)0 : fault(#c, __LINE__))

static void fault(const char *what, int line) {
    std::fprintf(stderr, "allocators.cc:%d: does not hold: %s\n", line, what);
    faults++;
}

struct alignas(256) wide {
    char bytes[256];
};

template <class A> static void fill(std::vector<int, A> &numbers) {
    for (int i = 0; i < 100000; i++) {
        numbers.push_back(i);
    }
    HOLDS(numbers[99999] == 99999);
}

static void use_global() {
    std::vector<int, ashlar::allocator<int>> numbers;
    fill(numbers);
    HOLDS(ash_heap_of(numbers.data()) == ash_heap_main());
    std::map<int, int, std::less<int>, ashlar::allocator<std::pair<const int, int>>> squares;
    for (int i = 0; i < 1000; i++) {
        squares[i] = i * i;
    }
    HOLDS(squares[999] == 998001);
    std::vector<wide, ashlar::allocator<wide>> wides(3);
    HOLDS(ash_memalignment(wides.data()) >= 256);
    HOLDS(ashlar::allocator<int>() == ashlar::allocator<char>());
    HOLDS(!(ashlar::allocator<int>() != ashlar::allocator<char>()));
}

template <class A> static bool refuses(A allocator, std::size_t count) {
    try {
        allocator.deallocate(allocator.allocate(count), count);
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

static void use_heap() {
    ash_heap_t *heap = ash_heap_new();
    ash_heap_t *other = ash_heap_new();
    using vector = std::vector<int, ashlar::heap_allocator<int>>;
    ashlar::heap_allocator<int> from(heap), from_other(other);
    HOLDS(from == ashlar::heap_allocator<char>(from) && from != from_other);
    {
        vector numbers(from), taken(from_other);
        fill(numbers);
        const int *data = numbers.data();
        HOLDS(ash_heap_of(data) == heap);
        taken = std::move(numbers);  // with the block, since the heap goes with it
        HOLDS(taken.data() == data && taken.get_allocator().heap() == heap);
        vector copied(taken);
        HOLDS(ash_heap_of(copied.data()) == heap);
        vector swapped(1, 7, from_other);
        swapped.swap(copied);
        HOLDS(ash_heap_of(swapped.data()) == heap && ash_heap_of(copied.data()) == other);
        std::list<wide, ashlar::heap_allocator<wide>> wides{ashlar::heap_allocator<wide>(heap)};
        wides.emplace_back();
        HOLDS(ash_memalignment(&wides.front()) >= 256 && ash_heap_of(&wides.front()) == heap);
    }
    HOLDS(refuses(from, SIZE_MAX / 2) && refuses(from, SIZE_MAX / sizeof(int)));
    ash_heap_set_limit(heap, 1 << 20);
    HOLDS(refuses(from, 1 << 20) && !refuses(from, 1 << 10));
    HOLDS(refuses(ashlar::allocator<int>(), SIZE_MAX / 2));
    ash_heap_destroy(heap);
    ash_heap_destroy(other);
}

static void use_local() {
    ash_heap_t *heap = ash_heap_new();
    ash_heap_t *other = ash_heap_new();
    using vector = std::vector<int, ashlar::local_allocator<int>>;
    ashlar::local_allocator<int> from(ash_heap_local(heap)), from_other(ash_heap_local(other));
    HOLDS(from == ashlar::local_allocator<char>(from) && from != from_other);
    {
        vector numbers(from), taken(from_other);
        fill(numbers);
        const int *data = numbers.data();
        HOLDS(ash_heap_of(data) == heap);
        taken = std::move(numbers);
        HOLDS(taken.data() == data && taken.get_allocator() == from);
        vector swapped(1, 7, from_other);
        swapped.swap(taken);
        HOLDS(ash_heap_of(swapped.data()) == heap && ash_heap_of(taken.data()) == other);
        std::list<wide, ashlar::local_allocator<wide>> wides{ashlar::local_allocator<wide>(from)};
        wides.emplace_back();
        HOLDS(ash_memalignment(&wides.front()) >= 256 && ash_heap_of(&wides.front()) == heap);
        std::map<int, int, std::less<int>, ashlar::local_allocator<std::pair<const int, int>>>
            squares(std::less<int>(), from);
        for (int i = 0; i < 1000; i++) {
            squares[i] = i * i;
        }
        HOLDS(squares[999] == 998001);
    }
    HOLDS(refuses(from, SIZE_MAX / 2) && refuses(from, SIZE_MAX / sizeof(int)));
    ash_heap_destroy(heap);
    ash_heap_destroy(other);
}

// Whether types lie apart is a matter of the tier: test/unit/api/test_typed.c.
static void use_typed() {
    std::vector<int, ashlar::typed_allocator<int>> numbers;
    fill(numbers);
    std::map<int, int, std::less<int>, ashlar::typed_allocator<std::pair<const int, int>>> squares;
    for (int i = 0; i < 1000; i++) {
        squares[i] = i * i;
    }
    HOLDS(squares[999] == 998001);
    std::vector<wide, ashlar::typed_allocator<wide>> wides(3);
    HOLDS(ash_memalignment(wides.data()) >= 256);
    HOLDS(ashlar::type_of<int>() == ashlar::type_of<int>());
    HOLDS(ashlar::type_of<int>() != ashlar::type_of<wide>());
    HOLDS(ashlar::typed_allocator<int>() == ashlar::typed_allocator<char>());
    HOLDS(!(ashlar::typed_allocator<int>() != ashlar::typed_allocator<char>()));
    HOLDS(refuses(ashlar::typed_allocator<int>(), SIZE_MAX / 2) &&
          refuses(ashlar::typed_allocator<int>(), SIZE_MAX / sizeof(int)));
}

#if defined(ASHLAR_HAS_RESOURCES)

static void use_resource() {
    ashlar::heap_resource resource, other;
    HOLDS(resource.is_equal(resource) && !resource.is_equal(other));
    {
        std::pmr::vector<std::pmr::string> words(&resource);
        for (int i = 0; i < 1000; i++) {
            words.emplace_back("a word that is too long for a string without a block");
        }
        HOLDS(ash_heap_of(words.data()) == resource.heap());
        HOLDS(ash_heap_of(words[500].data()) == resource.heap());
    }
    void *lost = resource.allocate(1 << 20, 4096);
    HOLDS(ash_memalignment(lost) >= 4096);
    HOLDS(ash_heap_bytes(resource.heap()) >= 1 << 20);
    resource.release();
    HOLDS(ash_heap_bytes(resource.heap()) == 0);
}

#else

static void use_resource() {}

#endif

int main() {
    use_global();
    use_heap();
    use_local();
    use_typed();
    use_resource();
    return faults == 0 ? 0 : 1;
}
