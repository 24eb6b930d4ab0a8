#include "heap/peek.h"

#include <stdatomic.h>

#include "base/compiler.h"
#include "supply/record.h"

// relaxed, all of these: single words, whole; the caller has the barriers.

ASH_UNSEEN struct ash_block *ash_peek_block(struct ash_block *const *at) {
    return atomic_load_explicit((struct ash_block *const _Atomic *)at, memory_order_relaxed);
}

ASH_UNSEEN uint32_t ash_peek_number(const uint32_t *at) {
    return atomic_load_explicit((const _Atomic uint32_t *)at, memory_order_relaxed);
}

ASH_UNSEEN struct ash_block **ash_peek_top(struct ash_block **const *at) {
    return atomic_load_explicit((struct ash_block * *const _Atomic *)at, memory_order_relaxed);
}

ASH_UNSEEN uint8_t ash_peek_byte(const uint8_t *at) {
    return atomic_load_explicit((const _Atomic uint8_t *)at, memory_order_relaxed);
}

ASH_UNSEEN size_t ash_peek_size(const size_t *at) {
    return atomic_load_explicit((const _Atomic size_t *)at, memory_order_relaxed);
}

ASH_UNSEEN void ash_poke_byte(uint8_t *at, uint8_t value) {
    atomic_store_explicit((_Atomic uint8_t *)at, value, memory_order_relaxed);
}

ASH_UNSEEN struct ash_bin *ash_peek_bin(const struct ash_record *record) {
    return atomic_load_explicit((struct ash_bin *const _Atomic *)&record->bin,
                                memory_order_relaxed);
}

ASH_UNSEEN struct ash_realm *ash_peek_realm(const struct ash_record *record) {
    return atomic_load_explicit((struct ash_realm *const _Atomic *)&record->realm,
                                memory_order_relaxed);
}
