// Huge blocks: each has a mapping of its own and is found by its address.
//
// Such a block is resized by moving page tables, not contents, and goes back to
// the system as soon as it is freed. The index is a hash table under one lock; a
// mapping is made and ended outside of it.
//
// A block starts where its mapping does, unless it was asked for at an offset, or has a fence
// behind it (supply/fence.h): then at an odd place of its mapping's first page. Its address says
// which page that is.
//
// Invariant:
//   INV-HUGE-1  an address is in the index exactly as long as its mapping is ours, or as the
//               guarded block there lives

#ifndef ASH_SUPPLY_HUGE_H
#define ASH_SUPPLY_HUGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ash_realm;

struct ash_huge {
    char *start;              // NULL: not a huge block
    size_t bytes;             // that the program may use; 0: not a huge block
    struct ash_realm *realm;  // whose it is
    uint8_t fence;            // enum ash_fence_kind: of the page behind it
};

// The bytes that ash_huge_take(realm, bytes, align) gives.
size_t ash_huge_charge(size_t bytes, size_t align);

// Maps at least `bytes` aligned to `align`, all zero. NULL without memory. Where there are fences
// the block ends at its own, or less than `align` before, if that is a page at most.
void *ash_huge_take(struct ash_realm *realm, size_t bytes, size_t align);

// As ash_huge_take, for a block whose address plus `offset` is a multiple of `align`.
void *ash_huge_take_at(struct ash_realm *realm, size_t bytes, size_t align, size_t offset);

// A guarded block of `bytes`, from 1 to a page, at a multiple of `align` (supply/guard.h). NULL if
// there is no slot for it.
void *ash_huge_take_guarded(struct ash_realm *realm, size_t bytes, size_t align);

// The bytes that a block at this address has when it holds `bytes`: to the end of a page.
size_t ash_huge_round(const void *block, size_t bytes);

// Ends the block's life. Returns what it was.
struct ash_huge ash_huge_give(void *block);

struct ash_huge ash_huge_find(const void *block);

// Hands all blocks of a realm to another one, or ends them.
void ash_huge_bequeath(const struct ash_realm *realm, struct ash_realm *heir);
void ash_huge_give_all(const struct ash_realm *realm);

// Resizes, moving if it must; from then on the block is `heir`'s, or stays whose it was if that is
// NULL. NULL without memory; the block is then as it was. What comes behind the old end
// reads as zero.
void *ash_huge_resize(void *block, size_t bytes, struct ash_realm *heir);

// The same without moving (a guarded block is not resized at all): true if the block holds `bytes`
// where it is.
bool ash_huge_expand(void *block, size_t bytes);

// Bytes in huge blocks, and how many there are.
size_t ash_huge_total(size_t *count);

// The same of those realms that are wanted.
typedef bool ash_huge_wanted(const void *scope, const struct ash_realm *realm);
size_t ash_huge_total_of(ash_huge_wanted *wanted, const void *scope, size_t *count);

// The block in whose fence the address lies; start is NULL if there is none, or if the index is
// being changed. Async-signal-safe.
struct ash_huge ash_huge_find_fence(const void *address);

// Copies the index, as far as there is room. Returns how many blocks there are.
size_t ash_huge_list(struct ash_huge *blocks, size_t room);

// Adds what this unit and the ones above its lock know. Under the store's lock.
struct ash_supply_figures;
void ash_huge_measure(struct ash_supply_figures *figures);

// Around fork.
void ash_huge_fork_prepare(void);
void ash_huge_fork_done(void);

#endif
