// What boot decides and nobody changes after, together in pages of its own: so that they can be
// made read-only in a process at tier 3 or above (ash_hard_seal). Who can write one word anywhere
// then cannot switch the checks off with it.
//
// All zero before boot. Each part has a name that its users know, and is explained there.

#ifndef ASH_BASE_SEALED_H
#define ASH_BASE_SEALED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/classes.h"
#include "base/config.h"

// Of hardening: ash_hard, in heap/hard.h.
struct ash_sealed_hard {
    uint32_t tier;
    uint32_t pad;      // bytes that are asked for in addition, so that there is a canary
    uint32_t run_pad;  // the same of runs: none where there are fences, which take room themselves
    uint32_t near;     // smaller requests may be met from slots at once
    uint32_t exact;    // 1: blocks may have no more than was asked for, so nobody counts on it
    uint64_t secret;   // canaries are made of it
};

// Of fences: ash_fence, in supply/fence.h.
struct ash_sealed_fence {
    size_t rounding;  // what is added to a run's bytes before they are cut down to slices
    size_t room;      // bytes: a page, or 0 where there are no fences
    bool marks;       // the system has marks
};

struct ash_fork_hooks;

struct ash_sealed {
    // As aligned as a page is large, and so as long as some of them.
    _Alignas(ASH_SEALED_BYTES) struct ash_class classes[ASH_CLASS_COUNT];  // heap/sizeclass.h
    struct ash_sealed_hard hard;
    struct ash_sealed_fence fence;
    _Atomic uint32_t detour;                  // ash_hard_detour, in api/hard.h
    _Atomic uintptr_t realloc_reach;          // api/realloc.c
    uintptr_t tag_bits;                       // ash_tag_bits, in platform/tags.h
    void (*fault_told)(const void *where);    // platform/fault.c
    const struct ash_fork_hooks *fork_hooks;  // platform/os_posix.c
    bool keeps_tables;  // mappings of bookkeeping are sealed, too: ash_os_seal
};

extern struct ash_sealed ash_sealed;

#endif
