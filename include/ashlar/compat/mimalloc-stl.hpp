// C++ allocators of mimalloc.h: of the process, and of a heap.

#ifndef ASHLAR_COMPAT_MIMALLOC_STL_HPP
#define ASHLAR_COMPAT_MIMALLOC_STL_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>

#include "mimalloc.h"

// What all of them have.
template <class T> struct mi_stl_allocator_traits {
    typedef T value_type;
    typedef std::size_t size_type;
    typedef std::ptrdiff_t difference_type;
    typedef value_type *pointer;
    typedef const value_type *const_pointer;
    typedef value_type &reference;
    typedef const value_type &const_reference;
    using propagate_on_container_copy_assignment = std::true_type;
    using propagate_on_container_move_assignment = std::true_type;
    using propagate_on_container_swap = std::true_type;

    size_type max_size() const noexcept {
        return PTRDIFF_MAX / sizeof(T);
    }
    pointer address(reference x) const {
        return &x;
    }
    const_pointer address(const_reference x) const {
        return &x;
    }
};

// Allocates as operator new does, from the process's memory.
template <class T> struct mi_stl_allocator : public mi_stl_allocator_traits<T> {
    using typename mi_stl_allocator_traits<T>::size_type;
    using is_always_equal = std::true_type;
    template <class U> struct rebind { typedef mi_stl_allocator<U> other; };

    mi_stl_allocator() noexcept = default;
    mi_stl_allocator(const mi_stl_allocator &) noexcept = default;
    mi_stl_allocator &operator=(const mi_stl_allocator &) noexcept = default;
    template <class U> mi_stl_allocator(const mi_stl_allocator<U> &) noexcept {}
    mi_stl_allocator select_on_container_copy_construction() const {
        return *this;
    }

    T *allocate(size_type count, const void * = nullptr) {
        if (count > this->max_size()) {
            return static_cast<T *>(mi_new_n(count, sizeof(T)));
        }
        return static_cast<T *>(alignof(T) <= MI_MAX_ALIGN_SIZE
                                    ? mi_new(count * sizeof(T))
                                    : mi_new_aligned(count * sizeof(T), alignof(T)));
    }
    void deallocate(T *p, size_type count) noexcept {
        mi_free_size(p, count * sizeof(T));
    }
};

template <class T1, class T2>
bool operator==(const mi_stl_allocator<T1> &, const mi_stl_allocator<T2> &) noexcept {
    return true;
}
template <class T1, class T2>
bool operator!=(const mi_stl_allocator<T1> &, const mi_stl_allocator<T2> &) noexcept {
    return false;
}

// Allocates from a heap: one that the program brings, and that stays as it is, or one of its own,
// which all copies share and the last one ends: mi_heap_destroy if DESTROY, else mi_heap_delete.
template <class T, bool DESTROY>
struct mi_heap_stl_allocator_of : public mi_stl_allocator_traits<T> {
    using typename mi_stl_allocator_traits<T>::size_type;
    using is_always_equal = std::false_type;
    template <class U> struct rebind { typedef mi_heap_stl_allocator_of<U, DESTROY> other; };

    explicit mi_heap_stl_allocator_of(mi_heap_t *heap) : shared(heap, [](mi_heap_t *) {}) {}
    mi_heap_stl_allocator_of() : shared(made(), DESTROY ? mi_heap_destroy : mi_heap_delete) {}
    mi_heap_stl_allocator_of(const mi_heap_stl_allocator_of &) noexcept = default;
    mi_heap_stl_allocator_of &operator=(const mi_heap_stl_allocator_of &) noexcept = default;
    template <class U>
    mi_heap_stl_allocator_of(const mi_heap_stl_allocator_of<U, DESTROY> &other) noexcept
        : shared(other.shared) {}
    mi_heap_stl_allocator_of select_on_container_copy_construction() const {
        return *this;
    }

    T *allocate(size_type count, const void * = nullptr) {
        if (alignof(T) <= MI_MAX_ALIGN_SIZE || count > this->max_size()) {
            return static_cast<T *>(mi_heap_alloc_new_n(shared.get(), count, sizeof(T)));
        }
        void *block = mi_heap_malloc_aligned(shared.get(), count * sizeof(T), alignof(T));
        if (block == nullptr) {
            throw std::bad_alloc();
        }
        return static_cast<T *>(block);
    }
    void deallocate(T *p, size_type count) noexcept {
        mi_free_size(p, count * sizeof(T));
    }
    void collect(bool force) {
        mi_heap_collect(shared.get(), force);
    }
    template <class U> bool is_equal(const mi_heap_stl_allocator_of<U, DESTROY> &other) const {
        return shared == other.shared;
    }

    std::shared_ptr<mi_heap_t> shared;

  private:
    static mi_heap_t *made() {
        mi_heap_t *heap = mi_heap_new();
        if (heap == nullptr) {
            throw std::bad_alloc();
        }
        return heap;
    }
};

template <class T1, class T2, bool DESTROY>
bool operator==(const mi_heap_stl_allocator_of<T1, DESTROY> &a,
                const mi_heap_stl_allocator_of<T2, DESTROY> &b) noexcept {
    return a.is_equal(b);
}
template <class T1, class T2, bool DESTROY>
bool operator!=(const mi_heap_stl_allocator_of<T1, DESTROY> &a,
                const mi_heap_stl_allocator_of<T2, DESTROY> &b) noexcept {
    return !a.is_equal(b);
}

template <class T> using mi_heap_stl_allocator = mi_heap_stl_allocator_of<T, false>;
template <class T> using mi_heap_destroy_stl_allocator = mi_heap_stl_allocator_of<T, true>;

#endif
