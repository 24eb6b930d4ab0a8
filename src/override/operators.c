// C++'s operator new and delete, in every form, without a C++ runtime: in C, under
// their mangled names. Sized and aligned forms of delete need nothing more than the
// pointer; a hardened process tests the rest. What happens without memory is the runtime's
// business; its functions are found at load time, if the program is a C++ program at all.

#define _GNU_SOURCE

#include <stddef.h>

#include "api/hard.h"
#include "api/malloc.h"
#include "ashlar/ashlar.h"
#include "base/assert.h"
#include "override/new_handler.h"

#define JOIN3(a, b, c) a##b##c
#define MANGLE(before, size, after) JOIN3(before, size, after)
#if defined(__LP64__)
#define SIZE m  // size_t is unsigned long
#else
#define SIZE j  // unsigned int
#endif

#define NEW MANGLE(_Znw, SIZE, )
#define NEW_ARRAY MANGLE(_Zna, SIZE, )
#define NEW_NOTHROW MANGLE(_Znw, SIZE, RKSt9nothrow_t)
#define NEW_ARRAY_NOTHROW MANGLE(_Zna, SIZE, RKSt9nothrow_t)
#define NEW_ALIGNED MANGLE(_Znw, SIZE, St11align_val_t)
#define NEW_ARRAY_ALIGNED MANGLE(_Zna, SIZE, St11align_val_t)
#define NEW_ALIGNED_NOTHROW MANGLE(_Znw, SIZE, St11align_val_tRKSt9nothrow_t)
#define NEW_ARRAY_ALIGNED_NOTHROW MANGLE(_Zna, SIZE, St11align_val_tRKSt9nothrow_t)
#define DELETE _ZdlPv
#define DELETE_ARRAY _ZdaPv
#define DELETE_SIZED MANGLE(_ZdlPv, SIZE, )
#define DELETE_ARRAY_SIZED MANGLE(_ZdaPv, SIZE, )
#define DELETE_NOTHROW _ZdlPvRKSt9nothrow_t
#define DELETE_ARRAY_NOTHROW _ZdaPvRKSt9nothrow_t
#define DELETE_ALIGNED _ZdlPvSt11align_val_t
#define DELETE_ARRAY_ALIGNED _ZdaPvSt11align_val_t
#define DELETE_SIZED_ALIGNED MANGLE(_ZdlPv, SIZE, St11align_val_t)
#define DELETE_ARRAY_SIZED_ALIGNED MANGLE(_ZdaPv, SIZE, St11align_val_t)
#define DELETE_ALIGNED_NOTHROW _ZdlPvSt11align_val_tRKSt9nothrow_t
#define DELETE_ARRAY_ALIGNED_NOTHROW _ZdaPvSt11align_val_tRKSt9nothrow_t

void *NEW(size_t bytes);
void *NEW_ARRAY(size_t bytes);
void *NEW_NOTHROW(size_t bytes, const void *nothrow);
void *NEW_ARRAY_NOTHROW(size_t bytes, const void *nothrow);
void *NEW_ALIGNED(size_t bytes, size_t align);
void *NEW_ARRAY_ALIGNED(size_t bytes, size_t align);
void *NEW_ALIGNED_NOTHROW(size_t bytes, size_t align, const void *nothrow);
void *NEW_ARRAY_ALIGNED_NOTHROW(size_t bytes, size_t align, const void *nothrow);
void DELETE(void *block);
void DELETE_ARRAY(void *block);
void DELETE_SIZED(void *block, size_t bytes);
void DELETE_ARRAY_SIZED(void *block, size_t bytes);
void DELETE_NOTHROW(void *block, const void *nothrow);
void DELETE_ARRAY_NOTHROW(void *block, const void *nothrow);
void DELETE_ALIGNED(void *block, size_t align);
void DELETE_ARRAY_ALIGNED(void *block, size_t align);
void DELETE_SIZED_ALIGNED(void *block, size_t bytes, size_t align);
void DELETE_ARRAY_SIZED_ALIGNED(void *block, size_t bytes, size_t align);
void DELETE_ALIGNED_NOTHROW(void *block, size_t align, const void *nothrow);
void DELETE_ARRAY_ALIGNED_NOTHROW(void *block, size_t align, const void *nothrow);

// std::get_new_handler() and std::__throw_bad_alloc() of libstdc++ and libc++.
ASH_WEAK void (*_ZSt15get_new_handlerv(void))(void);
ASH_WEAK _Noreturn void _ZSt17__throw_bad_allocv(void);

// Calls the program's new_handler, which may free memory, throw, or end the process.
// False if there is none, or if it threw and `may_throw` does not let that through.
static bool new_handle(bool may_throw) {
    void (*handler)(void) = _ZSt15get_new_handlerv != NULL ? _ZSt15get_new_handlerv() : NULL;
    if (handler == NULL) {
        return false;
    }
    if (!may_throw) {
        return ash_new_handler_returns(handler);
    }
    handler();
    return true;
}

static ASH_COLD void *new_slow(size_t bytes, size_t align, bool may_throw) {
    do {
        void *block =
            align <= ASH_MIN_ALIGN ? ash_malloc_slow(bytes) : ash_aligned_alloc(align, bytes);
        if (block != NULL) {
            return block;
        }
    } while (new_handle(may_throw));
    if (!may_throw) {
        return NULL;
    }
    ash_check(_ZSt17__throw_bad_allocv != NULL, ASH_E_NO_CXX);
    _ZSt17__throw_bad_allocv();
}

// The bin was empty, as it always is in a hardened process.
static ASH_NOINLINE void *new_miss(size_t bytes, bool may_throw) {
    void *block = ash_malloc_slow(bytes);
    return ash_likely(block != NULL) ? block : new_slow(bytes, ASH_MIN_ALIGN, may_throw);
}

ASH_INLINE void *new_block(size_t bytes, bool may_throw) {
    struct ash_heap *heap = ash_thread_own_heap();
    if (ash_likely(bytes <= ASH_FAST_MAX && heap != NULL)) {
        void *block = ash_fast_take(heap, bytes);
        if (ash_likely(block != NULL)) {
            return block;
        }
    }
    return new_miss(bytes, may_throw);
}

ASH_EXPORT ASH_NOINLINE void *NEW(size_t bytes) {
    return new_block(bytes, true);
}

ASH_EXPORT ASH_NOINLINE void *NEW_ARRAY(size_t bytes) {
    return new_block(bytes, true);
}

ASH_EXPORT ASH_NOINLINE void *NEW_NOTHROW(size_t bytes, const void *nothrow) {
    (void)nothrow;
    return new_block(bytes, false);
}

ASH_EXPORT ASH_NOINLINE void *NEW_ARRAY_NOTHROW(size_t bytes, const void *nothrow) {
    (void)nothrow;
    return new_block(bytes, false);
}

ASH_EXPORT void *NEW_ALIGNED(size_t bytes, size_t align) {
    return new_slow(bytes, align, true);
}

ASH_EXPORT void *NEW_ARRAY_ALIGNED(size_t bytes, size_t align) {
    return new_slow(bytes, align, true);
}

ASH_EXPORT void *NEW_ALIGNED_NOTHROW(size_t bytes, size_t align, const void *nothrow) {
    (void)nothrow;
    return new_slow(bytes, align, false);
}

ASH_EXPORT void *NEW_ARRAY_ALIGNED_NOTHROW(size_t bytes, size_t align, const void *nothrow) {
    (void)nothrow;
    return new_slow(bytes, align, false);
}

ASH_EXPORT ASH_NOINLINE void DELETE(void *block) {
    ash_free_inline(block);
}

ASH_EXPORT ASH_NOINLINE void DELETE_ARRAY(void *block) {
    ash_free_inline(block);
}

ASH_EXPORT ASH_NOINLINE void DELETE_SIZED(void *block, size_t bytes) {
    ash_free_sized_inline(block, 1, bytes);
}

ASH_EXPORT ASH_NOINLINE void DELETE_ARRAY_SIZED(void *block, size_t bytes) {
    ash_free_sized_inline(block, 1, bytes);
}

ASH_EXPORT void DELETE_NOTHROW(void *block, const void *nothrow) {
    (void)nothrow;
    ash_free(block);
}

ASH_EXPORT void DELETE_ARRAY_NOTHROW(void *block, const void *nothrow) {
    (void)nothrow;
    ash_free(block);
}

ASH_EXPORT void DELETE_ALIGNED(void *block, size_t align) {
    ash_free_sized_inline(block, align, ASH_HARD_ANY);
}

ASH_EXPORT void DELETE_ARRAY_ALIGNED(void *block, size_t align) {
    ash_free_sized_inline(block, align, ASH_HARD_ANY);
}

ASH_EXPORT void DELETE_SIZED_ALIGNED(void *block, size_t bytes, size_t align) {
    ash_free_aligned_sized(block, align, bytes);
}

ASH_EXPORT void DELETE_ARRAY_SIZED_ALIGNED(void *block, size_t bytes, size_t align) {
    ash_free_aligned_sized(block, align, bytes);
}

ASH_EXPORT void DELETE_ALIGNED_NOTHROW(void *block, size_t align, const void *nothrow) {
    (void)nothrow;
    ash_free_sized_inline(block, align, ASH_HARD_ANY);
}

ASH_EXPORT void DELETE_ARRAY_ALIGNED_NOTHROW(void *block, size_t align, const void *nothrow) {
    (void)nothrow;
    ash_free_sized_inline(block, align, ASH_HARD_ANY);
}
