// ashlar: a general-purpose memory allocator. The native interface.
//
// Link with libashlar (which also takes over malloc and friends) or with
// libashlar-api.a (these names alone). Every function here may be called from
// any thread, before main and after it. None of them is async-signal-safe, and
// none is a cancellation point.
//
// Sizes are in bytes. Alignments are in bytes and powers of two. A block is
// aligned to ASH_MIN_ALIGN at least. A request above PTRDIFF_MAX fails.

#ifndef ASHLAR_ASHLAR_H
#define ASHLAR_ASHLAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The version of this header. ash_version says which library is in use.
#define ASH_VERSION_MAJOR 0
#define ASH_VERSION_MINOR 1
#define ASH_VERSION_PATCH 0

// Every block starts at a multiple of this, in bytes, unless it was asked for at an odd offset.
#define ASH_MIN_ALIGN 16

#if defined(__GNUC__)
#define ASH_EXPORT __attribute__((visibility("default")))
#define ASH_NODISCARD __attribute__((warn_unused_result))
#define ASH_ALLOCATES(...) __attribute__((malloc, alloc_size(__VA_ARGS__)))
#else
#define ASH_EXPORT
#define ASH_NODISCARD
#define ASH_ALLOCATES(...)
#endif

#if defined(__cplusplus)
#define ASH_NOEXCEPT noexcept
extern "C" {
#else
#define ASH_NOEXCEPT
#endif

// The basic family ---------------------------------------------------------

// Allocates `bytes` with unspecified contents. `bytes` may be 0: the block is
// then unique and must be freed. NULL with errno ENOMEM when there is no
// memory. malloc(3), C23 7.24.3.
ASH_EXPORT ASH_NODISCARD ASH_ALLOCATES(1) void *ash_malloc(size_t bytes) ASH_NOEXCEPT;

// Allocates an array of `count` times `bytes`, all zero. NULL with errno ENOMEM
// when the product overflows or there is no memory. calloc(3).
ASH_EXPORT ASH_NODISCARD ASH_ALLOCATES(1, 2) void *ash_calloc(size_t count,
                                                              size_t bytes) ASH_NOEXCEPT;

// Makes `block` hold `bytes`, moving it if it must; the contents are kept up to
// the smaller of both sizes. NULL `block` allocates. `bytes` 0 frees `block`
// and returns NULL (as glibc does, errno kept). On failure NULL with errno
// ENOMEM, and `block` is still valid. realloc(3).
ASH_EXPORT ASH_NODISCARD void *ash_realloc(void *block, size_t bytes) ASH_NOEXCEPT;

// As ash_realloc for `count` times `bytes`; an overflow is ENOMEM and leaves
// `block` valid. reallocarray(3).
ASH_EXPORT ASH_NODISCARD void *ash_reallocarray(void *block, size_t count,
                                                size_t bytes) ASH_NOEXCEPT;

// Frees `block`, from whichever thread. NULL is allowed. Keeps errno. A pointer
// that ashlar never handed out is ignored if it lies outside ashlar's memory,
// and ends the process with a message if it lies inside. free(3).
ASH_EXPORT void ash_free(void *block) ASH_NOEXCEPT;

// Frees a block that was allocated with this size (and alignment): C23
// free_sized and free_aligned_sized.
ASH_EXPORT void ash_free_sized(void *block, size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT void ash_free_aligned_sized(void *block, size_t align, size_t bytes) ASH_NOEXCEPT;

// Aligned allocation -------------------------------------------------------

// Allocates `bytes` at a multiple of `align`. NULL with errno EINVAL when
// `align` is not a power of two, ENOMEM when there is no memory. `bytes` need
// not be a multiple of `align`. aligned_alloc(3).
ASH_EXPORT ASH_NODISCARD void *ash_aligned_alloc(size_t align, size_t bytes) ASH_NOEXCEPT;

// Stores the block in `*block` and returns 0, or returns EINVAL (`align` is not
// a power of two that sizeof(void *) divides) or ENOMEM and stores nothing.
// errno is kept. posix_memalign(3).
ASH_EXPORT int ash_posix_memalign(void **block, size_t align, size_t bytes) ASH_NOEXCEPT;

// As glibc's memalign: an `align` that is no power of two is rounded up to one.
ASH_EXPORT ASH_NODISCARD void *ash_memalign(size_t align, size_t bytes) ASH_NOEXCEPT;

// A block aligned to the system's page; ash_pvalloc also rounds `bytes` up to
// whole pages. valloc(3).
ASH_EXPORT ASH_NODISCARD void *ash_valloc(size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_pvalloc(size_t bytes) ASH_NOEXCEPT;

// Extended family ------------------------------------------------------------
//
// What the basic family does, in one call less. Where nothing else is said: NULL with errno
// ENOMEM when there is no memory, a product overflows or the size is above PTRDIFF_MAX; NULL with
// errno EINVAL when `align` is not a power of two; errno is kept on success; blocks are freed with
// ash_free, by any thread.
//
// The order of arguments is that of the names: count, size, alignment, offset.

// The largest size for the functions that end in _small.
#define ASH_SMALL_MAX 1024

// Zeroed blocks. *All* usable bytes of a block from ash_zalloc, ash_calloc, ash_callocn,
// ash_zalloc_small, ash_zalloc_aligned, ash_calloc_aligned, their _at forms and ash_u[zc]alloc...
// are zero, also those behind the size that was asked for.
ASH_EXPORT ASH_NODISCARD ASH_ALLOCATES(1) void *ash_zalloc(size_t bytes) ASH_NOEXCEPT;

// As ash_malloc and ash_zalloc, one test shorter. `bytes` must be at most ASH_SMALL_MAX: anything
// larger is undefined behaviour (debug builds of ashlar end the process).
ASH_EXPORT ASH_NODISCARD ASH_ALLOCATES(1) void *ash_malloc_small(size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD ASH_ALLOCATES(1) void *ash_zalloc_small(size_t bytes) ASH_NOEXCEPT;

// Arrays of `count` times `bytes`. ash_callocn is ash_calloc, and ash_reallocn is
// ash_reallocarray, under the names that fit the others.
ASH_EXPORT ASH_NODISCARD ASH_ALLOCATES(1, 2) void *ash_mallocn(size_t count,
                                                               size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD ASH_ALLOCATES(1, 2) void *ash_callocn(size_t count,
                                                               size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_reallocn(void *block, size_t count, size_t bytes) ASH_NOEXCEPT;

// As ash_realloc, but a failure frees `block`. reallocf(3) of the BSDs.
ASH_EXPORT ASH_NODISCARD void *ash_reallocf(void *block, size_t bytes) ASH_NOEXCEPT;

// As ash_realloc, and clears. Afterwards
//   - the first min(`bytes`, old usable size) bytes are as they were;
//   - all other usable bytes of the block are zero.
// So a block that began zeroed, and has been resized by these functions alone, is zero wherever the
// program has not written: a size that grows shows zeroes, also after one that shrank. A program
// that writes behind the size it asked for (up to ash_usable_size) finds that again.
// Any block may be given. One that did not begin zeroed keeps the unspecified bytes between the
// size that was asked for and its usable size: nobody has recorded where that lay.
// NULL `block` allocates. `bytes` 0 frees `block` and returns NULL.
ASH_EXPORT ASH_NODISCARD void *ash_rezalloc(void *block, size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_recalloc(void *block, size_t count, size_t bytes) ASH_NOEXCEPT;

// Makes `block` hold `bytes` without moving it: returns `block`, or NULL if that cannot be (or
// `block` is NULL), with errno kept and the block as it was. It never becomes smaller. New bytes
// are unspecified. What succeeds is up to where the neighbours are: only blocks above 32 KiB ever
// grow.
ASH_EXPORT void *ash_expand(void *block, size_t bytes) ASH_NOEXCEPT;

// At a multiple of `align`, which may be as large as the address space affords.
ASH_EXPORT ASH_NODISCARD ASH_ALLOCATES(1) void *ash_malloc_aligned(size_t bytes,
                                                                   size_t align) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD ASH_ALLOCATES(1) void *ash_zalloc_aligned(size_t bytes,
                                                                   size_t align) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD ASH_ALLOCATES(1, 2) void *ash_mallocn_aligned(size_t count, size_t bytes,
                                                                       size_t align) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD ASH_ALLOCATES(1, 2) void *ash_calloc_aligned(size_t count, size_t bytes,
                                                                      size_t align) ASH_NOEXCEPT;

// So that the byte `offset` bytes into the block lies at a multiple of `align`; `offset` may be
// anything, also larger than the block. Where `offset` is a multiple of `align` this is the form
// without it. Otherwise the block does not start at a multiple of ASH_MIN_ALIGN, and cannot share
// a span with others: it takes 64 KiB of address space and at least a page (two, if it straddles)
// of memory, however small it is, and as long as a large block to make and to free (about 0.6 us).
ASH_EXPORT ASH_NODISCARD ASH_ALLOCATES(1) void *ash_malloc_aligned_at(size_t bytes, size_t align,
                                                                      size_t offset) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD ASH_ALLOCATES(1) void *ash_zalloc_aligned_at(size_t bytes, size_t align,
                                                                      size_t offset) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD ASH_ALLOCATES(1,
                                       2) void *ash_calloc_aligned_at(size_t count, size_t bytes,
                                                                      size_t align,
                                                                      size_t offset) ASH_NOEXCEPT;

// As ash_realloc, ash_rezalloc and ash_recalloc; the block is aligned as said here, whatever it was
// before. It stays where it is if that is aligned and large enough.
ASH_EXPORT ASH_NODISCARD void *ash_realloc_aligned(void *block, size_t bytes,
                                                   size_t align) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_reallocn_aligned(void *block, size_t count, size_t bytes,
                                                    size_t align) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_realloc_aligned_at(void *block, size_t bytes, size_t align,
                                                      size_t offset) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_rezalloc_aligned(void *block, size_t bytes,
                                                    size_t align) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_rezalloc_aligned_at(void *block, size_t bytes, size_t align,
                                                       size_t offset) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_recalloc_aligned(void *block, size_t count, size_t bytes,
                                                    size_t align) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_recalloc_aligned_at(void *block, size_t count, size_t bytes,
                                                       size_t align, size_t offset) ASH_NOEXCEPT;

// The same, and `*usable` is what ash_usable_size would say of the block, all of which the program
// may use: 0 if there is none. `usable` may be NULL. (`before` and `after`: of the old block, also
// when that stays; of the new one.) ash_ufree says what it has freed.
ASH_EXPORT ASH_NODISCARD void *ash_umalloc(size_t bytes, size_t *usable) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_uzalloc(size_t bytes, size_t *usable) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_ucalloc(size_t count, size_t bytes, size_t *usable) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_urealloc(void *block, size_t bytes, size_t *before,
                                            size_t *after) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_umalloc_small(size_t bytes, size_t *usable) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_uzalloc_small(size_t bytes, size_t *usable) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_umalloc_aligned(size_t bytes, size_t align,
                                                   size_t *usable) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_uzalloc_aligned(size_t bytes, size_t align,
                                                   size_t *usable) ASH_NOEXCEPT;
ASH_EXPORT void ash_ufree(void *block, size_t *usable) ASH_NOEXCEPT;

// The string in a block of its own, cut after `most` bytes. strdup(3), strndup(3), wcsdup(3).
ASH_EXPORT ASH_NODISCARD char *ash_strdup(const char *string) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD char *ash_strndup(const char *string, size_t most) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD wchar_t *ash_wcsdup(const wchar_t *string) ASH_NOEXCEPT;

// The absolute path that `path` leads to, without links, in `resolved` (PATH_MAX bytes), or in a
// block of its own if that is NULL. NULL with errno as in realpath(3): ENOENT, ENAMETOOLONG ...
ASH_EXPORT ASH_NODISCARD char *ash_realpath(const char *path, char *resolved) ASH_NOEXCEPT;

// The largest power of two that divides the address; 0 for NULL. C23's memalignment.
ASH_EXPORT size_t ash_memalignment(const void *address) ASH_NOEXCEPT;

// With a type instead of a size: the result is a `type *`, aligned as the type is. ASH_REALLOC_T
// and ASH_RECALLOC_T resize arrays, as ash_reallocn and ash_recalloc.
#if defined(__cplusplus)
#define ASH_ALIGN_OF(type) alignof(type)
#else
#define ASH_ALIGN_OF(type) _Alignof(type)
#endif
#define ASH_BY_TYPE(type, plain, aligned) \
    ((type *)(ASH_ALIGN_OF(type) <= ASH_MIN_ALIGN ? (plain) : (aligned)))
#define ASH_MALLOC_T(type) \
    ASH_BY_TYPE(type, ash_malloc(sizeof(type)), \
                ash_malloc_aligned(sizeof(type), ASH_ALIGN_OF(type)))
#define ASH_ZALLOC_T(type) \
    ASH_BY_TYPE(type, ash_zalloc(sizeof(type)), \
                ash_zalloc_aligned(sizeof(type), ASH_ALIGN_OF(type)))
#define ASH_CALLOC_T(type, count) \
    ASH_BY_TYPE(type, ash_calloc((count), sizeof(type)), \
                ash_calloc_aligned((count), sizeof(type), ASH_ALIGN_OF(type)))
#define ASH_MALLOCN_T(type, count) \
    ASH_BY_TYPE(type, ash_mallocn((count), sizeof(type)), \
                ash_mallocn_aligned((count), sizeof(type), ASH_ALIGN_OF(type)))
#define ASH_REALLOC_T(block, type, count) \
    ASH_BY_TYPE(type, ash_reallocn((block), (count), sizeof(type)), \
                ash_reallocn_aligned((block), (count), sizeof(type), ASH_ALIGN_OF(type)))
#define ASH_RECALLOC_T(block, type, count) \
    ASH_BY_TYPE(type, ash_recalloc((block), (count), sizeof(type)), \
                ash_recalloc_aligned((block), (count), sizeof(type), ASH_ALIGN_OF(type)))

// Questions ----------------------------------------------------------------

// The bytes of `block` the program may use, at least as many as it asked for; 0
// for NULL or a pointer that is not ashlar's. malloc_usable_size(3).
ASH_EXPORT size_t ash_usable_size(const void *block) ASH_NOEXCEPT;

// What ash_usable_size would say of a block of `bytes`; `bytes` itself above
// PTRDIFF_MAX.
ASH_EXPORT size_t ash_good_size(size_t bytes) ASH_NOEXCEPT;

// The same of a block of ash_malloc_aligned. `align` is a power of two.
ASH_EXPORT size_t ash_good_size_aligned(size_t bytes, size_t align) ASH_NOEXCEPT;

// The version as 10000 * major + 100 * minor + patch.
ASH_EXPORT int ash_version(void) ASH_NOEXCEPT;

// True if the process's own `malloc` is ashlar's.
ASH_EXPORT bool ash_is_active(void) ASH_NOEXCEPT;

// Heaps ------------------------------------------------------------------------

// A heap: memory apart from that of all other heaps, which can be given back at once.
//
// Any thread may allocate from any heap at any time, and free its blocks with ash_free. But while
// a heap is deleted or destroyed, and from then on, nobody may use it, nor free or
// resize blocks of it meanwhile: the caller sees to that, as it would for a mutex.
// Threads that have used the heap may end at any time, before, during and after.
typedef struct ash_realm ash_heap_t;

// A new, empty heap. NULL with errno ENOMEM. It costs about 150 bytes, and about 3 KiB more and
// a page for each size class for each thread that allocates from it.
ASH_EXPORT ASH_NODISCARD ash_heap_t *ash_heap_new(void) ASH_NOEXCEPT;

// Ends a heap. Its blocks live on, in the main heap. NULL is allowed; for the main heap nothing
// happens.
ASH_EXPORT void ash_heap_delete(ash_heap_t *heap) ASH_NOEXCEPT;

// Ends a heap and all of its blocks, small, large and huge, without visiting them. NULL is
// allowed; for the main heap nothing happens.
ASH_EXPORT void ash_heap_destroy(ash_heap_t *heap) ASH_NOEXCEPT;

// What ash_malloc allocates from. Never deleted.
ASH_EXPORT ash_heap_t *ash_heap_main(void) ASH_NOEXCEPT;

// The heap of a block; NULL for NULL and what is not a block of ashlar's. After
// ash_heap_delete it is the main heap.
ASH_EXPORT ash_heap_t *ash_heap_of(const void *block) ASH_NOEXCEPT;

// Whether the block is the heap's.
ASH_EXPORT bool ash_heap_contains(const ash_heap_t *heap, const void *block) ASH_NOEXCEPT;

// Takes in what other threads have freed, and gives free memory of the heap back: what the
// calling thread has in it, and what lies in it without a thread. True if anything went back to
// the system.
ASH_EXPORT bool ash_heap_collect(ash_heap_t *heap) ASH_NOEXCEPT;

// Limits the memory that the heap takes, in bytes, counted in slices of 64 KiB for small blocks
// and large ones, and in pages for huge ones. Requests that would exceed it fail with ENOMEM. 0
// means no limit. What the heap has already stays. ash_heap_bytes is what counts.
ASH_EXPORT void ash_heap_set_limit(ash_heap_t *heap, size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT size_t ash_heap_bytes(const ash_heap_t *heap) ASH_NOEXCEPT;

// As the functions without `heap_`, from that heap. One that has ended ends the process, where it
// is asked for memory. The resizing ones accept a block of any heap; if it moves, it moves to
// `heap`. (ash_realloc leaves a block in its heap.)
ASH_EXPORT ASH_NODISCARD void *ash_heap_malloc(ash_heap_t *heap, size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_calloc(ash_heap_t *heap, size_t count,
                                               size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_realloc(ash_heap_t *heap, void *block,
                                                size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_reallocarray(ash_heap_t *heap, void *block, size_t count,
                                                     size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_aligned_alloc(ash_heap_t *heap, size_t align,
                                                      size_t bytes) ASH_NOEXCEPT;

// The extended family of a heap ------------------------------------------------
//
// As the functions of the extended family without `heap_`, from that heap. A block that is resized,
// and moves, moves to `heap`, whatever heap it was of. (ash_expand and ash_ufree need no heap.)

// Zeroed blocks, small ones, arrays, and blocks that are resized.
ASH_EXPORT ASH_NODISCARD void *ash_heap_zalloc(ash_heap_t *heap, size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_malloc_small(ash_heap_t *heap, size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_zalloc_small(ash_heap_t *heap, size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_mallocn(ash_heap_t *heap, size_t count,
                                                size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_callocn(ash_heap_t *heap, size_t count,
                                                size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_reallocn(ash_heap_t *heap, void *block, size_t count,
                                                 size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_reallocf(ash_heap_t *heap, void *block,
                                                 size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_rezalloc(ash_heap_t *heap, void *block,
                                                 size_t bytes) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_recalloc(ash_heap_t *heap, void *block, size_t count,
                                                 size_t bytes) ASH_NOEXCEPT;

// At a multiple of `align`.
ASH_EXPORT ASH_NODISCARD void *ash_heap_malloc_aligned(ash_heap_t *heap, size_t bytes,
                                                       size_t align) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_zalloc_aligned(ash_heap_t *heap, size_t bytes,
                                                       size_t align) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_mallocn_aligned(ash_heap_t *heap, size_t count,
                                                        size_t bytes, size_t align) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_calloc_aligned(ash_heap_t *heap, size_t count, size_t bytes,
                                                       size_t align) ASH_NOEXCEPT;

// So that the byte `offset` bytes into the block lies at a multiple of `align`.
ASH_EXPORT ASH_NODISCARD void *ash_heap_malloc_aligned_at(ash_heap_t *heap, size_t bytes,
                                                          size_t align, size_t offset) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_zalloc_aligned_at(ash_heap_t *heap, size_t bytes,
                                                          size_t align, size_t offset) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_calloc_aligned_at(ash_heap_t *heap, size_t count,
                                                          size_t bytes, size_t align,
                                                          size_t offset) ASH_NOEXCEPT;

// Resized, and aligned as said here, whatever the block was before.
ASH_EXPORT ASH_NODISCARD void *ash_heap_realloc_aligned(ash_heap_t *heap, void *block, size_t bytes,
                                                        size_t align) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_reallocn_aligned(ash_heap_t *heap, void *block,
                                                         size_t count, size_t bytes,
                                                         size_t align) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_realloc_aligned_at(ash_heap_t *heap, void *block,
                                                           size_t bytes, size_t align,
                                                           size_t offset) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_rezalloc_aligned(ash_heap_t *heap, void *block,
                                                         size_t bytes, size_t align) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_rezalloc_aligned_at(ash_heap_t *heap, void *block,
                                                            size_t bytes, size_t align,
                                                            size_t offset) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_recalloc_aligned(ash_heap_t *heap, void *block,
                                                         size_t count, size_t bytes,
                                                         size_t align) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_recalloc_aligned_at(ash_heap_t *heap, void *block,
                                                            size_t count, size_t bytes,
                                                            size_t align,
                                                            size_t offset) ASH_NOEXCEPT;

// With what ash_usable_size would say of the block (of the old one: `before`) in `*usable`, which
// may be NULL.
ASH_EXPORT ASH_NODISCARD void *ash_heap_umalloc(ash_heap_t *heap, size_t bytes,
                                                size_t *usable) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_uzalloc(ash_heap_t *heap, size_t bytes,
                                                size_t *usable) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_ucalloc(ash_heap_t *heap, size_t count, size_t bytes,
                                                size_t *usable) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_urealloc(ash_heap_t *heap, void *block, size_t bytes,
                                                 size_t *before, size_t *after) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_umalloc_aligned(ash_heap_t *heap, size_t bytes,
                                                        size_t align, size_t *usable) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_heap_uzalloc_aligned(ash_heap_t *heap, size_t bytes,
                                                        size_t align, size_t *usable) ASH_NOEXCEPT;

// Strings and paths in blocks of the heap: strdup(3), strndup(3), wcsdup(3), realpath(3).
ASH_EXPORT ASH_NODISCARD char *ash_heap_strdup(ash_heap_t *heap, const char *string) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD char *ash_heap_strndup(ash_heap_t *heap, const char *string,
                                                size_t most) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD wchar_t *ash_heap_wcsdup(ash_heap_t *heap,
                                                  const wchar_t *string) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD char *ash_heap_realpath(ash_heap_t *heap, const char *path,
                                                 char *resolved) ASH_NOEXCEPT;

// Sub-processes -----------------------------------------------------------------

// A part of the process with heaps of its own: a language's interpreter, a plug-in. Its threads
// allocate from its main heap, the heaps they make are its own, and all of it can
// be given back at once. Blocks may be freed from anywhere in the process.
typedef struct ash_subproc ash_subproc_t;

// A new one, without threads. NULL with errno ENOMEM.
ASH_EXPORT ASH_NODISCARD ash_subproc_t *ash_subproc_new(void) ASH_NOEXCEPT;

// The one that a process begins with, and the calling thread's.
ASH_EXPORT ash_subproc_t *ash_subproc_main(void) ASH_NOEXCEPT;
ASH_EXPORT ash_subproc_t *ash_subproc_current(void) ASH_NOEXCEPT;

// Moves the calling thread, which must have no blocks yet, from the main sub-process to another
// one, for the rest of its life. Returns 0, ENOMEM, or EBUSY: the thread has allocated or freed, or
// is in a sub-process already. errno is kept.
ASH_EXPORT int ash_subproc_add_current_thread(ash_subproc_t *subproc) ASH_NOEXCEPT;

// Ends a sub-process with all its heaps and blocks, which nobody may use from now on. Its threads
// must have ended: else it returns EBUSY and does nothing. 0 otherwise; also for NULL and the
// main one, with which nothing happens.
ASH_EXPORT int ash_subproc_destroy(ash_subproc_t *subproc) ASH_NOEXCEPT;

// Calls `visit` for each heap of the sub-process, its main heap too, until it returns false: then
// false, else true; false with errno ENOMEM when there is no memory for the list. `visit`
// may allocate, free, and end heaps.
typedef bool ash_heap_visitor_t(ash_heap_t *heap, void *argument);
ASH_EXPORT bool ash_subproc_visit_heaps(ash_subproc_t *subproc, ash_heap_visitor_t *visit,
                                        void *argument) ASH_NOEXCEPT;

// Threads --------------------------------------------------------------------

// The calling thread's id: never 0, different from that of every other living thread,
// the same during a thread's life and in a child of fork. An id may come again after
// its thread has ended. ashlar's own safety does not hang on it.
ASH_EXPORT uintptr_t ash_thread_id(void) ASH_NOEXCEPT;

// How threads are told apart in this process, and what the checks of that have found.
struct ash_thread_identity {
    const char *slot;      // where a thread's heap is kept: "tls", "dynamic", "key", "map"
    const char *slot_now;  // the same, or "key" or "map" after a heap was found in a wrong place
    const char *id;        // what ash_thread_id is: "asm", "builtin", "tls", "pthread"
    const char *id_now;    // the same, or "kernel" after an id has changed
    const char *chosen;    // the slot was "detected" by the build, or "forced"
    size_t checks;         // how often the kernel was asked whose heap it is
    size_t rebound;        // heaps found again by a thread whose slot was empty
    size_t foreign;        // heaps found in the slot of a thread that does not own them
    size_t changed;        // ids that changed during a thread's life
    size_t reaped;         // heaps left behind by threads that vanished, and used again
};

// Stores the first `bytes` bytes of the structure: sizeof *identity as the caller knows
// it, so that later versions may add to it. The strings are constants.
ASH_EXPORT void ash_thread_identity(struct ash_thread_identity *identity,
                                    size_t bytes) ASH_NOEXCEPT;

// Giving memory back ---------------------------------------------------------

// Returns to the system what this thread's heap and the shared store hold free, and what
// other threads' heaps do, but for the few blocks each keeps at hand. True if anything
// was returned.
ASH_EXPORT bool ash_collect(void) ASH_NOEXCEPT;

// The calling thread will not allocate for a while: what its heap keeps at hand goes to
// where other threads and the helper thread reach it. Cheap enough for a thread pool to
// call before each wait that may be long.
ASH_EXPORT void ash_thread_idle(void) ASH_NOEXCEPT;

#if defined(__cplusplus)
}
#endif

#endif
