// operators: every form of operator new and delete, bad_alloc, and new_handler as the standard
// says: called again until it makes room, throws, or is removed.

#include "common.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <list>
#include <malloc.h>
#include <map>
#include <memory>
#include <memory_resource>
#include <new>
#include <numeric>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

int handler_calls = 0;
void *volatile opaque = nullptr;

size_t too_much() {
    volatile size_t bytes = SIZE_MAX;
    return bytes;
}

void *checked(void *block, size_t bytes, size_t align) {
    opaque = block;
    expect(block != nullptr, "operator new gives a block");
    expect(reinterpret_cast<uintptr_t>(block) % align == 0, "it is aligned");
    expect(malloc_usable_size(block) >= bytes, "it is ashlar's");
    std::fill_n(static_cast<char *>(block), bytes, 'n');
    return block;
}

void plain_forms(size_t bytes) {
    ::operator delete(checked(::operator new(bytes), bytes, 16));
    ::operator delete(checked(::operator new(bytes), bytes, 16), bytes);
    ::operator delete[](checked(::operator new[](bytes), bytes, 16));
    ::operator delete[](checked(::operator new[](bytes), bytes, 16), bytes);
    ::operator delete(checked(::operator new(bytes, std::nothrow), bytes, 16), std::nothrow);
    ::operator delete[](checked(::operator new[](bytes, std::nothrow), bytes, 16), std::nothrow);
    // malloc and new share their blocks in practice, and programs rely on it.
    free(checked(::operator new(bytes), bytes, 16));
}

void aligned_forms(size_t bytes, size_t align) {
    const std::align_val_t at{align};
    ::operator delete(checked(::operator new(bytes, at), bytes, align), at);
    ::operator delete(checked(::operator new(bytes, at), bytes, align), bytes, at);
    ::operator delete[](checked(::operator new[](bytes, at), bytes, align), at);
    ::operator delete[](checked(::operator new[](bytes, at), bytes, align), bytes, at);
    ::operator delete(checked(::operator new(bytes, at, std::nothrow), bytes, align), at,
                      std::nothrow);
    ::operator delete[](checked(::operator new[](bytes, at, std::nothrow), bytes, align), at,
                        std::nothrow);
}

template <typename Function> bool throws_bad_alloc(Function function) {
    try {
        opaque = function();
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

void failures() {
    const std::align_val_t at{64};
    expect(throws_bad_alloc([] { return ::operator new(too_much()); }), "new throws");
    expect(throws_bad_alloc([] { return ::operator new[](too_much()); }), "new[] throws");
    expect(throws_bad_alloc([=] { return ::operator new(too_much(), at); }), "aligned new throws");
    expect(throws_bad_alloc([=] { return ::operator new[](too_much(), at); }),
           "aligned new[] throws");
    expect(throws_bad_alloc([] { return ::operator new(too_much() / 2 + 1); }),
           "new above PTRDIFF_MAX throws");
    expect(::operator new(too_much(), std::nothrow) == nullptr, "nothrow new gives null");
    expect(::operator new[](too_much(), std::nothrow) == nullptr, "nothrow new[] gives null");
    expect(::operator new(too_much(), at, std::nothrow) == nullptr, "nothrow aligned gives null");
    expect(::operator new[](too_much(), at, std::nothrow) == nullptr,
           "nothrow aligned[] gives null");
    ::operator delete(nullptr);
    ::operator delete[](nullptr);
    ::operator delete (nullptr, size_t{8});
    ::operator delete(nullptr, at);
}

void give_up_at_three() {
    if (++handler_calls == 3) {
        std::set_new_handler(nullptr);
    }
}

void throw_at_two() {
    if (++handler_calls == 2) {
        throw std::bad_alloc();
    }
}

void handlers() {
    handler_calls = 0;
    std::set_new_handler(give_up_at_three);
    expect(throws_bad_alloc([] { return ::operator new(too_much()); }), "it throws in the end");
    expect(handler_calls == 3, "the handler is called until it removes itself");

    handler_calls = 0;
    std::set_new_handler(throw_at_two);
    expect(throws_bad_alloc([] { return ::operator new(too_much()); }), "the handler may throw");
    expect(handler_calls == 2, "the handler is called until it throws");

    handler_calls = 0;
    expect(::operator new(too_much(), std::nothrow) == nullptr, "nothrow catches the handler's");
    expect(handler_calls == 2, "nothrow new calls the handler too");

    handler_calls = 0;
    expect(throws_bad_alloc([] { return ::operator new (too_much(), std::align_val_t{64}); }),
           "aligned new calls the handler");
    expect(handler_calls == 2, "aligned new calls it until it throws");
    std::set_new_handler(nullptr);
}

struct alignas(256) Wide {
    char bytes[300];
};

void containers() {
    std::map<int, std::string> tree;
    std::unordered_map<std::string, std::list<int>> table;
    for (int i = 0; i < 20000; i++) {
        tree[i * 7919 % 20011] = std::string(static_cast<size_t>(i % 60), 'q');
        table[std::to_string(i % 997)].push_back(i);
    }
    expect(tree.size() == 20000 && table.size() == 997, "containers hold what was put in");
    std::vector<std::unique_ptr<Wide>> wide(100);
    for (auto &one : wide) {
        one = std::make_unique<Wide>();
        expect(reinterpret_cast<uintptr_t>(one.get()) % 256 == 0, "a wide type is aligned");
    }
    std::pmr::vector<std::pmr::string> words(std::pmr::new_delete_resource());
    words.assign(1000, "a string that is too long for the small buffer inside a string");
    expect(words.size() == 1000, "polymorphic resources work");
    std::vector<int> numbers(100000);
    std::iota(numbers.begin(), numbers.end(), 0);
    std::stable_sort(numbers.begin(), numbers.end(), [](int a, int b) { return a % 7 < b % 7; });
    expect(numbers.front() == 0, "stable_sort has its buffer");
}

}  // namespace

int main() {
    require_ashlar();
    deadline(60);
    for (size_t bytes = 0; bytes < 3000000; bytes = bytes * 2 + 1) {
        plain_forms(bytes);
        for (size_t align = 1; align <= 65536; align *= 2) {
            aligned_forms(bytes, align);
        }
    }
    failures();
    handlers();
    containers();
    return 0;
}
