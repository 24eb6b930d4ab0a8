// Hardening, as the slow paths of malloc and free see it: heap/hard.h says what is checked.

#ifndef ASH_API_HARD_H
#define ASH_API_HARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/sealed.h"
#include "heap/heap.h"

struct ash_realm;

// The size of a block whose size the caller does not say.
#define ASH_HARD_ANY SIZE_MAX

// Whether slow paths turn off to the functions below. Until boot has read the options they do so to
// find out, and after that only in a hardened process, or to allocate where blocks are guarded: so
// a process that is neither asks for nothing else.
enum ash_detour { ASH_DETOUR_ALL, ASH_DETOUR_NONE, ASH_DETOUR_TAKES };

// In base/sealed.h: ALL before boot.
#define ash_hard_detour ash_sealed.detour

static inline bool ash_hard_detours(void) {
    // relaxed: who reads an old value turns off once more, and finds out.
    return ash_unlikely(atomic_load_explicit(&ash_hard_detour, memory_order_relaxed) !=
                        ASH_DETOUR_NONE);
}

static inline bool ash_hard_detours_free(void) {
    // relaxed: as above.
    return ash_unlikely(atomic_load_explicit(&ash_hard_detour, memory_order_relaxed) ==
                        ASH_DETOUR_ALL);
}

// What boot does, after the classes and before the region.
void ash_hard_start(void);

// As ash_malloc_slow and ash_take_slow.
void *ash_hard_malloc(size_t bytes);
void *ash_hard_take(struct ash_realm *realm, size_t bytes);

// A block of the class, of which `bytes` are asked for. NULL without memory.
void *ash_hard_take_class(struct ash_realm *realm, unsigned class_index, size_t bytes);

// As ash_free_slow and ash_free_sized_slow; and their slower part, for what is in nobody's slots or
// not as it should be (api/malloc.c).
void ash_hard_free(void *block);
void ash_hard_free_sized(void *block, size_t align, size_t bytes);
void ash_free_tested(void *block, size_t align, size_t bytes);

// Tests a block that is about to be freed, and what the caller says of it; then its state says
// that it is, and it has no tag any more. False: something is wrong with it, has been said, and it
// must be let alone. What is in no slice of ours is not judged, nor is NULL.
bool ash_hard_may_free(void *block, size_t align, size_t bytes);

// Puts a block that has been through that in the slots of its heap, which is the caller's.
void ash_hard_give(struct ash_heap *heap, const struct ash_record *record, struct ash_block *block);

// The same of a block that is about to be resized.
bool ash_hard_may_resize(const void *block);

// Makes a block of a span hold `bytes` where it is. False if it cannot, if moving to a smaller
// class is worth the copy, and for all other blocks.
bool ash_hard_refit(void *block, size_t bytes);

// What the program may use of a block of a slice that starts `offset` bytes behind `first` and
// holds `held`; 0 if it is not handed out.
size_t ash_hard_usable(const struct ash_record *first, size_t offset, size_t held);

#endif
