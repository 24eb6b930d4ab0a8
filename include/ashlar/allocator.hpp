// ashlar for C++: allocators for containers, and memory resources. C++11 and later.
//
//     std::vector<int, ashlar::allocator<int>> numbers;
//
//     ash_heap_t *heap = ash_heap_new();
//     std::list<int, ashlar::heap_allocator<int>> things{ashlar::heap_allocator<int>(heap)};
//
//     ash_local_t *local = ash_heap_local(heap);            // for one thread alone
//     std::list<int, ashlar::local_allocator<int>> own{ashlar::local_allocator<int>(local)};
//
//     std::vector<node, ashlar::typed_allocator<node>> nodes;  // hardened: apart from other types
//
//     ashlar::heap_resource resource;                       // C++17: a heap of its own
//     std::pmr::vector<int> more(&resource);
//
// What an allocator cannot have it throws std::bad_alloc for; no new_handler is called. Blocks
// are freed with ash_free, in any thread: containers may outlive the thread that filled them.

#ifndef ASHLAR_ALLOCATOR_HPP
#define ASHLAR_ALLOCATOR_HPP

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include <ashlar/ashlar.h>
#include <ashlar/local.h>
#include <ashlar/typed.h>

#if __cplusplus >= 201703L && defined(__has_include)
#if __has_include(<memory_resource>)
#include <memory_resource>
#define ASHLAR_HAS_RESOURCES 1
#endif
#endif

namespace ashlar {

namespace detail {

inline void *expected(void *block) {
    if (block == nullptr) {
        throw std::bad_alloc();
    }
    return block;
}

// `heap` NULL is the calling thread's own.
inline void *take(ash_heap_t *heap, std::size_t bytes, std::size_t align) {
    if (align <= ASH_MIN_ALIGN) {
        return expected(heap == nullptr ? ash_malloc(bytes) : ash_heap_malloc(heap, bytes));
    }
    return expected(heap == nullptr ? ash_malloc_aligned(bytes, align)
                                    : ash_heap_malloc_aligned(heap, bytes, align));
}

inline void *take(ash_local_t *local, std::size_t bytes, std::size_t align) {
    return expected(align <= ASH_MIN_ALIGN ? ash_local_malloc(local, bytes)
                                           : ash_local_malloc_aligned(local, bytes, align));
}

inline void *take(const ash_type_t *type, std::size_t bytes, std::size_t align) {
    return expected(align <= ASH_MIN_ALIGN ? ash_malloc_typed(bytes, *type)
                                           : ash_malloc_aligned_typed(bytes, align, *type));
}

template <class T, class From> T *take_array(From *from, std::size_t count) {
    if (count > SIZE_MAX / sizeof(T)) {
        throw std::bad_alloc();
    }
    return static_cast<T *>(take(from, count * sizeof(T), alignof(T)));
}

}  // namespace detail

// As std::allocator, from ashlar whatever the process's malloc is. All of them are equal.
template <class T> class allocator {
  public:
    using value_type = T;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using propagate_on_container_move_assignment = std::true_type;
    using is_always_equal = std::true_type;

    allocator() noexcept = default;

    template <class U> allocator(const allocator<U> &) noexcept {}

    T *allocate(std::size_t count) {
        return detail::take_array<T>(static_cast<ash_heap_t *>(nullptr), count);
    }

    void deallocate(T *block, std::size_t) noexcept {
        ash_free(block);
    }
};

template <class T, class U> bool operator==(const allocator<T> &, const allocator<U> &) noexcept {
    return true;
}

template <class T, class U> bool operator!=(const allocator<T> &, const allocator<U> &) noexcept {
    return false;
}

// From one heap, which must not end before the last block is freed, unless it is destroyed together
// with containers that are never looked at again. Allocators of one heap are equal; the heap goes
// with what a container's contents go with: a move, a swap, a copy assignment keeps it, a copied
// container has it too.
template <class T> class heap_allocator {
  public:
    using value_type = T;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using propagate_on_container_copy_assignment = std::true_type;
    using propagate_on_container_move_assignment = std::true_type;
    using propagate_on_container_swap = std::true_type;
    using is_always_equal = std::false_type;

    // `heap` is not NULL.
    explicit heap_allocator(ash_heap_t *heap) noexcept : heap_(heap) {}

    template <class U>
    heap_allocator(const heap_allocator<U> &other) noexcept : heap_(other.heap()) {}

    T *allocate(std::size_t count) {
        return detail::take_array<T>(heap_, count);
    }

    void deallocate(T *block, std::size_t) noexcept {
        ash_free(block);
    }

    ash_heap_t *heap() const noexcept {
        return heap_;
    }

  private:
    ash_heap_t *heap_;
};

template <class T, class U>
bool operator==(const heap_allocator<T> &a, const heap_allocator<U> &b) noexcept {
    return a.heap() == b.heap();
}

template <class T, class U>
bool operator!=(const heap_allocator<T> &a, const heap_allocator<U> &b) noexcept {
    return a.heap() != b.heap();
}

// From one heap by the handle of one thread (ashlar/local.h), shorter than heap_allocator and than
// allocator. Containers that have it stay in that thread, as the handle does: they are filled,
// changed and ended there. What lives longer, or goes to other threads, takes heap_allocator.
template <class T> class local_allocator {
  public:
    using value_type = T;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using propagate_on_container_copy_assignment = std::true_type;
    using propagate_on_container_move_assignment = std::true_type;
    using propagate_on_container_swap = std::true_type;
    using is_always_equal = std::false_type;

    // `local` is the calling thread's, and not NULL.
    explicit local_allocator(ash_local_t *local) noexcept : local_(local) {}

    template <class U>
    local_allocator(const local_allocator<U> &other) noexcept : local_(other.local()) {}

    T *allocate(std::size_t count) {
        return detail::take_array<T>(local_, count);
    }

    void deallocate(T *block, std::size_t) noexcept {
        ash_local_free(local_, block);
    }

    ash_local_t *local() const noexcept {
        return local_;
    }

  private:
    ash_local_t *local_;
};

template <class T, class U>
bool operator==(const local_allocator<T> &a, const local_allocator<U> &b) noexcept {
    return a.local() == b.local();
}

template <class T, class U>
bool operator!=(const local_allocator<T> &a, const local_allocator<U> &b) noexcept {
    return a.local() != b.local();
}

namespace detail {

// Its address tells T from all other types; the linker keeps one of each.
template <class T> struct type_mark { static char mark; };

template <class T> char type_mark<T>::mark;

}  // namespace detail

// What T is known by for the functions of ashlar/typed.h; another number in each process.
template <class T> ash_type_t type_of() noexcept {
    auto at = reinterpret_cast<std::uintptr_t>(&detail::type_mark<T>::mark);
    return static_cast<ash_type_t>(at ^ static_cast<std::uint64_t>(at) >> 32);
}

// As allocator, by the type of what is allocated (ashlar/typed.h): a container that has its nodes
// from here has them apart from those of other types, in a hardened process.
template <class T> class typed_allocator {
  public:
    using value_type = T;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using propagate_on_container_move_assignment = std::true_type;
    using is_always_equal = std::true_type;

    typed_allocator() noexcept = default;

    template <class U> typed_allocator(const typed_allocator<U> &) noexcept {}

    T *allocate(std::size_t count) {
        const ash_type_t type = type_of<T>();
        return detail::take_array<T>(&type, count);
    }

    void deallocate(T *block, std::size_t) noexcept {
        ash_free(block);
    }
};

template <class T, class U>
bool operator==(const typed_allocator<T> &, const typed_allocator<U> &) noexcept {
    return true;
}

template <class T, class U>
bool operator!=(const typed_allocator<T> &, const typed_allocator<U> &) noexcept {
    return false;
}

#if defined(ASHLAR_HAS_RESOURCES)

// A heap of its own, with all of its blocks gone at once when the resource ends or is released: as
// std::pmr::monotonic_buffer_resource, but what is freed before is used again, and every thread
// may take from it.
class heap_resource : public std::pmr::memory_resource {
  public:
    // Throws std::bad_alloc.
    heap_resource() : heap_(made()) {}

    ~heap_resource() override {
        ash_heap_destroy(heap_);
    }

    heap_resource(const heap_resource &) = delete;
    heap_resource &operator=(const heap_resource &) = delete;

    // Ends all blocks. Throws std::bad_alloc: then nothing has changed.
    void release() {
        ash_heap_t *fresh = made();
        ash_heap_destroy(heap_);
        heap_ = fresh;
    }

    ash_heap_t *heap() const noexcept {
        return heap_;
    }

  private:
    static ash_heap_t *made() {
        ash_heap_t *heap = ash_heap_new();
        if (heap == nullptr) {
            throw std::bad_alloc();
        }
        return heap;
    }

    void *do_allocate(std::size_t bytes, std::size_t align) override {
        return detail::take(heap_, bytes, align);
    }

    void do_deallocate(void *block, std::size_t, std::size_t) override {
        ash_free(block);
    }

    bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override {
        return this == &other;
    }

    ash_heap_t *heap_;
};

#endif

}  // namespace ashlar

#endif
