// Typed allocation: a program says what a block is for, and in a hardened process (harden=2 and
// above) blocks of different types lie apart.
//
//     struct node *node = ash_malloc_typed(sizeof *node, ASH_TYPE("struct node"));
//     ...
//     ash_free(node);
//
// There each type belongs to one of 16 groups, which are drawn anew in each process; the blocks of
// a group share no span (64 KiB and more, cut into blocks of one size) with those of another group,
// nor with those of malloc. So a pointer to a freed block of one type leads to a block of a type of
// its own group, as long as any block of that span lives; for who looks for two types that he can
// confuse, that is chance. Below harden=2 these functions are malloc and its like, one test longer.
//
// A block above 32 KiB has no span: when it is freed its memory may serve anybody at once.
//
// Blocks are freed, measured and resized by the functions that all blocks are. The heap that
// ash_heap_of says of one is its group's, and never ends: to delete or destroy it does nothing.
// Threads in a sub-process allocate without types.

#ifndef ASHLAR_TYPED_H
#define ASHLAR_TYPED_H

#include <stdint.h>

#include "ashlar/ashlar.h"

#if defined(__cplusplus)
extern "C" {
#endif

// What a type is known by: any number, the same wherever the type is meant.
typedef uint32_t ash_type_t;

// The number of a name, which is a string literal; computed by the compiler from its length, its
// first 24 characters and the last 16.
#define ASH_TYPE(name) \
    ((ash_type_t)((uint32_t)sizeof(name) * UINT32_C(0xcb1ab31f) + \
                  ASH_TYPE_FIRST_(name, 0) * UINT32_C(0x9e3779b1) + \
                  ASH_TYPE_FIRST_(name, 4) * UINT32_C(0x85ebca6b) + \
                  ASH_TYPE_FIRST_(name, 8) * UINT32_C(0xc2b2ae35) + \
                  ASH_TYPE_FIRST_(name, 12) * UINT32_C(0x27d4eb2f) + \
                  ASH_TYPE_FIRST_(name, 16) * UINT32_C(0x165667b1) + \
                  ASH_TYPE_FIRST_(name, 20) * UINT32_C(0xd3a2646d) + \
                  ASH_TYPE_LAST_(name, 2) * UINT32_C(0xfd7046c5) + \
                  ASH_TYPE_LAST_(name, 6) * UINT32_C(0xb55a4f09) + \
                  ASH_TYPE_LAST_(name, 10) * UINT32_C(0x8da6b343) + \
                  ASH_TYPE_LAST_(name, 14) * UINT32_C(0xd8163841)))

// As ash_malloc and so on, for a block of the type; sizes, alignment, errors and zeroes are as
// there. Any thread may call them.
ASH_EXPORT ASH_NODISCARD void *ash_malloc_typed(size_t bytes, ash_type_t type) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_calloc_typed(size_t count, size_t bytes,
                                                ash_type_t type) ASH_NOEXCEPT;
ASH_EXPORT ASH_NODISCARD void *ash_malloc_aligned_typed(size_t bytes, size_t align,
                                                        ash_type_t type) ASH_NOEXCEPT;

// As ash_realloc: of a block of that type, or NULL. Where the block was of another type it becomes
// one of this type if it moves (unless there is no memory to begin with the type: then it stays
// what it was).
ASH_EXPORT ASH_NODISCARD void *ash_realloc_typed(void *block, size_t bytes,
                                                 ash_type_t type) ASH_NOEXCEPT;

// What ASH_TYPE is made of: four characters as one number. Beyond the name's ends there are zeroes.
#define ASH_TYPE_CHAR_(name, at) ((uint32_t)(unsigned char)("" name)[at])
#define ASH_TYPE_FIRST_CHAR_(name, i) \
    ASH_TYPE_CHAR_(name, (i) < sizeof(name) ? (i) : sizeof(name) - 1)
#define ASH_TYPE_LAST_CHAR_(name, i) \
    ASH_TYPE_CHAR_(name, (i) <= sizeof(name) ? sizeof(name) - (i) : sizeof(name) - 1)
#define ASH_TYPE_FIRST_(name, i) \
    (ASH_TYPE_FIRST_CHAR_(name, i) | ASH_TYPE_FIRST_CHAR_(name, (i) + 1) << 8 | \
     ASH_TYPE_FIRST_CHAR_(name, (i) + 2) << 16 | ASH_TYPE_FIRST_CHAR_(name, (i) + 3) << 24)
#define ASH_TYPE_LAST_(name, i) \
    (ASH_TYPE_LAST_CHAR_(name, i) | ASH_TYPE_LAST_CHAR_(name, (i) + 1) << 8 | \
     ASH_TYPE_LAST_CHAR_(name, (i) + 2) << 16 | ASH_TYPE_LAST_CHAR_(name, (i) + 3) << 24)

#if defined(__cplusplus)
}
#endif

#endif
