// Reading and writing what another thread may be using just now, without its help: words of a
// running thread's bins and chains.
//
// No order of memory makes that exact. What does is said in heap/look.h: the caller looks twice,
// with barriers in between that reach all processors (ash_os_barrier), and believes
// what it saw both times. Sanitizers know nothing of such barriers, so these functions, and no
// others, are hidden from them.

#ifndef ASH_HEAP_PEEK_H
#define ASH_HEAP_PEEK_H

#include <stddef.h>
#include <stdint.h>

struct ash_bin;
struct ash_block;
struct ash_realm;
struct ash_record;

// The pointer, number or byte that lies there.
struct ash_block *ash_peek_block(struct ash_block *const *at);
uint32_t ash_peek_number(const uint32_t *at);
struct ash_block **ash_peek_top(struct ash_block **const *at);
uint8_t ash_peek_byte(const uint8_t *at);
size_t ash_peek_size(const size_t *at);

// What a record names: a span's bin, or a run's realm.
struct ash_bin *ash_peek_bin(const struct ash_record *record);
struct ash_realm *ash_peek_realm(const struct ash_record *record);

void ash_poke_byte(uint8_t *at, uint8_t value);

#endif
