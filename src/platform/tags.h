// Memory tags, which some AArch64 processors have (MTE): four bits of each granule of 16 bytes. A
// pointer has four as well, in its highest byte, and an access through a pointer whose tag is not
// the granule's ends with SIGSEGV.
//
//   pointer  | 0 | tag | 56 bits of address |        memory  | granule | granule | ...
//                                                    tags    |    9    |    9    | 0 ...
//
// Pointers of ours have tag 0, unless it is said otherwise; so an address is one number wherever it
// is compared or looked up.

#ifndef ASH_PLATFORM_TAGS_H
#define ASH_PLATFORM_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/sealed.h"
#include "platform/cpu.h"

enum { ASH_TAG_GRANULE = 16 };

// Which bits of an address are its tag; 0 unless this process has tags. Set at boot, constant
// after (base/sealed.h).
#define ash_tag_bits ash_sealed.tag_bits

// Under the lock of boot. False if the processor or the system has no tags, and then nothing has
// happened.
bool ash_tags_begin(void);

static inline bool ash_tags_on(void) {
    return ASH_CPU_HAS_TAGS && ash_unlikely(ash_tag_bits != 0);
}

// The address alone.
static inline void *ash_tag_strip(const void *p) {
    return (void *)((uintptr_t)p & ~(ASH_CPU_HAS_TAGS ? ash_tag_bits : 0));
}

static inline uint8_t ash_tag_of(const void *p) {
    return (uint8_t)((uint64_t)(uintptr_t)p >> 56 & 15);
}

// Where tags are on: the granules in which the range lies get the tag of `start`, which is that of
// a granule.
void ash_tag_fill(void *start, size_t bytes);

#endif
