// Walking: which memory is in use, area by area and block by block; and how full the place of
// a block is, for programs that move their data together.
//
// Everything here may be called while other threads allocate and free. A walk that ends with
// true has reported
//   - each block that was allocated during the whole walk, exactly once;
//   - no block that was free during the whole walk;
//   - of the others some, each once at most for each time it was allocated.
// (A block counts as allocated from when the allocating call returns to when the freeing call
// begins, and as free from when that returns. One that is resized may be reported as it was, as it
// is, or where it was or is; a huge one may be missed meanwhile.) A reported block may be freed
// before the visitor sees it: the program has to know which blocks it may look into.

#ifndef ASHLAR_WALK_H
#define ASHLAR_WALK_H

#include "ashlar/ashlar.h"

#if defined(__cplusplus)
extern "C" {
#endif

// What an area is cut into.
enum ash_area_kind {
    ASH_AREA_SPAN,  // blocks of one size, up to 32 KiB
    ASH_AREA_RUN,   // one block of whole slices, up to 32 MiB
    ASH_AREA_HUGE,  // one block with a mapping of its own
};

// An area: memory in which blocks of one size, or one block, lie.
struct ash_area {
    enum ash_area_kind kind;  // what it is cut into
    ash_heap_t *heap;         // whose it is
    void *start;              // its first byte
    size_t bytes;             // of address space, from `start` on
    size_t touched;      // of these, how many have held a block so far; the rest is not in memory
    size_t block_bytes;  // of each block
    size_t blocks;       // how many there is room for
    size_t used;         // how many of them are allocated
};

// Called for an area with `block` NULL and `block_bytes` 0, then, if blocks are wanted, for each of
// its allocated blocks with what ash_usable_size says. The area is valid during the call. It
// may allocate, free, and walk; it must return, and false ends the walk.
typedef bool ash_visitor_t(const struct ash_area *area, void *block, size_t block_bytes,
                           void *argument);

// Walks a heap, which must not be ended meanwhile; NULL is all heaps of the process, also those
// of threads that have ended and of all sub-processes. False if the visitor has said so (errno is
// kept), or with errno ENOMEM if there is no memory for the walk's own notes (about 100 KiB,
// mapped for its duration): then nothing is reported. Areas without a block in use may be left out.
//
// In a child of fork, blocks of threads that it does not have are reported as far as those
// threads had left their heaps in order.
ASH_EXPORT bool ash_heap_visit(const ash_heap_t *heap, bool visit_blocks, ash_visitor_t *visitor,
                               void *argument) ASH_NOEXCEPT;

// How full the place of a block is.
struct ash_block_info {
    size_t bytes;         // sizeof(struct ash_block_info) as the caller knows it
    size_t block_bytes;   // what ash_usable_size says
    ash_heap_t *heap;     // the block's
    void *area;           // the start of the area that it lies in
    size_t area_blocks;   // how many blocks that has
    size_t area_used;     // how many of these are out: allocated, or at a thread's hand
    size_t class_blocks;  // as area_blocks, of all areas that the block's thread has of the size
    size_t class_used;    // as area_used, of these
    bool is_current;      // new blocks of the size come from this area: to move the block is no use
};

// Stores the first `info->bytes` bytes of the structure. False with errno EINVAL if `block` is not
// the start of a block of ashlar's, or `bytes` is below sizeof(size_t). Takes no lock for a
// block of an area that it shares; the figures are read one by one while others may change them.
//
// A program that moves its data together moves a block if its area is less full than the average,
// area_used * class_blocks < class_used * area_blocks, and not the current one.
ASH_EXPORT bool ash_block_info(const void *block, struct ash_block_info *info) ASH_NOEXCEPT;

#if defined(__cplusplus)
}
#endif

#endif
